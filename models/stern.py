"""Baseline 4: note-budget Stern, for a device that sees nothing but two scores."""

from __future__ import annotations

import math
from dataclasses import dataclass

from game.match import MatchState
from models.predictor import Interval, Prediction

ACCURACY = 0.87  # share of the decided budget that a leader holds, over skills
SPREAD = 0.35  # standard deviation of the accuracy difference still to come, times the square root of what remains


@dataclass(frozen=True, slots=True)
class NoteBudgetStern:
    """Lead against what the rest of the song may still turn."""

    name: str = "note-budget-stern"

    def predict(self, state: MatchState) -> Prediction:
        """Say who will win; 0.5 while one of the scores is unknown."""
        one, two = state.p1.value, state.p2.value
        if one is None or two is None:
            return Prediction(0.5, 0.0, 1.0, 0.0)
        if two > one:
            return self.predict(state.swapped()).swapped()
        top = maximum(state)
        progress = min(1.0, one / top / ACCURACY)
        lead, rest = (one - two) / top, max(0.0, 1.0 - progress)
        if one + one - two > top:
            p = 1.0
        else:
            rate = lead / max(progress, 1e-9)
            weight = progress / (progress + 0.05)
            mean = lead + rest * rate * weight
            p = 0.5 * math.erfc(-mean / math.sqrt(2 * (SPREAD**2 * rest**2 * 0.1 + 1e-5)))
        low, high = max(0.0, p - 0.1 * rest), min(1.0, p + 0.1 * rest)
        return Prediction(p, low, high, progress, Interval(one, one + rest * top), Interval(two, two + rest * top))


def maximum(state: MatchState) -> float:
    """The highest score the display's rule allows, from its unit and width."""
    if state.unit.value == "percent":
        return 10_000.0
    top = max(state.p1.value or 0, state.p2.value or 0)
    if state.digits is not None and state.digits >= 9:  # noqa: PLR2004 - nine digits hold a hundred million
        return 1e8
    for limit in (1e6, 1e7, 1e8):
        if top <= limit and (state.digits is None or limit < 10**state.digits):
            return limit if state.digits is not None else max(limit, 1e8 if state.fine else limit)
    return 10.0 ** math.ceil(math.log10(top + 1))
