"""DDR scores in which object n is worth n units: 3rd, and MAX2 and EXTREME."""

from __future__ import annotations

from dataclasses import dataclass

from game.judgement import Judgement
from game.reading import ScoreUnit
from game.rules.rule import Growth, Points, Tally, begin, check_open, triangle

MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class DdrTriangular:
    """Object n of N is worth `p * floor(B / S) * n`, S = N (N + 1) / 2; the last one `p * (B mod S)` more.

    p is 10 for a Perfect (or better) and an O.K., 5 for a Great, else 0. After a fail, a player who goes on dancing in
    a versus game gets p = 1 for either, as the source has it, and no remainder.

    Sources: 3rd (B = 1,000,000): RemyWiki User:Arcorann/DDR_Scoring and DanceDanceRevolution Scoring System. MAX2 and
    EXTREME (B = 1,000,000 for each foot of difficulty): aaronin.jp/ss6 and aij.ddruk.com/ss7.

    Attributes:
        name: see `Rule.name`.
        base: B, a tenth of the highest score.
    """

    name: str
    base: int = MILLION
    unit: ScoreUnit = ScoreUnit.POINTS
    growth: Growth = Growth.TRIANGULAR
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
                weight = 10
            case Judgement.W3:
                weight = 5
            case _:
                return tally.gain(0)
        number, total = tally.judged + 1, triangle(tally.objects)
        if tally.failed:
            return tally.gain(self.base // total * number)
        rest = self.base % total if number == tally.objects else 0
        return tally.gain(weight * (self.base // total * number + rest))

    def shown(self, tally: Tally) -> int:
        """See `Rule.shown`."""
        return self.display(tally.points, tally.judged, tally.objects)

    def display(self, points: Points, judged: Points, objects: int) -> Points:  # noqa: ARG002 - it is the number
        """See `Rule.display`."""
        return points

    def maximum(self, objects: int) -> int:  # noqa: ARG002 - the same for every chart
        """See `Rule.maximum`."""
        return 10 * self.base


DDR_3RD = DdrTriangular("ddr-3rd")
"""DDR 3rd, up to 10,000,000."""


def ddr_extreme(feet: int) -> DdrTriangular:
    """DDRMAX2 and EXTREME for a chart of `feet` (1 to 10), up to 10,000,000 a foot.

    Raises:
        ValueError: when the difficulty is not 1 to 10 feet.
    """
    if not 1 <= feet <= 10:  # noqa: PLR2004 - the scale of these games
        raise ValueError(f"a chart has 1 to 10 feet, not {feet}")
    return DdrTriangular("ddr-extreme", MILLION * feet)
