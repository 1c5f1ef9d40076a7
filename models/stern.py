"""Baseline 4 for a device that sees nothing but two scores: note-budget Stern under an unknown budget.

Progress is counted in score, never in seconds. Every stretch of a song decides at least as much budget as the better
player earned in it; the sum of these is the clock `u`, a share of the highest score. Where the clock will stop is
unknown (it is the accuracy of the better player, stretch by stretch) and is integrated out. On that clock player 1's
rate of gaining on player 2 is filtered, for dancers whose form is steady, drifts, or swings; the three weigh by how
well each foretold the match so far. What the rest may turn is then Stern's:

    lead + r * rate,   variance  r^2 Var(rate) + drift r^3 / 3 + objects' luck in r

H. S. Stern, A Brownian Motion Model for the Progress of Sports Scores, JASA 1994.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from models.budget import Budget, budget_of
from models.predictor import Interval, Prediction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from game.match import MatchState

FORMS = ((0.65, 0.03**2, 0.005), (0.2, 0.1**2, 0.05), (0.15, 0.35**2, 0.4))
"""A dancer's form: how common it is, the variance of the rate at the start, and how fast it drifts on the clock."""
LUCK = 1.6e-3  # variance of the lead gained by luck on the whole clock, for 400 objects and players who lose it all
TURN = 0.4  # how many sudden turns of form to expect in a whole song
TURN_SIZE = 0.25  # standard deviation of the rate's change at such a turn
UPSET = 0.006  # chance that none of this describes the match, while a quarter of the clock or more is left
EDGE = 1.2816  # a normal distribution's 90th percentile
STALE = 12.0  # seconds without readings after which little is known of where the match stands
GRAIN = 2.0**40  # probabilities are multiples of 1 / GRAIN, so that 1 - p is exact


@dataclass(frozen=True, slots=True)
class Form:
    """One filter's view: the rate's mean and variance, its drift, and the logarithm of its weight."""

    mean: float
    variance: float
    drift: float
    weight: float


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
        forms = _filter(budget)
        middle = _tilt(lead, forms, budget, 0.0)
        below, above = _tilt(lead, forms, budget, -EDGE), _tilt(lead, forms, budget, EDGE)
        fog = 1.0 - math.exp(-_stale(state) / STALE)
        low = _exact(0.5 + min(below, middle) - fog * (0.5 + min(below, middle)))
        high = _exact(0.5 + max(above, middle) + fog * (0.5 - max(above, middle)))
        return Prediction(_exact(0.5 + middle), low, high, budget.progress, *_finals(budget, one, two))


def _exact(p: float) -> float:
    return round(p * GRAIN) / GRAIN


def _stale(state: MatchState) -> float:
    """Seconds since both scores were last confirmed."""
    return 0.0 if state.t is None else max(0.0, state.t - min(state.p1.t, state.p2.t))


def _filter(budget: Budget) -> Sequence[Form]:
    """Follow the rate at which player 1 gains on player 2, once for each kind of form."""
    forms = [[0.0, variance, drift, math.log(weight)] for weight, variance, drift in FORMS]
    for gain, clock, u in budget.steps:
        luck = LUCK * budget.luck(u) * clock
        for form in forms:
            variance = form[1] + form[2] * clock
            spread = variance * clock * clock + luck
            error = gain - form[0] * clock
            trust = variance * clock / spread
            form[0] += trust * error
            form[1] = variance * (1.0 - trust * clock)
            form[3] -= 0.5 * (math.log(spread) + error * error / spread)
    best = max(form[3] for form in forms)
    weights = [math.exp(form[3] - best) for form in forms]
    total = sum(weights)
    return [
        Form(mean, variance, drift, weight / total)
        for (mean, variance, drift, _), weight in zip(forms, weights, strict=True)
    ]


def _tilt(lead: float, forms: Sequence[Form], budget: Budget, edge: float) -> float:
    """p1_win - 0.5, an odd function of the match seen from player 1.

    Args:
        lead: player 1's lead, a share of the highest score.
        forms: what the filters say.
        budget: what is left.
        edge: 0 to average over the present rate; else the rate is taken to stand `edge` standard deviations higher.
    """
    total = 0.0
    for rest, share in budget.rests:
        luck = LUCK * budget.luck(budget.u + 0.5 * rest) * rest + 1e-9
        calm = math.exp(-TURN * rest)
        turned = TURN_SIZE * TURN_SIZE * rest * rest / 3.0
        for form in forms:
            mean = lead + rest * (form.mean + edge * math.sqrt(form.variance))
            variance = luck + form.drift * rest**3 / 3.0
            if not edge:
                variance += rest * rest * form.variance
            tilt = calm * math.erf(mean / math.sqrt(2.0 * variance))
            tilt += (1.0 - calm) * math.erf(mean / math.sqrt(2.0 * (variance + turned)))
            total += share * form.weight * tilt
    return 0.5 * (1.0 - UPSET * min(1.0, 4.0 * budget.rest)) * total


def _finals(budget: Budget, one: int, two: int) -> tuple[Interval, Interval]:
    return budget.final(one), budget.final(two)
