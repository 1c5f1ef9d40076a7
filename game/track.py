"""One player's score followed through readings that are missing, rolling or, once in a long while, wrong."""

from __future__ import annotations

from dataclasses import dataclass, replace

from game.reading import ScoreReading, ScoreUnit

SURE = 0.5  # below this confidence a number is as good as none
MEMORY = 0.1  # weight of a reading in the mean confidence
PERSIST = 0.25  # seconds a surprise must last before it is believed
COLLAPSE_PERSIST = 0.6  # seconds a fall towards zero must last before it counts as the next song
COLLAPSE_SHARE = 0.25  # a score down to this share of itself has collapsed: no correction is that large
ESTABLISHED = 3  # readings that must have raised a score before its fall means anything but a misreading
CORRECTION = 5.0  # seconds after which one side's lasting collapse is taken for a correction of an earlier misreading


@dataclass(frozen=True, slots=True)
class Track:
    """What is believed of one player's score.

    Attributes:
        value: the last trustworthy score, None before there is one.
        t: when `value` was last confirmed, seconds.
        since: when the first value was believed.
        first: the first value believed.
        grown_at: when the score last grew; None when it has not grown since `since`.
        growths: how many readings have raised the score.
        doubt: a surprising number that waits for confirmation.
        doubt_at: when the doubt arose.
        doubt_seen: when it was last spoken for.
        doubts: how many readings speak for the doubt.
        confidence: how sure the readings that confirmed it were of late, a mean that forgets.
    """

    value: int | None = None
    t: float = 0.0
    since: float = 0.0
    first: int = 0
    grown_at: float | None = None
    growths: int = 0
    doubt: int | None = None
    doubt_at: float = 0.0
    doubt_seen: float = 0.0
    doubts: int = 0
    confidence: float = 1.0

    @property
    def final(self) -> int | None:
        """The score if nothing more is read: a rise seen in one reading only yields to several that gainsay it."""
        if self.value is None or self.doubt is None:
            return self.value
        if self.t == self.grown_at and self.doubts > 1:
            return self.doubt if self.value * COLLAPSE_SHARE < self.doubt < self.value else self.value
        return self.value

    @property
    def left_zero(self) -> bool:
        """Whether the score was first seen at zero and has risen for longer than a misreading lasts."""
        if self.first or self.grown_at is None or not self.value:
            return False
        return self.growths > 1 or self.t - self.grown_at >= PERSIST

    @property
    def grew(self) -> bool:
        """Whether the score has ever risen while it was watched."""
        return self.growths > 0

    def collapsed(self, t: float) -> bool:
        """Whether the score has fallen towards zero and stayed there, as it does when the next song begins."""
        if self.value is None or self.doubt is None or self.doubts < 2 or self.growths < ESTABLISHED:  # noqa: PLR2004
            return False  # one reading is no evidence
        return self.doubt <= self.value * COLLAPSE_SHARE and t - self.doubt_at >= COLLAPSE_PERSIST


UNSEEN = Track()


def follow(track: Track, reading: ScoreReading, t: float, unit: ScoreUnit) -> Track:
    """Take in one reading.

    A number that continues the score (it rises by no more than a dance can earn) is believed at once. Anything else
    is a doubt, believed when it has lasted `PERSIST` seconds, and forgotten when the old score comes back.
    """
    if reading.value is None or reading.confidence < SURE:
        return track
    value = reading.value
    if track.value is None or not _continues(track.value, value, t - track.t, unit):
        return _doubt(track, value, t, unit)
    believed = _believe(track, value, t, unit)
    return replace(believed, confidence=track.confidence + MEMORY * (reading.confidence - track.confidence))


def _continues(old: int, new: int, elapsed: float, unit: ScoreUnit) -> bool:
    """Whether a score may go from `old` to `new` in `elapsed` seconds; the bounds are generous, doubts are cheap."""
    if unit is ScoreUnit.PERCENT:
        return abs(new - old) <= 300 + 500 * max(elapsed, 0.0)
    return old <= new <= old * (1.05 + 0.5 * max(elapsed, 0.0)) + 50_000 * (1.0 + max(elapsed, 0.0))


def _believe(track: Track, value: int, t: float, unit: ScoreUnit) -> Track:
    old = track.value
    moved = old is not None and (value > old or (unit is ScoreUnit.PERCENT and value != old))
    settled = _settled(track, value, t)
    return replace(settled, grown_at=t, growths=track.growths + 1) if moved else settled


def _doubt(track: Track, value: int, t: float, unit: ScoreUnit) -> Track:
    if track.doubt is None or not _continues(track.doubt, value, t - track.doubt_seen, unit):
        return replace(track, doubt=value, doubt_at=t, doubt_seen=t, doubts=1)
    doubted = replace(track, doubt=value, doubt_seen=t, doubts=track.doubts + 1)
    if track.value is None:
        grew = value > track.doubt
        return Track(value, t, track.doubt_at, track.doubt, t if grew else None, int(grew))
    grounded = track.growths >= ESTABLISHED
    wait = CORRECTION if grounded and value <= track.value * COLLAPSE_SHARE else PERSIST
    if t - track.doubt_at < wait:
        return doubted
    if value > track.value:
        return replace(_settled(track, value, t), grown_at=t, growths=track.growths + 1)
    return _settled(track, value, t) if grounded else replace(_settled(track, value, t), grown_at=None, growths=0)


def _settled(track: Track, value: int, t: float) -> Track:
    return replace(track, value=value, t=t, doubt=None, doubts=0)
