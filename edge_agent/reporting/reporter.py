"""From steps of the pipeline to events in the outbox: results, and every prediction as a sample of its match."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from contract import messages as wire
from game.match import MatchFinished, MatchStarted

if TYPE_CHECKING:
    from collections.abc import Callable

    from contract.ids import MatchId
    from edge_agent.pipeline import StepResult
    from edge_agent.reporting.outbox import Outbox
    from models.live import Said
    from models.predictor import Interval, Prediction

SURE = 0.5  # a score read with less confidence stays at home

log = structlog.get_logger(__name__)

Result = wire.MatchStarted | wire.MatchFinished | wire.ModelReport | wire.ModelCompared


class Reporter:
    """Writes what happens to the outbox; a broken disk is logged and counted, and the watching goes on.

    Args:
        name: gives a match that begins its identifier.
        now: the time of day.
    """

    def __init__(
        self,
        outbox: Outbox,
        name: Callable[[float], MatchId],
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._outbox, self._name, self._now = outbox, name, now
        self._match: MatchId | None = None
        self.model = ""
        self.lost = 0

    @property
    def match(self) -> MatchId | None:
        """The match that is running."""
        return self._match

    def step(self, result: StepResult) -> None:
        """Report what a step brought; a match's samples lie between its start and its end."""
        for event in result.events:
            if isinstance(event, MatchStarted):
                self._started(event, result)
        for said in result.said:
            self._sample(said, result)
        for event in result.events:
            if isinstance(event, MatchFinished):
                self._finished(event, result)

    def report(self, body: Result) -> None:
        """Report a result of any kind."""
        self._put(body.model_dump_json(), keep=True)

    def abandon(self, t: float) -> None:
        """The agent ends in the middle of a match, whose result nobody will know."""
        if self._match is not None:
            self.report(wire.MatchFinished(match_id=self._match, t=t))
            self._match = None

    def _started(self, event: MatchStarted, result: StepResult) -> None:
        self._match = self._name(event.t)
        log.info("match started", match=self._match)
        unit = wire.ScoreUnit(result.state.unit.value)
        self.report(wire.MatchStarted(match_id=self._match, t=event.t, unit=unit, digits=result.state.digits))

    def _sample(self, said: Said, result: StepResult) -> None:
        if self._match is None:
            return
        now = said.t >= result.t  # else it was missing since the last reading, of which this one says nothing
        one, two = (
            player.value if now and player.confidence >= SURE else None
            for player in (result.reading.p1, result.reading.p2)
        )
        body = wire.MatchProgress(
            match_id=self._match,
            t=said.t,
            unit=wire.ScoreUnit(result.state.unit.value),
            p1=one,
            p2=two,
            prediction=_prediction(said.prediction, self.model),
        )
        self._put(body.model_dump_json(), keep=False)

    def _finished(self, event: MatchFinished, result: StepResult) -> None:
        if self._match is None:
            return
        log.info("match finished", match=self._match, p1=event.p1_final, p2=event.p2_final, winner=event.winner)
        self.report(
            wire.MatchFinished(
                match_id=self._match,
                t=event.t,
                unit=wire.ScoreUnit(result.state.unit.value),
                p1_final=event.p1_final,
                p2_final=event.p2_final,
                winner=event.winner,
            )
        )
        self._match = None

    def _put(self, body: str, *, keep: bool) -> None:
        try:
            self._outbox.put(body, self._now(), keep=keep)
        except sqlite3.Error as error:
            self.lost += 1
            log.error("cannot store an event", reason=str(error), lost=self.lost)  # noqa: TRY400 - no trace: the disk's fault


def _prediction(prediction: Prediction, model: str) -> wire.Prediction:
    return wire.Prediction(
        p1_win=prediction.p1_win,
        low=prediction.low,
        high=prediction.high,
        progress=prediction.progress,
        p1_final=_interval(prediction.p1_final),
        p2_final=_interval(prediction.p2_final),
        model=model,
    )


def _interval(interval: Interval | None) -> wire.Interval | None:
    return None if interval is None else wire.Interval(low=interval.low, high=interval.high)
