"""What a predictor has to beat: simple ways to call a match, each told what it needs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from game.judgement import Judgement
from game.rules.rule import Growth, decided, triangle

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from models.matches import Match, Moment

BINS = 10


def normal_cdf(x: float) -> float:
    """The share of a standard normal distribution below `x`."""
    return 0.5 * math.erfc(-x / math.sqrt(2.0))


@dataclass(frozen=True, slots=True)
class LeaderFrequency:
    """Baseline 1: how often the leader at this share of the budget went on to win, smoothed.

    Attributes:
        frequencies: one for each of `BINS` equal bins of the budget.
    """

    frequencies: tuple[float, ...]

    @classmethod
    def learn(cls, matches: Iterable[Match]) -> LeaderFrequency:
        """Count over whole matches; each match weighs the same in each bin it has a leader in."""
        won, seen = [1.0] * BINS, [2.0] * BINS
        for match in matches:
            for bin_ in range(BINS):
                one, two = match.at((bin_ + 0.5) / BINS).scores
                if one != two:
                    seen[bin_] += 1
                    won[bin_] += match.outcome if one > two else 1 - match.outcome
        return cls(tuple(w / s for w, s in zip(won, seen, strict=True)))

    def p1_win(self, share: float, one: int, two: int) -> float:
        """The probability that player 1 wins; 0.5 when nobody leads."""
        frequency = self.frequencies[min(BINS - 1, int(share * BINS))]
        return 0.5 if one == two else frequency if one > two else 1.0 - frequency


def clinch_bound(one: int, two: int, left: float) -> float:
    """Baseline 2: 1 or 0 once the lead exceeds the `left` points that are still to be had, else 0.5."""
    return 1.0 if one - two > left else 0.0 if two - one > left else 0.5


def stern(lead: float, share: float, drift: float, spread: float) -> float:
    """Baseline 3: the probability that a Brownian lead ends above zero.

    Args:
        lead: player 1's lead as a share of the highest score.
        share: share of the budget that is decided.
        drift: expected final lead at the start.
        spread: standard deviation of the final lead at the start.

    Source: H. S. Stern, A Brownian Motion Model for the Progress of Sports Scores, 1994.
    """
    left = 1.0 - share
    if left <= 0 or spread <= 0:
        return 0.5 if lead == 0 else float(lead > 0)
    return normal_cdf((lead + left * drift) / (spread * math.sqrt(left)))


WEIGHTS = {Judgement.W1: 1.0, Judgement.HELD: 1.0, Judgement.W2: 0.9, Judgement.W3: 0.5}
KINDS = (Judgement.W1, Judgement.W2, Judgement.W3, Judgement.MISS)  # all that scores nothing counts as one kind
PRIOR = (2.0, 1.0, 0.5, 0.5)  # Dirichlet, four judgements' worth


def note_budget_told(match: Match, share: float) -> float:
    """Baseline 4 told every judgement so far and the chart's length: note-budget Stern.

    The mean is `l + r (m1 - m2)`, the variance `rho (v1 + v2) + r^2 Var(m1^ - m2^)`: r is the share of the budget left,
    rho the sum of the squared shares of the objects left, m and v an object's mean and variance under a Dirichlet
    posterior over the judgements (weights 1, 0.9, 0.5, 0).
    """
    past = [moment for moment in match.moments if moment.share <= share + 1e-12]
    top = match.rule.maximum(match.objects)
    lead = (past[-1].scores[0] - past[-1].scores[1]) / top if past else 0.0
    left = 1.0 - decided(match.rule.growth, len(past), match.objects)
    rho = _squares(match.rule.growth, len(past), match.objects)
    (m1, v1, e1), (m2, v2, e2) = (_posterior(past, side) for side in range(2))
    variance = rho * (v1 + v2) + left * left * (e1 + e2)
    mean = lead + left * (m1 - m2)
    return normal_cdf(mean / math.sqrt(variance)) if variance > 0 else 0.5 if mean == 0 else float(mean > 0)


def _posterior(past: Sequence[Moment], side: int) -> tuple[float, float, float]:
    """Mean and variance of one object's worth, and the variance of that mean's estimate."""
    counts = dict(zip(KINDS, PRIOR, strict=True))
    for moment in past:
        judgement = moment.judgements[side]
        counts[judgement if judgement in counts else Judgement.MISS] += 1.0
    total = sum(counts.values())
    mean = sum(WEIGHTS.get(kind, 0.0) * count for kind, count in counts.items()) / total
    variance = sum((WEIGHTS.get(kind, 0.0) - mean) ** 2 * count for kind, count in counts.items()) / total
    return mean, variance, variance / (total + 1)


def _squares(growth: Growth, judged: int, objects: int) -> float:
    """The sum of the squared budget shares of the objects that are left."""
    if growth is Growth.LINEAR:
        return (objects - judged) / objects**2
    return (_pyramid(objects) - _pyramid(judged)) / triangle(objects) ** 2


def _pyramid(n: int) -> int:
    return n * (n + 1) * (2 * n + 1) // 6
