"""The matches that simulated devices play, and how a champion and a challenger do in them."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Protocol

from contract.messages import ActiveModel, Contender, ModelKind, Prediction

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from contract.messages import ModelAssignment
    from game.match import MatchState
    from models.predictor import Prediction as Outcome
    from models.predictor import Predictor

SAMPLES = 10  # of a match, between its start and its end
WORSE, WITHIN = 0.0, 0.05  # nats: of a challenger whose figures are drawn, and by how much they vary


@dataclass(frozen=True, slots=True)
class Point:
    """One moment of a match: the scores, and what is predicted."""

    p1: int
    p2: int
    said: Prediction


@dataclass(frozen=True, slots=True)
class Bout:
    """A match from its first sample to its result.

    Attributes:
        winner: 1, 2, or 0 for a tie.
        contenders: champion and challenger; None where no challenger ran.
    """

    points: tuple[Point, ...]
    p1: int
    p2: int
    winner: int
    contenders: tuple[Contender, Contender] | None = None


class Bouts(Protocol):
    """Where matches come from.

    Attributes:
        first: the model that devices come with.
    """

    first: ActiveModel

    def play(self, chance: Random, runs: ActiveModel, challenger: ModelAssignment | None) -> Bout:
        """The next match of a device; slow, and to be called from any thread."""


class Drawn:
    """Matches that cost nothing: the same course every time, and figures that are drawn and not measured."""

    def __init__(self) -> None:
        self.first = ActiveModel(kind=ModelKind.WINNER, name="winner", version="0")

    def play(self, chance: Random, runs: ActiveModel, challenger: ModelAssignment | None) -> Bout:
        """As `Bouts`."""
        points = []
        for number in range(1, SAMPLES + 1):
            share = number / (SAMPLES + 1)
            said = Prediction(p1_win=0.5 + share / 3, low=0.4, high=0.95, progress=share, model="simulated")
            score = round(1_000_000 * share)
            points.append(Point(score, score * 9 // 10, said))
        loss = 0.3 + 0.2 * chance.random()
        other = max(0.0, loss + WORSE + WITHIN * chance.gauss(0, 1))
        contenders = None
        if challenger is not None:
            contenders = _contender(runs, SAMPLES, loss, 0.3), _contender(challenger, SAMPLES, other, 0.3)
        return Bout(tuple(points), 1_000_000, 900_000, 1, contenders)


class Danced:
    """Matches that two simulated players dance to the end, and predictions of the models that devices really run.

    What the models lose is measured, not drawn; what devices do with them is simulated.

    Args:
        fetch: the bytes of a bundle, by its SHA-256.
    """

    EVERY, LOOKS = 4, 4  # of five readings a second one in so many, and of these one in so many is predicted

    def __init__(self, fetch: Callable[[str], bytes]) -> None:
        from models.bundle import builtin  # noqa: PLC0415 - heavy, and not needed by drawn matches

        manifest = builtin("winner").manifest
        self.first = ActiveModel(kind=ModelKind.WINNER, name=manifest.name, version=manifest.version)
        self._fetch, self._kept, self._lock = fetch, dict[str | None, "Predictor"](), threading.Lock()

    def play(self, chance: Random, runs: ActiveModel, challenger: ModelAssignment | None) -> Bout:
        """As `Bouts`."""
        from edge_agent.beside.tally import loss  # noqa: PLC0415 - heavy, as above
        from game.match import IDLE, advance  # noqa: PLC0415
        from game.rules import RULES  # noqa: PLC0415
        from models.checks import readings  # noqa: PLC0415
        from models.matches import simulate  # noqa: PLC0415

        match = simulate(RULES["stepmania"], chance)
        state, states = IDLE, []
        for reading in islice(readings(match), 0, None, self.EVERY):
            state, _ = advance(state, reading)
            if state.running:
                states.append(state)
        states = states[:: self.LOOKS]
        with self._lock:  # networks are run by one thread at a time
            timed = [_timed(self._predictor(each), states) for each in (runs, challenger) if each is not None]
        one, two = match.moments[-1].scores
        winner = 0 if one == two else 1 + (two > one)
        lost = [(sum(loss(p.p1_win, winner) for p in said) / len(said), took) for said, took in timed]
        said = timed[0][0]
        picked = [round((number + 0.5) * len(states) / SAMPLES) for number in range(SAMPLES)]
        points = tuple(
            Point(states[at].p1.value or 0, states[at].p2.value or 0, _wire(said[at], runs)) for at in picked
        )
        if challenger is None:
            return Bout(points, one, two, winner)
        own, other = _contender(runs, len(states), *lost[0]), _contender(challenger, len(states), *lost[1])
        return Bout(points, one, two, winner, (own, other))

    def _predictor(self, model: ActiveModel | ModelAssignment) -> Predictor:
        from models.bundle import builtin, decode  # noqa: PLC0415 - heavy, as above
        from models.winner import TrainedWinner  # noqa: PLC0415

        if model.sha256 not in self._kept:
            bundle = builtin("winner") if model.sha256 is None else decode(self._fetch(model.sha256))
            self._kept[model.sha256] = TrainedWinner.of(bundle)
        return self._kept[model.sha256]


def _timed(predictor: Predictor, states: list[MatchState]) -> tuple[list[Outcome], float]:
    """What it says of each state, and the milliseconds that one takes in the mean."""
    begun = time.perf_counter()
    said = [predictor.predict(state) for state in states]
    return said, 1000 * (time.perf_counter() - begun) / max(1, len(states))


def _contender(model: ActiveModel | ModelAssignment, count: int, log_loss: float, latency: float) -> Contender:
    return Contender(
        name=model.name,
        version=model.version,
        sha256=model.sha256,
        predictions=count,
        log_loss=log_loss,
        abstentions=0.0,
        latency_ms=latency,
    )


def _wire(said: Outcome, model: ActiveModel) -> Prediction:
    return Prediction(
        p1_win=said.p1_win,
        low=said.low,
        high=said.high,
        progress=said.progress,
        model=model.name,
        model_version=model.version,
    )
