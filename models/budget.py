"""How much of a match is decided, told from two scores alone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from game.reading import ScoreUnit
from game.rules.rule import Growth
from models.display import scale_of
from models.predictor import Interval

if TYPE_CHECKING:
    from game.match import MatchState

A, B = 12.0, 2.2  # where the clock stops: a Kumaraswamy distribution, median 0.90, nine in ten between 0.73 and 0.98
NODES = (0.07, 0.5, 0.93)  # its quantiles to integrate over
SHARES = (0.25, 0.5, 0.25)

EARLY = 0.01  # before this point on the clock nobody's carelessness can be told
USUAL = 0.3  # and this is assumed
FALL = 2.4  # the worst judgement of a percent that falls costs this many times what the best one gives


@dataclass(frozen=True, slots=True)
class Budget:
    """What is decided and what is left, in shares of the highest score.

    Attributes:
        top: the highest score the display's rule allows (for EX, a usual one).
        known: whether `top` is certain enough to call a match decided.
        triangular: 1 when object n is worth n units, else 0.
        loss: how much a player can lose on what is left, as a multiple of what can be won there.
        u: the clock, at most the share of the budget that is decided.
        steps: (player 1's gain on player 2, the clock's advance, the clock) for each stretch of the match.
        settled: how many of these are over; the one after them, if any, is still under way.
        rests: (what is left on the clock, how likely), summing to 1.
        carelessness: what both players together have lost, as a share of what they could have had.
    """

    top: float
    known: bool
    triangular: float
    loss: float
    u: float
    steps: tuple[tuple[float, float, float], ...]
    settled: int
    rests: tuple[tuple[float, float], ...]
    carelessness: float

    @property
    def progress(self) -> float:
        """The expected share in [0, 1] of the budget that is decided."""
        return min(1.0, sum(share * self.u / (self.u + rest) for rest, share in self.rests)) if self.u > 0 else 0.0

    @property
    def rest(self) -> float:
        """What is left on the clock, on average."""
        return sum(share * rest for rest, share in self.rests)

    def luck(self, u: float) -> float:
        """How much luck weighs at `u`: more for careless players, and late in a song under a triangular rule."""
        return self.carelessness * (1.0 + self.triangular * (math.sqrt(max(u, 0.0)) * 1.5 - 1.0))

    def clinched(self, one: int, two: int) -> bool:
        """Whether the lead cannot be made up: what is left is at most what the leader has not reached."""
        ahead, behind = max(one, two), min(one, two)
        return self.known and ahead - behind > (1.0 + self.loss) * (self.top - ahead)

    def final(self, score: int) -> Interval:
        """Where a score will end."""
        rate = min(1.0, (score / self.top + 0.1) / (self.u + 0.1))
        least, most = min(rest for rest, _ in self.rests), max(rest for rest, _ in self.rests)
        low = score + self.top * least * max(0.0, rate - 0.2)
        high = score + self.top * most * min(1.0, rate + 0.1)
        return Interval(low, min(max(high, low), max(self.top, score)))


def budget_of(state: MatchState) -> Budget:
    """What the course of a match says of its budget; both scores must be known."""
    scale = scale_of(state)
    top = scale.top
    steps, u, settled = [], 0.0, 0
    before = (0.0, 0.0)
    now = (float(state.p1.value or 0), float(state.p2.value or 0))
    points = [(float(point.p1), float(point.p2)) for point in state.trace]
    for index, point in enumerate((*points, now)):
        one, two = (point[0] - before[0]) / top, (point[1] - before[1]) / top
        clock = max(one, two)
        if clock > 0:
            u += clock
            steps.append((one - two, clock, u))
            before = point
            settled += index < len(points)
    u = max(min(u, 1.0), max(now) / top)
    return Budget(
        top=top,
        known=scale.known,
        triangular=float(scale.growth is Growth.TRIANGULAR),
        loss=FALL if state.unit is ScoreUnit.PERCENT else 0.0,
        u=u,
        steps=tuple(steps),
        settled=settled,
        rests=_rests(min(u, 1.0)),
        carelessness=max(0.05, 2.0 - 0.9 * (now[0] + now[1]) / (top * u)) if u > EARLY else USUAL,
    )


def _rests(u: float) -> tuple[tuple[float, float], ...]:
    """What may be left on the clock: the prior of where it stops, cut off below `u`."""
    above = (1.0 - u**A) ** B  # probability of stopping later
    return tuple(
        (max(0.0, (1.0 - (above * (1.0 - node)) ** (1.0 / B)) ** (1.0 / A) - u), share)
        for node, share in zip(NODES, SHARES, strict=True)
    )
