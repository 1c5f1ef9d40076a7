"""A match, put together from its events in whatever order they come."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from contract.messages import Event, MatchFinished, MatchProgress, MatchStarted, Prediction, ScoreUnit

if TYPE_CHECKING:
    from datetime import datetime

    from contract.ids import BootId, DeviceId, MatchId


@dataclass(frozen=True, slots=True)
class Sample:
    """One point of a match's chart. `t` is seconds of the source, scores are in the match's unit."""

    match: MatchId
    seq: int
    t: float
    time: datetime
    historical: bool
    p1: int | None
    p2: int | None
    prediction: Prediction | None


@dataclass(frozen=True, slots=True)
class Match:
    """What is known about a match so far.

    Attributes:
        last: device time of the newest event.
        p1, p2: the newest scores that were read, each with the seq of the event that told it.
        p1_final, p2_final: what the finish said; None while it runs, and when it could not be read.
        historical: some of it arrived after the fact.
    """

    id: MatchId
    device: DeviceId
    boot: BootId
    last: datetime
    unit: ScoreUnit = ScoreUnit.UNKNOWN
    digits: int | None = None
    started_t: float | None = None
    started: datetime | None = None
    finished_t: float | None = None
    finished: datetime | None = None
    p1: int | None = None
    p1_seq: int = 0
    p2: int | None = None
    p2_seq: int = 0
    prediction: Prediction | None = None
    prediction_seq: int = 0
    p1_final: int | None = None
    p2_final: int | None = None
    winner: int | None = None
    historical: bool = False


MatchBody = MatchStarted | MatchProgress | MatchFinished


def sample(event: Event) -> Sample | None:
    """The chart point in an event, if it is one."""
    body = event.body
    if not isinstance(body, MatchProgress):
        return None
    return Sample(body.match_id, event.seq, body.t, event.time, event.historical, body.p1, body.p2, body.prediction)


def advance(match: Match | None, device: DeviceId, event: Event, body: MatchBody) -> Match:
    """The match after one more of its events.

    The order in which events come does not change the outcome, and an event that comes twice changes nothing.
    An event that names a match of another device or boot is not about this one, and is passed over.
    """
    if match is None:
        match = Match(body.match_id, device, event.boot_id, last=event.time)
    elif (match.device, match.boot) != (device, event.boot_id):
        return match
    changes: dict[str, Any] = {
        "last": max(match.last, event.time),
        "unit": body.unit if match.unit is ScoreUnit.UNKNOWN else match.unit,
        "historical": match.historical or event.historical,
    }
    match body:
        case MatchStarted():
            changes |= {"started_t": body.t, "started": event.time, "digits": body.digits}
        case MatchProgress():
            changes |= _newest(match, body, event.seq)
        case MatchFinished():
            changes |= {"finished_t": body.t, "finished": event.time, "winner": body.winner}
            changes |= {"p1_final": body.p1_final, "p2_final": body.p2_final}
    return replace(match, **changes)


def _newest(match: Match, body: MatchProgress, seq: int) -> dict[str, Any]:
    """What of a progress is newer than what is known."""
    changes: dict[str, Any] = {}
    if body.p1 is not None and seq >= match.p1_seq:
        changes |= {"p1": body.p1, "p1_seq": seq}
    if body.p2 is not None and seq >= match.p2_seq:
        changes |= {"p2": body.p2, "p2_seq": seq}
    if body.prediction is not None and seq >= match.prediction_seq:
        changes |= {"prediction": body.prediction, "prediction_seq": seq}
    return changes
