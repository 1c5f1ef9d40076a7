"""Baseline 4 for a device that sees nothing but two scores: note-budget Stern under an unknown budget.

Progress is counted in score, never in seconds. Every stretch of a song decides at least as much budget as the better
player earned in it; the sum of these is the clock `u`, a share of the highest score. Where the clock will stop is
unknown (it is the accuracy of the better player, stretch by stretch) and is integrated out. On that clock player 1's
rate of gaining on player 2 is followed by one Kalman filter. How much of a stretch is luck depends on what a camera
cannot see (how many objects the chart has, whether misses come in streaks), so the match itself tells: the scale of
all variances is learned from how well the filter foretold it. Without that, a streak of misses passes for a change of
form. What the rest may turn is then Stern's:

    lead + r * rate,   variance  scale * (r^2 Var(rate) + drift r^3 / 3 + objects' luck in r)

H. S. Stern, A Brownian Motion Model for the Progress of Sports Scores, JASA 1994.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from models.budget import Budget, budget_of
from models.predictor import Interval, Prediction

if TYPE_CHECKING:
    from game.match import MatchState

FORM = 0.05**2  # variance of the rate at the start
DRIFT = 0.0125  # and how fast it grows on the clock: dancers tire and wake up
LUCK = 3.7e-3  # variance of the lead gained by luck on the whole clock, for players who lose it all
DOUBT = 5.0  # how many stretches' worth of belief these variances have, before the match tells their scale
TURN = 0.2  # how many sudden turns of form to expect in a whole song
TURN_SIZE = 0.5  # standard deviation of the rate's change at such a turn
UPSET = 0.01  # chance that none of this describes the match, while a quarter of the clock or more is left
EDGE = 1.2816  # a normal distribution's 90th percentile
STALE = 12.0  # seconds without readings after which little is known of where the match stands
GRAIN = 2.0**40  # probabilities are multiples of 1 / GRAIN, so that 1 - p is exact


@dataclass(frozen=True, slots=True)
class Form:
    """The rate's mean and variance, and the scale that the match gives all variances."""

    mean: float
    variance: float
    scale: float


@dataclass(frozen=True, slots=True)
class NoteBudgetStern:
    """Lead against what the rest of the song may still turn."""

    name: str = "note-budget-stern"

    def predict(self, state: MatchState) -> Prediction:
        """Say who will win; 0.5 with everything open while one of the scores is unknown."""
        one, two = state.p1.value, state.p2.value
        if one is None or two is None:
            return Prediction(0.5, 0.0, 1.0, 0.0)
        budget = budget_of(state)
        lead = (one - two) / budget.top
        if budget.clinched(one, two):
            sure = 1.0 if one > two else 0.0
            return Prediction(sure, sure, sure, budget.progress, *_finals(budget, one, two))
        form = _filter(budget)
        middle = _tilt(lead, form, budget, 0.0)
        below, above = _tilt(lead, form, budget, -EDGE), _tilt(lead, form, budget, EDGE)
        fog = 1.0 - math.exp(-_stale(state) / STALE)
        low = _exact(0.5 + min(below, middle) - fog * (0.5 + min(below, middle)))
        high = _exact(0.5 + max(above, middle) + fog * (0.5 - max(above, middle)))
        return Prediction(_exact(0.5 + middle), low, high, budget.progress, *_finals(budget, one, two))


def _exact(p: float) -> float:
    return round(p * GRAIN) / GRAIN


def _stale(state: MatchState) -> float:
    """Seconds since both scores were last confirmed."""
    return 0.0 if state.t is None else max(0.0, state.t - min(state.p1.t, state.p2.t))


def _filter(budget: Budget) -> Form:
    """Follow the rate at which player 1 gains on player 2.

    The scale of the variances has an inverse-gamma posterior, here its mean. The stretch that is still under way has
    no say in it: points gained just now must not make the gainer's chances less certain.
    """
    mean, variance, surprise, weight = 0.0, FORM, DOUBT, DOUBT
    for index, (gain, clock, u) in enumerate(budget.steps):
        variance += DRIFT * clock
        spread = variance * clock * clock + LUCK * budget.luck(u) * clock
        error = gain - mean * clock
        trust = variance * clock / spread
        mean += trust * error
        variance *= 1.0 - trust * clock
        if index < budget.settled:
            surprise, weight = surprise + error * error / spread, weight + 1.0
    scale = surprise / weight
    return Form(mean, variance * scale, scale)


def _tilt(lead: float, form: Form, budget: Budget, edge: float) -> float:
    """p1_win - 0.5, an odd function of the match seen from player 1.

    Args:
        lead: player 1's lead, a share of the highest score.
        form: what the filter says.
        budget: what is left.
        edge: 0 to average over the present rate; else the rate is taken to stand `edge` standard deviations higher.
    """
    total = 0.0
    for rest, share in budget.rests:
        mean = lead + rest * (form.mean + edge * math.sqrt(form.variance))
        luck = LUCK * budget.luck(budget.u + 0.5 * rest) * rest
        variance = form.scale * (luck + DRIFT * rest**3 / 3.0) + 1e-9
        if not edge:
            variance += rest * rest * form.variance
        calm = math.exp(-TURN * rest)
        turned = TURN_SIZE * TURN_SIZE * rest * rest / 3.0
        tilt = calm * math.erf(mean / math.sqrt(2.0 * variance))
        tilt += (1.0 - calm) * math.erf(mean / math.sqrt(2.0 * (variance + turned)))
        total += share * tilt
    return 0.5 * (1.0 - UPSET * min(1.0, 4.0 * budget.rest)) * total


def _finals(budget: Budget, one: int, two: int) -> tuple[Interval, Interval]:
    return budget.final(one), budget.final(two)
