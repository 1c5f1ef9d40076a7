"""Baseline 4 with everything before its eyes: note-budget Stern, told every judgement and the length of the charts."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from game.rules.rule import Growth, Tally
from models.simulate.scoring import CODES, HELD, LET_GO, MISS, W1

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from game.rules import Rule
    from models.simulate.bouts import Bouts

    Floats = NDArray[np.float64]

STEPS = 6  # W1 to W5 and a miss; a hold counts as the best or the worst of them
PRIOR = np.array([2.0, 1.0, 0.5, 0.5 / 3, 0.5 / 3, 0.5 / 3])  # Dirichlet, four judgements' worth
USUAL = 500  # objects of a chart


class Told:
    """The mean is `l + r1 m1 - r2 m2`, the variance `rho v + r^2 e`, both players' summed.

    r is the share of a player's budget left, rho the sum of the squared shares of the objects left, m and v an object's
    mean and variance under the Dirichlet posterior over its judgements, e the variance of m's estimate.
    """

    def __init__(self, bouts: Bouts) -> None:
        self._bouts = bouts
        self._worth = worth(bouts.rule)
        self._counts = [_counts(side.codes) for side in bouts.sides]

    def p1_win(self, judged: NDArray[np.int64]) -> Floats:
        """The probability that player 1 wins once (player 1's, player 2's) objects were judged, (2, m) -> (m,)."""
        rows = np.arange(len(self._bouts))
        mean, variance = np.zeros(len(rows)), np.zeros(len(rows))
        for number, (side, sign) in enumerate(zip(self._bouts.sides, (1.0, -1.0), strict=True)):
            n, objects = judged[number], side.steps.objects
            counts = self._counts[number][rows, n] + PRIOR
            total = counts.sum(axis=1)
            m = counts @ self._worth / total
            v = np.maximum(counts @ self._worth**2 / total - m**2, 0.0)
            left, rho = _left(self._bouts.rule.growth, n, objects)
            mean += sign * (side.shown[rows, n] / self._bouts.rule.maximum(objects) + left * m)
            variance += rho * v + left**2 * v / (total + 1.0)
        z = np.where(variance > 0, mean / np.sqrt(np.maximum(variance, 1e-18)), np.sign(mean) * 9.0)
        return normal_cdf(z)


def normal_cdf(x: Floats) -> Floats:
    """The share of a standard normal distribution below each of `x`."""
    return np.array([0.5 * math.erfc(-value / math.sqrt(2.0)) for value in x])


def worth(rule: Rule) -> Floats:
    """What W1 to W5 and a miss are worth, W1 being 1."""
    gains = [rule.award(Tally(USUAL, USUAL // 2), code).points for code in CODES[:STEPS]]
    return np.array(gains) / gains[W1]


def _counts(codes: NDArray[np.uint8]) -> NDArray[np.int32]:
    """How often each of the six was given by the time 0 ... n objects were judged, (m, n + 1, 6)."""
    steps = np.where(codes == HELD, W1, np.where(codes == LET_GO, MISS, codes))
    counts = np.zeros((codes.shape[0], codes.shape[1] + 1, STEPS), np.int32)
    np.cumsum(steps[..., None] == np.arange(STEPS), axis=1, out=counts[:, 1:])
    return counts


def _left(growth: Growth, n: NDArray[np.int64], objects: int) -> tuple[Floats, Floats]:
    """The share of the budget left after n objects, and the sum of the squared shares of the objects left."""
    if growth is Growth.LINEAR:
        return 1.0 - n / objects, (objects - n) / objects**2
    total = objects * (objects + 1) / 2
    return 1.0 - n * (n + 1) / 2 / total, (_pyramid(objects) - _pyramid(n)) / total**2


def _pyramid(n: NDArray[np.int64] | int) -> Floats:
    n = np.asarray(n, np.float64)
    return n * (n + 1) * (2 * n + 1) / 6
