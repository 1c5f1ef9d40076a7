"""How far a found layout may be trusted: it is a guess until its numbers have moved as scores do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from game.reading import ScoreReading
    from vision.layout import Display, Layout

PROVEN = 4  # changes that make a guess a certainty
DOUBTFUL = 0.6  # seconds between searches for a better pair while nothing has moved
LONELY = 1.5  # and for the other player while only one was found
CERTAIN = float("inf")
LEFT = 6.0  # seconds without a sight of proven displays after which others may take their place; curtains are shorter


@dataclass(slots=True)
class Moves:
    """Counts how often the numbers of a layout have changed, and when they were last in sight."""

    _values: list[int | None] = field(default_factory=lambda: [None, None])
    _changes: int = 0
    _seen_at: float = float("-inf")

    def watch(self, t: float, readings: tuple[ScoreReading, ScoreReading], *, visible: bool) -> None:
        """Take in what both displays show."""
        if visible:
            self._seen_at = t
        for side, reading in enumerate(readings):
            if reading.value is None:
                continue
            self._changes += self._values[side] is not None and reading.value != self._values[side]
            self._values[side] = reading.value

    @property
    def proven(self) -> bool:
        """Whether the numbers have moved often enough."""
        return self._changes >= PROVEN

    def doubt(self, layout: Layout | None) -> float:
        """Seconds between searches while this layout is in sight."""
        if not self.proven:
            return DOUBTFUL
        return LONELY if layout is not None and not layout.pair else CERTAIN

    def yields(self, t: float, old: Layout, new: Layout) -> bool:
        """Whether a newly found layout takes the place of the old one."""
        if _same(old, new):
            return False
        if t - self._seen_at > LEFT:
            return True
        if self.proven:
            return new.pair and _completes(old, new)
        return new.pair or not old.pair


def _completes(old: Layout, new: Layout) -> bool:
    """Whether the new layout adds a player to the one of the old."""
    lone = old.p1 or old.p2
    return not old.pair and any(_one(lone, display) for display in (new.p1, new.p2))


def _same(old: Layout, new: Layout) -> bool:
    """Whether both say the same of the same places."""
    return all(_one(a, b) for a, b in ((old.p1, new.p1), (old.p2, new.p2)))


def _one(a: Display | None, b: Display | None) -> bool:
    if a is None or b is None:
        return a is b
    if a.unit is not b.unit or a.grows is not b.grows or not a.line.near(b.line):
        return False
    return a.grows or len(a.cells) == len(b.cells)
