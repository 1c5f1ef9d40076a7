"""Matches that never happened: two dancers, one chart, every judgement. For tuning and testing predictors.

The players are drawn so that a match is about as hard to call as a real one: dancers of like skill meet more often
than not, skill drifts in the course of a song, and now and then somebody tires, wakes up, or fails.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from game.judgement import Judgement
from game.rules import Rule, decided

if TYPE_CHECKING:
    import random

WINDOWS = (  # StepMania 5's, milliseconds either side
    (22.5, Judgement.W1),
    (45.0, Judgement.W2),
    (90.0, Judgement.W3),
    (135.0, Judgement.W4),
    (180.0, Judgement.W5),
)
SEGMENTS = 24  # pieces of a song within which skill stands still
GAPS = (0.02, 0.05, 0.05, 0.15, 0.4)  # how far apart two dancers' skills may be, as logarithms of timing spread
RESTLESS = (0.0, 0.01, 0.03)  # how skill wanders from piece to piece
BREAKS = (0.0, 0.0, 0.0, 0.15, 0.5)  # how far it may jump once in a song


@dataclass(frozen=True, slots=True)
class Moment:
    """The match after one more object of the chart.

    Attributes:
        t: seconds since the first object.
        share: share of the score budget that is decided.
        scores: what the displays show, player 1 first.
        judgements: what the object was judged, player 1 first.
    """

    t: float
    share: float
    scores: tuple[int, int]
    judgements: tuple[Judgement, Judgement]


@dataclass(frozen=True, slots=True)
class Match:
    """A match from its first object to its last, danced under `rule`."""

    rule: Rule
    objects: int
    moments: tuple[Moment, ...]

    @property
    def outcome(self) -> float:
        """1 when player 1 won, 0 when player 2 did, 0.5 for a tie."""
        one, two = self.moments[-1].scores
        return 0.5 if one == two else float(one > two)

    def at(self, share: float) -> Moment:
        """The first moment at which `share` of the budget was decided."""
        return next(moment for moment in self.moments if moment.share >= share)


def simulate(rule: Rule, random: random.Random) -> Match:
    """Dance one match under `rule`, as `random` has it."""
    objects = round(min(900, max(80, random.lognormvariate(math.log(400), 0.4))))
    seconds = random.uniform(80, 130)
    level = random.gauss(math.log(34), 0.3)
    gap = random.choice(GAPS) * random.gauss(0, 1)
    skills = [_skill(level + gap / 2, random), _skill(level - gap / 2, random)]
    densities = [random.uniform(0.4, 1.6) for _ in range(SEGMENTS)]
    fails = [random.uniform(0.1, 1.0) if random.random() < 0.03 else 2.0 for _ in range(2)]  # noqa: PLR2004
    scale = seconds / sum(1 / densities[SEGMENTS * n // objects] for n in range(objects))
    tallies = [rule.start(objects), rule.start(objects)]
    moments, t = [], 0.0
    for n in range(objects):
        piece = SEGMENTS * n // objects
        judged: list[Judgement] = []
        for side in range(2):
            if n >= fails[side] * objects:
                tallies[side] = tallies[side].fail()
            judged.append(_judge(skills[side][piece], random))
            tallies[side] = rule.award(tallies[side], judged[side])
        scores = (rule.shown(tallies[0]), rule.shown(tallies[1]))
        moments.append(Moment(t, decided(rule.growth, n + 1, objects), scores, (judged[0], judged[1])))
        t += scale / densities[piece]
    return Match(rule, objects, tuple(moments))


def _skill(level: float, random: random.Random) -> list[float]:
    """The spread of a dancer's timing in milliseconds, piece by piece."""
    restless = random.choice(RESTLESS)
    breaks = {random.randrange(SEGMENTS): random.choice(BREAKS) for _ in range(1)}
    spreads = []
    for piece in range(SEGMENTS):
        level += random.gauss(0, breaks.get(piece, 0.0))
        level += random.gauss(0, restless)
        spreads.append(math.exp(min(4.8, max(2.3, level))))
    return spreads


def _judge(spread: float, random: random.Random) -> Judgement:
    error = abs(random.gauss(0, spread)) if random.random() > spread / 2000 else math.inf
    for window, judgement in WINDOWS:
        if error <= window:
            return judgement
    return Judgement.MISS
