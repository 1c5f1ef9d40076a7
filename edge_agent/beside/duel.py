"""Two models of a kind through the same match: what one did is seen from outside, the other one runs in here."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, cast

from contract.messages import ModelCompared, ModelKind
from edge_agent.beside.tally import Tally, stood
from edge_agent.pipeline import Pipeline
from game.match import MatchFinished, MatchStarted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from contract.ids import MatchId
    from edge_agent.pipeline import StepResult
    from edge_agent.ports import ScreenReader
    from edge_agent.updates.hands import Beside
    from game.match import MatchState
    from game.reading import ScreenReading
    from models.predictor import Prediction, Predictor
    from vision.frame import Frame

RUNS = 2000  # of a model whose times are kept


class Duel:
    """Follows what counts, runs the other one on the same pictures, and compares them at the end of each match.

    Args:
        beside: the model that runs in here.
        predictor: gives the one that counts, which speaks for both where readers are compared.
        latency: milliseconds of a run of the model that counts, as the device measures it; None when it does not know.
    """

    def __init__(self, beside: Beside, predictor: Callable[[], Predictor], latency: Callable[[], float | None]) -> None:
        self._beside, self._predictor, self._latency = beside, predictor, latency
        self._kind = beside.champion.kind
        self._watch = _Stopwatch(beside)
        if self._kind is ModelKind.READER:
            self._pipeline = Pipeline(self._watch, predictor())
        else:
            self._pipeline = Pipeline(self._watch, self._watch)  # it is handed readings, and reads nothing
        self._tallies: tuple[Tally, Tally] | None = None  # of what counts, of what runs in here

    def see(self, frame: Frame | None, result: StepResult, match: MatchId | None) -> ModelCompared | None:
        """Take in a picture and what was made of it; the comparison when a match has ended with it."""
        mine = self._step(frame, result)
        found = None
        for event in result.events:
            if isinstance(event, MatchFinished):
                if self._tallies is not None and match is not None and not event.abandoned:
                    found = self._compared(event, match, self._tallies)
                self._tallies = None
        if self._tallies is not None:
            for tally, step in zip(self._tallies, (result, mine), strict=True):
                if not any(isinstance(event, MatchFinished) for event in step.events):
                    tally.predicted(step.said)
                if result.reading.visible:  # to what counts: both are asked for the same pictures
                    tally.read(step)
        if any(isinstance(event, MatchStarted) for event in result.events):
            self._tallies = (Tally(), Tally())
            if self._kind is ModelKind.READER:  # another may count since the last match
                self._pipeline.predictor = self._predictor()
            self._watch.took.clear()
        return found

    def _step(self, frame: Frame | None, result: StepResult) -> StepResult:
        if result.blind or (frame is None and self._kind is ModelKind.READER):
            return self._pipeline.blind(result.t)
        if self._kind is ModelKind.READER:
            return self._pipeline.step(cast("Frame", frame))
        return self._pipeline.take(result.reading)

    def _compared(self, event: MatchFinished, match: MatchId, tallies: tuple[Tally, Tally]) -> ModelCompared:
        beside = self._beside
        standing = stood((event.p1_final, event.p2_final), *(tally.readings() for tally in tallies))
        usual = self._latency()
        took: tuple[Sequence[float], Sequence[float]] = ([] if usual is None else [usual / 1000], self._watch.took)
        counts, other = (beside.challenger, beside.champion) if beside.counts else (beside.champion, beside.challenger)
        outside, inside = (
            tally.figures(self._kind, model, event.winner, read, runs)
            for tally, model, read, runs in zip(tallies, (counts, other), standing, took, strict=True)
        )
        champion, challenger = (inside, outside) if beside.counts else (outside, inside)
        return ModelCompared(
            match_id=match,
            model_kind=self._kind,
            phase=beside.challenger.phase,
            champion=champion,
            challenger=challenger,
            rollout=beside.challenger.rollout,
            winner=event.winner,
        )


class _Stopwatch:
    """The model in here, be it reader or predictor, with its times taken."""

    def __init__(self, beside: Beside) -> None:
        self._part = beside.loaded.part
        self.took: deque[float] = deque(maxlen=RUNS)

    @property
    def name(self) -> str:
        return cast("Predictor", self._part).name

    def read(self, frame: Frame) -> ScreenReading:
        begun = time.perf_counter()
        reading = cast("ScreenReader", self._part).read(frame)
        self.took.append(time.perf_counter() - begun)
        return reading

    def reset(self) -> None:
        cast("ScreenReader", self._part).reset()

    def predict(self, state: MatchState) -> Prediction:
        begun = time.perf_counter()
        said = cast("Predictor", self._part).predict(state)
        self.took.append(time.perf_counter() - begun)
        return said
