"""A match followed as it happens: readings in, events and predictions at a steady pace out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from game.match import IDLE, MatchEvent, MatchFinished, MatchStarted, MatchState, advance, close
from game.reading import ScreenReading
from models.predictor import Prediction, verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from models.predictor import Predictor

PACE = 0.4  # seconds of media time between predictions: twice a second is promised, at any frame rate
GRACE = 0.099  # seconds before a missing prediction is filled in
DARK = 20.0  # seconds without a picture after which a match is given up


@dataclass(frozen=True, slots=True)
class Said:
    """A prediction and when it was made, seconds."""

    t: float
    prediction: Prediction


@dataclass(frozen=True, slots=True)
class Live:
    """How far the match is followed.

    Attributes:
        state: the match.
        said_at: when the last prediction was made.
    """

    state: MatchState = IDLE
    said_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Step:
    """What one reading brought about.

    Attributes:
        live: how things stand now.
        events: what began or ended.
        said: predictions, in order of time; the last one of a match is its verdict.
    """

    live: Live
    events: tuple[MatchEvent, ...] = ()
    said: tuple[Said, ...] = ()


BEGIN = Live()


def step(live: Live, reading: ScreenReading, predictor: Predictor) -> Step:
    """Take in one reading; predict when it is time.

    Predictions never lie more than half a second of media time apart while a match runs, even when the readings do.
    """
    said = list(_fill(live, reading.t, predictor))
    if said:
        live = replace(live, said_at=said[-1].t)
    state, events = advance(live.state, reading)
    said += _verdicts(events)
    began = any(isinstance(event, MatchStarted) for event in events)
    due = state.running and (began or reading.t - live.said_at >= PACE - 1e-6)
    if due:
        said.append(Said(reading.t, predictor.predict(state)))
    return Step(Live(state, said[-1].t if said else live.said_at), events, tuple(said))


def dark(live: Live, t: float, predictor: Predictor) -> Step:
    """There is no picture at `t`, which is another thing than a picture without displays.

    The song goes on while the camera is away, so a match waits for it, and predictions go on; after `DARK` seconds it
    is given up without a result, because nobody saw how it ended.
    """
    if not live.state.running:
        return step(live, ScreenReading(t), predictor)
    said = tuple(_fill(live, t, predictor))
    waiting = Live(live.state, said[-1].t if said else live.said_at)
    if live.state.t is None or t - live.state.t < DARK:
        return Step(waiting, (), said)
    state, _ = close(live.state, t)
    return Step(Live(state, t), (MatchFinished(t, None, None),), said)


def finish(live: Live, t: float, predictor: Predictor) -> Step:
    """The source has ended at `t`: close what is running and give its verdict."""
    said = list(_fill(live, t, predictor))
    state, events = close(live.state, t)
    said += _verdicts(events)
    return Step(Live(state, t), events, tuple(said))


def _fill(live: Live, until: float, predictor: Predictor) -> Iterator[Said]:
    """The predictions that are due before the next reading, as seen from the last one."""
    t = live.said_at + PACE
    while live.state.running and t + GRACE < until:
        yield Said(round(t, 4), predictor.predict(replace(live.state, t=t)))
        t += PACE


def _verdicts(events: tuple[MatchEvent, ...]) -> list[Said]:
    return [
        Said(event.t, verdict(event)) for event in events if isinstance(event, MatchFinished) and not event.abandoned
    ]
