"""DDR SuperNOVA's score, up to 10,000,000."""

from __future__ import annotations

from dataclasses import dataclass

from game.judgement import Judgement
from game.reading import ScoreUnit
from game.rules.rule import Growth, Points, Tally, begin, check_open

MAXIMUM = 10_000_000


@dataclass(frozen=True, slots=True)
class SuperNova:
    """Each of N steps and freezes is worth `10,000,000 * p / (2 N)`: p = 2 for a Perfect or O.K., 1 for a Great.

    Fractions are kept inside (`Tally.points` counts in units of 1 / (2 N)) and cut off on the display. After a fail a
    step gives 10 for a Perfect or O.K. and 5 for a Great.

    Source: aaronin.jp/ss8.
    """

    name: str = "ddr-supernova"
    unit: ScoreUnit = ScoreUnit.POINTS
    growth: Growth = Growth.LINEAR
    falls: bool = False

    def start(self, objects: int) -> Tally:
        """See `Rule.start`."""
        return begin(objects)

    def award(self, tally: Tally, judgement: Judgement) -> Tally:
        """See `Rule.award`."""
        check_open(tally, judgement)
        if judgement is Judgement.MINE:
            return tally
        match judgement:
            case Judgement.W1 | Judgement.W2 | Judgement.HELD:
                weight = 2
            case Judgement.W3:
                weight = 1
            case _:
                weight = 0
        return tally.gain(5 * weight * 2 * tally.objects if tally.failed else weight * MAXIMUM)

    def shown(self, tally: Tally) -> int:
        """See `Rule.shown`."""
        return self.display(tally.points, tally.judged, tally.objects)

    def display(self, points: Points, judged: Points, objects: int) -> Points:  # noqa: ARG002 - it is a sum
        """See `Rule.display`."""
        return points // (2 * objects)

    def maximum(self, objects: int) -> int:  # noqa: ARG002 - the same for every chart
        """See `Rule.maximum`."""
        return MAXIMUM
