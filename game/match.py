"""A match: how readings of the screen become the course of one song, its start, its end and its result."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

from game.ledger import BLANK, Ledger
from game.reading import ScoreReading, ScoreUnit, ScreenReading
from game.track import SURE, UNSEEN, Track, follow

READY = 1.8  # seconds of standing zeros that announce a song
GONE = 4.5  # seconds without displays that end it; curtains and fades are shorter
STILL = 25.0  # seconds without any growth that end it when a results screen keeps the numbers in view
WARM = 0.5  # seconds of growth before a song that is already running counts as a match
FRESH = 0.5  # seconds within which both scores must be confirmed to be compared
TRACE = 40  # points kept of the course of a match
NINE = 9  # digits of a display out of a hundred million
TRACE_STEP = 1.0  # seconds between them at first; doubled whenever the trace is full


@dataclass(frozen=True, slots=True)
class Point:
    """Both scores at one moment of a match; while only one player is known, that player's stands for both."""

    t: float
    p1: int
    p2: int


@dataclass(frozen=True, slots=True)
class MatchStarted:
    """A song is about to begin, or was found running."""

    t: float


@dataclass(frozen=True, slots=True)
class MatchFinished:
    """A song is over.

    Attributes:
        t: when that was noticed, seconds.
        p1_final: the last trustworthy score; None when player 1 did not play or nobody scored at all.
        p2_final: the same for player 2.
    """

    t: float
    p1_final: int | None
    p2_final: int | None

    @property
    def abandoned(self) -> bool:
        """Whether the song ended before anybody scored: there is no result then."""
        return self.p1_final is None and self.p2_final is None

    @property
    def winner(self) -> int | None:
        """1 or 2, 0 for a tie, None when fewer than two players have a result."""
        if self.p1_final is None or self.p2_final is None:
            return None
        if self.p1_final == self.p2_final:
            return 0
        return 1 if self.p1_final > self.p2_final else 2

    def swapped(self) -> MatchFinished:
        """The same end with the players exchanged."""
        return MatchFinished(self.t, self.p2_final, self.p1_final)


MatchEvent: TypeAlias = MatchStarted | MatchFinished


@dataclass(frozen=True, slots=True)
class MatchState:
    """Everything known of the song on the screen.

    Attributes:
        t: time of the last reading, seconds; None before the first.
        started_at: when the match was noticed; None while there is none.
        p1: player 1's score as followed.
        p2: player 2's score as followed.
        unit: what the scores count.
        digits: the width of a padded display, None when unknown.
        fine: whether a score that is no multiple of ten was seen (some rules never show one).
        gone_since: when the displays left the screen, None while they are there.
        trace: the course of the match, oldest first, at most `TRACE` points.
        step: seconds between two points of the trace.
        over: whether the last match has ended and no new one has begun.
        ledgers: what both players' scores tell of their charts, where the rule allows.
    """

    t: float | None = None
    started_at: float | None = None
    p1: Track = UNSEEN
    p2: Track = UNSEEN
    unit: ScoreUnit = ScoreUnit.POINTS
    digits: int | None = None
    fine: bool = False
    gone_since: float | None = None
    trace: tuple[Point, ...] = ()
    step: float = TRACE_STEP
    over: bool = False
    ledgers: tuple[Ledger, Ledger] = (BLANK, BLANK)

    @property
    def running(self) -> bool:
        """Whether a match is going on."""
        return self.started_at is not None

    def swapped(self) -> MatchState:
        """The same state with the players exchanged."""
        trace = tuple(Point(point.t, point.p2, point.p1) for point in self.trace)
        return replace(self, p1=self.p2, p2=self.p1, trace=trace, ledgers=(self.ledgers[1], self.ledgers[0]))


IDLE = MatchState()


def advance(state: MatchState, reading: ScreenReading) -> tuple[MatchState, tuple[MatchEvent, ...]]:
    """Take in one reading of the screen.

    Readings come in order of time; one that jumps back means that the source began anew, which ends the match.
    """
    if state.t is not None and reading.t < state.t:
        closed, events = close(state, state.t)
        fresh, more = advance(replace(closed, t=None), reading)
        return fresh, events + more
    seen = _look(state, reading)
    if not seen.running:
        return _begin(seen, reading.t)
    if _next_song(seen, reading.t):
        ended, events = _finish(seen, reading.t)
        return replace(ended, p1=_restarted(seen.p1), p2=_restarted(seen.p2)), events
    gone = seen.gone_since is not None and reading.t - seen.gone_since >= GONE
    if gone or _still(seen, reading.t):
        return _finish(seen, reading.t)
    return _record(seen, reading.t), ()


def close(state: MatchState, t: float) -> tuple[MatchState, tuple[MatchEvent, ...]]:
    """End whatever is running, because the source has ended at `t`."""
    return _finish(state, t) if state.running else (replace(state, t=t), ())


def _look(state: MatchState, reading: ScreenReading) -> MatchState:
    """Follow both scores and note whether the displays are there."""
    visible = reading.visible or reading.p1.value is not None or reading.p2.value is not None
    unit = reading.unit if reading.p1.value is not None or reading.p2.value is not None else state.unit
    p1 = follow(state.p1, reading.p1, reading.t, unit)
    p2 = follow(state.p2, reading.p2, reading.t, unit)
    since = reading.t if state.gone_since is None else state.gone_since
    if not visible and not state.running and reading.t - since >= GONE:
        p1, p2 = UNSEEN, UNSEEN  # what a menu showed long ago is no part of the next song
    digits = reading.digits if reading.digits is not None else state.digits
    met = all(track.value is not None for track in (p1, p2)) and None in {state.p1.value, state.p2.value}
    return replace(
        state,
        t=reading.t,
        trace=() if met else state.trace,
        p1=p1,
        p2=p2,
        unit=unit,
        digits=digits,
        fine=state.fine or bool((p1.value or 0) % 10) or bool((p2.value or 0) % 10),
        gone_since=None if visible else since,
        ledgers=_book(state, reading, digits) if unit is ScoreUnit.POINTS else (BLANK, BLANK),
    )


def _book(state: MatchState, reading: ScreenReading, digits: int | None) -> tuple[Ledger, Ledger]:
    """Enter both scores; nine digits, or as many as are needed, hold the one rule that ledgers know."""
    if digits is not None and digits != NINE:
        return state.ledgers

    def booked(ledger: Ledger, shown: ScoreReading) -> Ledger:
        return ledger.watch(reading.t, shown.value if shown.confidence >= SURE else None)

    return booked(state.ledgers[0], reading.p1), booked(state.ledgers[1], reading.p2)


def _begin(state: MatchState, t: float) -> tuple[MatchState, tuple[MatchEvent, ...]]:
    """Start a match when zeros have stood long enough or a score grows."""
    known = [track for track in (state.p1, state.p2) if track.value is not None]
    if state.gone_since is not None or not known:
        return state, ()
    at_zero = all(track.value == 0 for track in known)
    ready = at_zero and any(track.t - track.since >= READY for track in known)
    left_zero = any(track.left_zero for track in known)
    growing = any(
        track.growths > 1 and track.grown_at is not None and track.grown_at - track.since >= WARM for track in known
    )
    if not (ready or left_zero or growing):
        return state, ()
    started = replace(state, started_at=t, trace=(), step=TRACE_STEP, over=False)
    return _record(started, t), (MatchStarted(t),)


def _next_song(state: MatchState, t: float) -> bool:
    """Whether the scores have gone back to zero, on every display that still says something."""
    tracks = (state.p1, state.p2)
    fallen = [track for track in tracks if track.collapsed(t)]
    if not fallen:
        return False
    since = min(track.doubt_at for track in fallen)
    return all(track.collapsed(t) or track.value is None or track.value == 0 or track.t < since for track in tracks)


def _restarted(track: Track) -> Track:
    """The track of the next song, which begins at the number that ended the last one."""
    if track.doubt is not None:
        return Track(track.doubt, track.t, track.doubt_at, track.doubt)
    return track if track.value == 0 and not track.grew else UNSEEN


def _still(state: MatchState, t: float) -> bool:
    grown = [track.grown_at for track in (state.p1, state.p2) if track.grown_at is not None]
    return bool(grown) and t - max(grown) >= STILL


def _finish(state: MatchState, t: float) -> tuple[MatchState, tuple[MatchEvent, ...]]:
    scored = state.p1.grew or state.p2.grew
    event = MatchFinished(t, state.p1.final if scored else None, state.p2.final if scored else None)
    ended = MatchState(t=t, gone_since=state.gone_since, unit=state.unit, digits=state.digits, over=True)
    return ended, (event,)


def _record(state: MatchState, t: float) -> MatchState:
    """Add a point to the trace when one is due and all scores that are known at all are known now."""
    known = [track for track in (state.p1, state.p2) if track.value is not None]
    if not known or t - min(track.t for track in known) > FRESH:
        return state
    if state.trace and t - state.trace[-1].t < state.step:
        return state
    one, two = (track.value or 0 for track in (known[0], known[-1]))
    trace = (*state.trace, Point(t, one, two))
    if len(trace) <= TRACE:
        return replace(state, trace=trace)
    return replace(state, trace=trace[::2], step=2 * state.step)
