"""What a screen says: the value that vision hands to the rest of the house."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum


class ScoreUnit(StrEnum):
    """What the number on the screen counts."""

    POINTS = "points"
    PERCENT = "percent"


@dataclass(frozen=True, slots=True)
class ScoreReading:
    """One player's score as the screen shows it now.

    Attributes:
        value: points, or hundredths of a percent when the unit is PERCENT; None when not sure.
        confidence: probability in [0, 1] that `value` is what the screen shows; for None, how much was seen.
    """

    value: int | None = None
    confidence: float = 0.0


UNREAD = ScoreReading()


@dataclass(frozen=True, slots=True)
class ScreenReading:
    """Both players' scores at one moment.

    Attributes:
        t: seconds, media time for a file and monotonic time for a live source.
        visible: whether score displays are on the screen, be they legible or not.
        digits: how many digits the display has when it is padded, else None.
        lost: whether a camera has moved so that nobody can tell where the displays are now.
    """

    t: float
    p1: ScoreReading = UNREAD
    p2: ScoreReading = UNREAD
    visible: bool = False
    unit: ScoreUnit = ScoreUnit.POINTS
    digits: int | None = None
    lost: bool = False

    def swapped(self) -> ScreenReading:
        """The same moment with the players exchanged."""
        return replace(self, p1=self.p2, p2=self.p1)
