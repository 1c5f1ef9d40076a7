"""Scores that count weights: EX, and the percents of StepMania and In The Groove."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from game.judgement import Judgement
from game.reading import ScoreUnit
from game.rules.rule import Growth, Points, Tally, begin, check_open

if TYPE_CHECKING:
    from collections.abc import Mapping

HUNDREDTHS = 10_000  # 100.00 %
BOOST = 100  # the source adds 0.000001 before it truncates, one hundredth of a hundredth of a percent


@dataclass(frozen=True, slots=True)
class Counted:
    """Every judgement has a weight; the score is their sum, or its share of the highest sum in hundredths of a percent.

    A percent is truncated to two decimals, after a boost of 0.0001 %, and never shown below zero. After a fail nothing
    is counted any more (StepMania, src/ScoreKeeperNormal.cpp, HandleTapNoteScoreInternal; src/PlayerStageStats.cpp,
    MakePercentScore).

    Attributes:
        name: see `Rule.name`.
        weights: points a judgement gives; one that is missing gives none.
        best: the highest weight of one object.
        unit: see `Rule.unit`.
        lost: whether a percent counts down from 100 by what was lost, as subtractive scoring does.
    """

    name: str
    weights: Mapping[Judgement, int]
    best: int
    unit: ScoreUnit
    growth: Growth = Growth.LINEAR
    lost: bool = False

    @property
    def falls(self) -> bool:
        """See `Rule.falls`."""
        return self.lost or min(self.weights.values()) < 0

    def start(self, objects: int) -> Tally:
        """See `Rule.start`."""
        return begin(objects)

    def award(self, tally: Tally, judgement: Judgement) -> Tally:
        """See `Rule.award`."""
        check_open(tally, judgement)
        gain = 0 if tally.failed else self.weights.get(judgement, 0)
        return tally.gain(gain, judged=0 if judgement is Judgement.MINE else 1)

    def shown(self, tally: Tally) -> int:
        """See `Rule.shown`."""
        return self.display(tally.points, tally.judged, tally.objects)

    def display(self, points: Points, judged: Points, objects: int) -> Points:
        """See `Rule.display`."""
        if self.unit is ScoreUnit.POINTS:
            return points
        best = self.best * objects
        if self.lost:
            points = points + self.best * (objects - judged)
        floored = (points * HUNDREDTHS * BOOST + best) // (best * BOOST)
        return floored * (floored > 0)

    def maximum(self, objects: int) -> int:
        """See `Rule.maximum`."""
        return self.best * objects if self.unit is ScoreUnit.POINTS else HUNDREDTHS


EX = Counted(
    "ex",
    {Judgement.W1: 3, Judgement.HELD: 3, Judgement.W2: 2, Judgement.W3: 1},
    best=3,
    unit=ScoreUnit.POINTS,
)
"""DDR's EX score: Marvelous and O.K. 3, Perfect 2, Great 1. Source: Tachi, game-support/ddr.ts."""

STEPMANIA_PERCENT = Counted(
    "stepmania-percent",
    {Judgement.W1: 3, Judgement.HELD: 3, Judgement.W2: 2, Judgement.W3: 1, Judgement.MINE: -2},
    best=3,
    unit=ScoreUnit.PERCENT,
)
"""StepMania's dance points. Source: src/ScoreKeeperNormal.cpp, PercentScoreWeightInit."""

ITG = Counted(
    "itg",
    {
        Judgement.W1: 5,
        Judgement.HELD: 5,
        Judgement.W2: 4,
        Judgement.W3: 2,
        Judgement.W5: -6,
        Judgement.MISS: -12,
        Judgement.MINE: -6,
    },
    best=5,
    unit=ScoreUnit.PERCENT,
)
"""In The Groove's percent, which can fall. Source: Simply Love, Scripts/SL_Init.lua, the metrics of mode ITG."""
