"""StepMania 5's own score, up to 100,000,000."""

from __future__ import annotations

from dataclasses import dataclass, replace

from game.judgement import Judgement
from game.reading import ScoreUnit
from game.rules.rule import Growth, Points, Tally, begin, check_open, triangle

MAXIMUM = 100_000_000
BASE = MAXIMUM // 10  # Z in the source
STEP = 5  # a failed player's score is kept a multiple of this


@dataclass(frozen=True, slots=True)
class StepManiaDefault:
    """Object n of N is worth `int(p * n * Z / S)`, Z = 10,000,000 and S = N (N + 1) / 2.

    p is 10 for W1 and a hold that was kept, 9 for W2 (10 where W1 is hidden), 5 for W3, else 0. What rounding took is
    given back with the last object when that is W2 or better. After a fail an object gives the flat p, and the score is
    rounded to the nearest 5.

    Source: StepMania, src/ScoreKeeperNormal.cpp, AddScoreInternal and GetScore.

    Attributes:
        w1_shown: whether the game tells W1 from W2.
    """

    w1_shown: bool = True
    name: str = "stepmania"
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
        weight = self._weight(judgement)
        number = tally.judged + 1
        if tally.failed:
            points = (tally.points + weight + STEP // 2) // STEP * STEP if weight else tally.points
            return replace(tally, judged=number, points=points)
        gain = _worth(weight, number, tally.objects)
        if number == tally.objects and judgement in {Judgement.W1, Judgement.W2, Judgement.HELD}:
            gain += _remainder(tally.objects)
        return tally.gain(gain)

    def shown(self, tally: Tally) -> int:
        """See `Rule.shown`."""
        return self.display(tally.points, tally.judged, tally.objects)

    def display(self, points: Points, judged: Points, objects: int) -> Points:  # noqa: ARG002 - it is the number
        """See `Rule.display`."""
        return points

    def maximum(self, objects: int) -> int:  # noqa: ARG002 - the same for every chart
        """See `Rule.maximum`."""
        return MAXIMUM

    def _weight(self, judgement: Judgement) -> int:
        match judgement:
            case Judgement.W1 | Judgement.HELD:
                return 10
            case Judgement.W2:
                return 9 if self.w1_shown else 10
            case Judgement.W3:
                return 5
            case _:
                return 0


def _worth(weight: int, number: int, objects: int) -> int:
    return weight * number * BASE // triangle(objects)


def _remainder(objects: int) -> int:
    return MAXIMUM - sum(_worth(10, number, objects) for number in range(1, objects + 1))
