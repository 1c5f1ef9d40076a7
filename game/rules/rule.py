"""What every scoring rule promises."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, TypeVar

from game.judgement import Judgement

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from game.reading import ScoreUnit

Points = TypeVar("Points", int, "NDArray[np.int64]")
"""One exact score, or an array of them: a display cuts whole matches as it cuts a single score."""


class Growth(StrEnum):
    """How the score budget is spread over a chart's objects."""

    LINEAR = "linear"  # every object is worth the same
    TRIANGULAR = "triangular"  # object n is worth n units


@dataclass(frozen=True, slots=True)
class Tally:
    """How a player's score stands under one rule.

    Attributes:
        objects: judged objects in the chart, a jump counting once and a freeze being one more object.
        judged: how many of them have been judged.
        points: the exact score in the rule's own fraction (see `Rule.shown`).
        failed: whether the life bar ran out.
    """

    objects: int
    judged: int = 0
    points: int = 0
    failed: bool = False

    def fail(self) -> Tally:
        """The same tally after the life bar ran out."""
        return replace(self, failed=True)

    def gain(self, points: int, *, judged: int = 1) -> Tally:
        """The tally with `points` more after `judged` more objects."""
        return Tally(self.objects, self.judged + judged, self.points + points, self.failed)


class Rule(Protocol):
    """A way to turn judgements into a score. Pure; every number is an exact integer."""

    @property
    def name(self) -> str:
        """A short name for reports and settings."""

    @property
    def unit(self) -> ScoreUnit:
        """What the displayed number counts."""

    @property
    def growth(self) -> Growth:
        """How the budget is spread over the objects."""

    @property
    def falls(self) -> bool:
        """Whether a judgement can lower the score."""

    def start(self, objects: int) -> Tally:
        """The tally before the first judgement.

        Raises:
            ValueError: when `objects` is less than 1.
        """

    def award(self, tally: Tally, judgement: Judgement) -> Tally:
        """The tally after one more judgement.

        Raises:
            ValueError: when every object has already been judged.
        """

    def shown(self, tally: Tally) -> int:
        """The number on the display once it has come to rest; hundredths for a percent."""

    def display(self, points: Points, judged: Points, objects: int) -> Points:
        """The same for exact scores `points` (see `Tally.points`) after `judged` objects of a chart of `objects`."""

    def maximum(self, objects: int) -> int:
        """The highest number the display can reach."""


def begin(objects: int) -> Tally:
    """A tally for a chart of `objects` objects; raises ValueError when there are none."""
    if objects < 1:
        raise ValueError(f"a chart has at least one object, not {objects}")
    return Tally(objects)


def check_open(tally: Tally, judgement: Judgement) -> None:
    """Raise ValueError when `judgement` is about an object and all objects have been judged."""
    if judgement is not Judgement.MINE and tally.judged >= tally.objects:
        raise ValueError(f"all {tally.objects} objects of the chart have been judged")


def triangle(n: Points) -> Points:
    """1 + 2 + ... + n, for one number or an array of them."""
    return n * (n + 1) // 2


def decided(growth: Growth, judged: float, objects: int) -> float:
    """The share in [0, 1] of the score budget that `judged` of `objects` objects have decided; an estimate will do."""
    if growth is Growth.TRIANGULAR:
        return judged * (judged + 1) / (objects * (objects + 1))
    return judged / objects
