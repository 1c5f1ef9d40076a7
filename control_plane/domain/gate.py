"""The quality gate: may a challenger take the champion's place, by how both did on the same matches?

Each match gives one paired difference (positive: the challenger did worse), and each device one mean of its own. What
happens on one device hangs together, so **devices** are the sample, drawn at random, however many matches each has.
The interval around the mean of their means is an asymptotic confidence sequence: it holds at every moment at once, so
one may look after every match and stop when one likes (Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, arXiv
2103.06476, one-sided, with information 1 / variance for time). Few devices know their own variance badly: the bound is
taken at the significance level of Student's t with one degree of freedom less than there are devices (Jennison and
Turnbull, Group Sequential Methods, 2000, section 4.4). And as if to allow for what has not been seen yet, one more
match that came out as badly as a match may count is in every variance.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from statistics import NormalDist
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

NORMAL = NormalDist()
POWER = 0.8  # of the difference that is called detectable


class Verdict(StrEnum):
    """What the evidence allows."""

    PROMOTE = "promote"  # surely worse by less than the margin, or better
    ABORT = "abort"  # surely worse by more than the margin
    HOLD = "hold"  # not sure yet
    INCONCLUSIVE = "inconclusive"  # not sure, and the time is over


@dataclass(frozen=True, slots=True)
class Terms:
    """What is asked of a challenger.

    Attributes:
        margin: how much worse it may be in the mean, in the unit of the differences.
        alpha: how often, at most, a challenger worse than the margin may pass, and one within it be sent back.
        bound: no match counts for more than this, either way.
        devices: the fewest that can decide.
        matches: the fewest of a device before it has a say.
    """

    margin: float
    alpha: float = 0.05
    bound: float = 0.5
    devices: int = 4
    matches: int = 8


@dataclass(frozen=True, slots=True)
class Evidence:
    """The paired differences of one device: how many, their sum, and the sum of their squares."""

    count: int = 0
    total: float = 0.0
    squares: float = 0.0

    def plus(self, difference: float, bound: float) -> Evidence:
        """With one more match."""
        held = min(bound, max(-bound, difference))
        return Evidence(self.count + 1, self.total + held, self.squares + held * held)

    @property
    def mean(self) -> float:
        """Of the differences."""
        return self.total / self.count

    @property
    def noise(self) -> float:
        """The variance of the mean that comes from its own matches."""
        if self.count < 2:  # noqa: PLR2004 - one match knows no variance
            return 0.0
        return max(0.0, self.squares - self.total * self.mean) / (self.count - 1) / self.count


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict and the numbers behind it. `mean`, `low` and `high` are None while nothing can be said.

    Attributes:
        devices: that have a say.
        matches: of those devices.
    """

    verdict: Verdict
    reason: str
    devices: int = 0
    matches: int = 0
    mean: float | None = None
    low: float | None = None
    high: float | None = None


def judge(terms: Terms, evidence: Iterable[Evidence], *, over: bool = False) -> Judgement:
    """What may be said now.

    Args:
        terms: what is asked.
        evidence: of each device that runs both models.
        over: the horizon is reached; whoever has not passed by now does not.
    """
    told = [each for each in evidence if each.count >= terms.matches]
    matches = sum(each.count for each in told)
    waiting = Verdict.INCONCLUSIVE if over else Verdict.HOLD
    if len(told) < max(2, terms.devices):
        words = f"{len(told)} of {terms.devices} devices needed have {terms.matches} matches or more"
        return Judgement(waiting, words, len(told), matches)
    mean, variance = summary(told, terms.bound)
    reach = radius(variance, len(told) - 1, terms.margin, terms.alpha)
    low, high = mean - reach, mean + reach
    if high < terms.margin:
        verdict, words = Verdict.PROMOTE, "even the upper bound is below the margin"
    elif low > terms.margin:
        verdict, words = Verdict.ABORT, "even the lower bound is above the margin"
    else:
        verdict, words = waiting, "the margin lies between the bounds"
    return Judgement(verdict, words, len(told), matches, mean, low, high)


def summary(told: list[Evidence], bound: float) -> tuple[float, float]:
    """The mean of the devices' means, and its variance; at least two devices, each with a match.

    By chance devices may lie closer together than their own noise lets them; then the noise is believed.
    """
    count, matches = len(told), sum(each.count for each in told)
    mean = sum(each.mean for each in told) / count
    between = sum((each.mean - mean) ** 2 for each in told) / (count - 1)
    noise = sum(each.noise for each in told) / count
    return mean, max(between, noise) / count + (bound / matches) ** 2


def radius(variance: float, freedom: int, scale: float, alpha: float) -> float:
    """How far the truth may be from an estimate, on one side, at all times with probability 1 - alpha.

    Args:
        variance: of the estimate.
        freedom: degrees of freedom that the variance is known with.
        scale: the size of difference at which the interval is to be narrowest for its data; chosen beforehand.
        alpha: the error allowed.
    """
    information = scale * scale / variance
    normal = math.sqrt(2 * (1 + 1 / information) * math.log1p(math.sqrt(information + 1) / (2 * alpha)))
    return student(normal, freedom) * math.sqrt(variance)


def student(normal: float, freedom: int) -> float:
    """The quantile of Student's t where the normal distribution has `normal` (Wallace 1959, to about 1 %)."""
    shrunk = normal * (8 * freedom + 3) / (8 * freedom + 1)
    exponent = shrunk * shrunk / freedom
    return math.sqrt(freedom * math.expm1(exponent)) if exponent < 700 else math.inf  # noqa: PLR2004 - exp's end


def detectable(terms: Terms, devices: int, matches: int, spread: tuple[float, float]) -> float:
    """The distance from the margin that is told four times in five; infinite where devices are too few.

    Args:
        terms: what is asked.
        devices: how many run both models.
        matches: of each by the end.
        spread: the standard deviations of a match's difference on a device, and of devices' own means.
    """
    if devices < max(2, terms.devices) or matches < terms.matches:
        return math.inf
    within, between = spread
    variance = (within**2 / matches + between**2) / devices + (terms.bound / (devices * matches)) ** 2
    return radius(variance, devices - 1, terms.margin, terms.alpha) + NORMAL.inv_cdf(POWER) * math.sqrt(variance)
