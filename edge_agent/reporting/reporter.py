"""From steps of the pipeline to events in the outbox: results at once, samples a few times a second."""

from __future__ import annotations

import math
import sqlite3
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from contract import messages as wire
from game.match import MatchStarted

if TYPE_CHECKING:
    from collections.abc import Callable

    from contract.ids import MatchId
    from edge_agent.pipeline import StepResult
    from edge_agent.reporting.outbox import Outbox
    from game.match import MatchEvent
    from models.predictor import Interval, Prediction

SAMPLE_EVERY = 0.33  # seconds of the source: three samples a second of a running match
SURE = 0.5  # a score read with less confidence stays at home

log = structlog.get_logger(__name__)

Result = wire.MatchStarted | wire.MatchFinished | wire.ModelReport


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
        self._sampled_at = -math.inf
        self.model = ""
        self.lost = 0

    @property
    def match(self) -> MatchId | None:
        """The match that is running."""
        return self._match

    def step(self, result: StepResult) -> None:
        """Report what a step brought."""
        for event in result.events:
            self._event(event, result)
        if self._match is None or result.prediction is None or result.t - self._sampled_at < SAMPLE_EVERY:
            return
        self._sampled_at = result.t
        one, two = result.reading.p1, result.reading.p2
        body = wire.MatchProgress(
            match_id=self._match,
            t=result.t,
            unit=wire.ScoreUnit(result.state.unit.value),
            p1=one.value if one.confidence >= SURE else None,
            p2=two.value if two.confidence >= SURE else None,
            prediction=_prediction(result.prediction, self.model),
        )
        self._put(body.model_dump_json(), keep=False)

    def report(self, body: Result) -> None:
        """Report a result of any kind."""
        self._put(body.model_dump_json(), keep=True)

    def abandon(self, t: float) -> None:
        """The agent ends in the middle of a match, whose result nobody will know."""
        if self._match is not None:
            self.report(wire.MatchFinished(match_id=self._match, t=t))
            self._match = None

    def _event(self, event: MatchEvent, result: StepResult) -> None:
        unit = wire.ScoreUnit(result.state.unit.value)
        if isinstance(event, MatchStarted):
            self._match, self._sampled_at = self._name(event.t), -math.inf
            log.info("match started", match=self._match)
            digits = result.state.digits
            self.report(wire.MatchStarted(match_id=self._match, t=event.t, unit=unit, digits=digits))
        elif self._match is not None:
            log.info("match finished", match=self._match, p1=event.p1_final, p2=event.p2_final, winner=event.winner)
            self.report(
                wire.MatchFinished(
                    match_id=self._match,
                    t=event.t,
                    unit=unit,
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
