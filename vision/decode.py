"""Cell probabilities over time, and what a score may do -> what the display says, or that nobody can tell."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from game.reading import UNREAD, ScoreReading

if TYPE_CHECKING:
    from vision.frame import Floats

BEAM = 48
FLOOR = 0.002  # probability below which a digit is not considered; what it leaves out counts as doubt
SURE = 0.9  # posterior that a reading needs
CLEAR = 0.9  # probability of every digit, above which a reading may overrule what was believed
BACKED = 4  # sure readings kept as a staircase; only the oldest is believed without question
HOLD = 0.2  # seconds for which the last sure reading stands in for an unsure one
RETURN = 0.5  # seconds of clear readings below the belief before the belief is dropped
OPENING = 0.003  # share of the display's range that one step may add before any step was seen
ROLL = 0.25  # seconds a display takes to roll one step


@dataclass(frozen=True, slots=True)
class Guess:
    """A number that the cells may show, and its probability."""

    value: int
    probability: float


def guesses(cells: Floats) -> tuple[Guess, ...]:
    """The likeliest numbers, best first, for independent cells (n, 11): ten digits and none.

    The mass of 'none' is spread over the digits: a covered cell says nothing about its digit.
    """
    beam: list[tuple[float, int]] = [(1.0, 0)]
    for cell in cells:
        digits = cell[:10] + cell[10] / 10
        likely = [(float(digits[d]), int(d)) for d in np.flatnonzero(digits >= FLOOR)]
        if len(likely) == 1 and len(beam) == 1:
            beam = [(beam[0][0] * likely[0][0], beam[0][1] * 10 + likely[0][1])]
            continue
        grown = [(p * q, value * 10 + d) for p, value in beam for q, d in likely]
        grown.sort(reverse=True)
        beam = grown[:BEAM]
    return tuple(Guess(value, p) for p, value in beam)


class ScoreTrack:
    """One display's reading over time, for a score that never falls while a match runs.

    Sure readings form a staircase. A reading that lies below the newest step but above the oldest one, and is clear,
    tears the steps above it down: they were misread. Only a reading above the oldest step is feasible, unless clear
    readings below it persist, which is a new match.
    """

    def __init__(self, digits: int) -> None:
        self._top = 10**digits
        self._steps: deque[tuple[float, int]] = deque(maxlen=BACKED)
        self._pace = 0.0  # largest growth seen, points a second
        self._below: list[tuple[float, int]] = []
        self._waiting: tuple[float, int] | None = None

    def update(self, t: float, cells: Floats) -> ScoreReading:
        """Take one frame's cells (n, 11) at `t` seconds.

        Returns:
            the number the display shows, or the last sure one for at most HOLD seconds, or None with what was seen.
        """
        ranked = guesses(cells)
        clear = bool((cells[:, :10].max(axis=1) >= CLEAR).all())
        if clear and self._fallen(t, ranked[0].value):
            self._steps.clear()
            self._pace = 0.0
        low = self._steps[0][1] if self._steps else 0
        feasible = [g for g in ranked if low <= g.value <= self._ceiling(t)]
        # mass outside of what is feasible is doubt only in part: the score did not fall
        mass = sum(g.probability for g in feasible) + max(0.0, 1 - sum(g.probability for g in ranked))
        best = feasible[0] if feasible else None
        share = best.probability / mass if best else 0.0
        if best is None or share < SURE or best.probability < 0.05:  # noqa: PLR2004 - a feasible but absurd number
            return self._held(t, share)
        if not self._accept(t, best.value, clear=clear):
            return self._held(t, share)
        return ScoreReading(best.value, round(share, 4))

    def _ceiling(self, t: float) -> float:
        """What the display can have reached by `t`: far beyond its fastest growth so far."""
        if not self._steps:
            return float(self._top)
        since, value = self._steps[-1]
        return value + (6 * self._pace + self._top * OPENING / ROLL) * max(ROLL, t - since + ROLL)

    def _accept(self, t: float, value: int, *, clear: bool) -> bool:
        """Put `value` on the staircase; False when it has to wait for a second opinion."""
        while self._steps and self._steps[-1][1] > value:
            if not clear:
                return False
            self._steps.pop()
        if self._steps:
            since, last = self._steps[-1]
            rate = (value - last) / max(t - since, 1 / 60)
            if rate > 3 * self._pace + self._top * OPENING / ROLL / 4 and not self._seconded(t, value, last):
                return False
            if value > last:
                self._pace = max(self._pace * 0.999, min(rate, 2 * self._pace + self._top * OPENING / ROLL / 4))
        elif not self._seconded(t, value, 0):
            return False
        self._waiting = None
        self._steps.append((t, value))
        return True

    def _seconded(self, t: float, value: int, last: int) -> bool:
        """Whether the frame before said something that leads to `value` without leaping again."""
        before = self._waiting
        self._waiting = (t, value)
        return before is not None and t - before[0] < ROLL and before[1] <= value <= before[1] + max(value - last, 0) / 2 + 1

    def _fallen(self, t: float, value: int) -> bool:
        """Whether clear readings below the whole staircase have lasted."""
        if not self._steps or value >= self._steps[0][1]:
            self._below.clear()
            return False
        if self._below and (value < self._below[-1][1] or t - self._below[-1][0] > RETURN):
            self._below.clear()
        self._below.append((t, value))
        return t - self._below[0][0] >= RETURN

    def _held(self, t: float, share: float) -> ScoreReading:
        if self._steps and t - self._steps[-1][0] <= HOLD:
            return ScoreReading(self._steps[-1][1], 0.5)
        return ScoreReading(None, round(share, 4)) if share else UNREAD
