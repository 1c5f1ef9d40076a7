"""DDR scores out of 1,000,000: SuperNOVA2 to 2014, and A to WORLD."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from game.judgement import Judgement
from game.reading import ScoreUnit
from game.rules.rule import Growth, Points, Tally, begin, check_open

if TYPE_CHECKING:
    from collections.abc import Mapping

MAXIMUM = 1_000_000
PENALTY = 10  # what every judgement below Marvelous costs
TENTHS = 10  # halves and fifths of a step are whole tenths


@dataclass(frozen=True, slots=True)
class Million:
    """Each of N steps, freezes and shock arrows is worth U = 1,000,000 / N; the display floors to tens.

    Fractions are kept inside: `Tally.points` counts in units of 1 / (10 N), so nothing is rounded before it is
    shown. A failed player's score stands still: the song is over for that player.
    """

    name: str
    shares: Mapping[Judgement, tuple[int, int]]  # (tenths of U, points taken off)
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
        tenths, off = self.shares.get(judgement, (0, 0))
        worth = tenths * MAXIMUM - off * TENTHS * tally.objects
        return tally.gain(0 if tally.failed else max(0, worth))

    def shown(self, tally: Tally) -> int:
        """See `Rule.shown`."""
        return self.display(tally.points, tally.judged, tally.objects)

    def display(self, points: Points, judged: Points, objects: int) -> Points:  # noqa: ARG002 - it is a sum
        """See `Rule.display`."""
        return points // (TENTHS * objects) // 10 * 10

    def maximum(self, objects: int) -> int:  # noqa: ARG002 - the same for every chart
        """See `Rule.maximum`."""
        return MAXIMUM


SUPERNOVA2 = Million(
    name="ddr-supernova2",
    shares={
        Judgement.W1: (10, 0),
        Judgement.HELD: (10, 0),
        Judgement.W2: (10, PENALTY),
        Judgement.W3: (5, PENALTY),
    },
)
"""SuperNOVA2, X, X2, X3, 2013, 2014: Perfect U - 10, Great U/2 - 10, Good 0.

Source: aaronin.jp/ss9; RemyWiki User:Arcorann/DDR_Scoring, "SuperNOVA2 to 2014".
"""

A = Million(
    name="ddr-a",
    shares={
        Judgement.W1: (10, 0),
        Judgement.HELD: (10, 0),
        Judgement.W2: (10, PENALTY),
        Judgement.W3: (6, PENALTY),
        Judgement.W4: (2, PENALTY),
    },
)
"""A, A20, A20 PLUS, A3, WORLD: Perfect U - 10, Great 0.6 U - 10, Good 0.2 U - 10.

Source: RemyWiki User:Arcorann/DDR_Scoring, "A onwards"; RemyWiki, DanceDanceRevolution SuperNOVA2 Scoring System.
"""
