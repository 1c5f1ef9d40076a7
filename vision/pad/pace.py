"""How somebody dances: steps a second, how the legs last, and whether both feet do their share."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from vision.pad.feet import Press

WINDOW: Final = 5.0  # seconds over which steps are counted
LONG: Final = 10.0  # seconds whose steps are held against the best so long
FEW: Final = 8  # steps; fewer say nothing about symmetry


@dataclass(frozen=True, slots=True)
class Pace:
    """The dancing on one pad so far.

    Attributes:
        steps: presses in all.
        left, right: presses by foot.
        best: most steps a second over `LONG` seconds so far.
        recent: times of the presses of the last `LONG` seconds.
        began: time of the first press.
    """

    steps: int = 0
    left: int = 0
    right: int = 0
    best: float = 0.0
    recent: tuple[float, ...] = field(default=(), repr=False)
    began: float | None = None

    def take(self, press: Press) -> Pace:
        """With one more press."""
        recent = (*(t for t in self.recent if t > press.t - LONG), press.t)
        began = press.t if self.began is None else self.began
        return replace(
            self,
            steps=self.steps + 1,
            left=self.left + (press.foot == "left"),
            right=self.right + (press.foot == "right"),
            recent=recent,
            began=began,
            best=max(self.best, len(recent) / LONG),
        )

    def rate(self, t: float) -> float:
        """Steps a second over the last `WINDOW` seconds."""
        return sum(t - WINDOW < one <= t for one in self.recent) / WINDOW

    def stamina(self, t: float) -> float | None:
        """Steps of the last `LONG` seconds as a share of the best so long; None before there were so many seconds."""
        if self.began is None or t - self.began < LONG or not self.best:
            return None
        return min(1.0, sum(t - LONG < one <= t for one in self.recent) / LONG / self.best)

    def symmetry(self) -> float | None:
        """1 when both feet step alike often, 0 when one does it all; None after few steps."""
        return 1 - abs(self.left - self.right) / self.steps if self.steps >= FEW else None
