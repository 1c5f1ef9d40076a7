"""Cell probabilities over time, and what a score may do -> what the display says, or that nobody can tell.

A small hidden Markov model: the state is the number on the display, which holds, or grows by a step of about the size
seen lately, or by a leap, or, hardly ever, falls (a new song; a belief that was wrong). A few dozen hypotheses are
kept; every frame proposes its own likeliest numbers beside them. Once the scoring rule is known from the scores before,
the few numbers that may be the next score are likelier than all that roll past.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from game.ledger import BLANK, Due
from game.reading import UNREAD, ScoreReading

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vision.frame import Floats

KEPT = 24  # hypotheses carried from frame to frame
PROPOSED = 32  # numbers a frame proposes
CONSIDERED = 0.004  # probability below which a frame does not propose a digit
SLIP = 0.0005  # chance that a cell shows this digit whatever the classifier says
P_HOLD, P_STEP, P_LEAP, P_FALL, P_ZERO = 0.4, 0.4, 0.2, 1e-9, 1e-7
LEAP_SHARE = 0.02  # of the display's range: no leap within a frame's time is longer
P_DUE = 0.05  # chance that the display has come to a score that was due
LEDGER_DIGITS = 9  # of the displays whose scoring rule tells what is due
COVERED = 0.5  # probability of the likeliest digit below which a cell says little
LEARNING = 0.1  # weight of the newest step in the usual pace
SURE = 0.85  # posterior that a reading needs
HOLD = 0.15  # seconds for which the last sure reading stands in for an unsure one


def propose(cells: Floats, near: int | None = None) -> NDArray[np.int64]:
    """The likeliest numbers, best first, for independent cells (n, 11): ten digits and none.

    The mass of 'none' is spread over the digits: a covered cell says nothing about its digit. Of the many numbers that
    covered cells allow, those come first that agree with `near` there, or are one further.
    """
    chances = cells[:, :10] + cells[:, 10:] / 10
    if near is not None:
        for index in np.flatnonzero(chances.max(axis=1) < COVERED):
            digit = near // 10 ** (len(cells) - 1 - int(index)) % 10
            for favoured, bonus in ((digit, 2 * COVERED), ((digit + 1) % 10, COVERED)):
                if chances[index, favoured] >= CONSIDERED:
                    chances[index, favoured] += bonus
    beam: list[tuple[float, int]] = [(1.0, 0)]
    for cell in chances.tolist():
        likely = [(q, d) for d, q in enumerate(cell) if q >= CONSIDERED]
        grown = [(p * q, value * 10 + d) for p, value in beam for q, d in likely]
        if len(grown) > PROPOSED:
            grown = sorted(grown, reverse=True)[:PROPOSED]
        beam = grown
    return np.array([value for _, value in beam], dtype=np.int64)


class ScoreTrack:
    """One display's reading over time, for a score that does not fall while a match runs unless it is told so.

    Args:
        digits: how many cells the display has.
        falls: how likely the score falls, compared with growing by as much; percents do.

    Attributes:
        on_score: whether the number read last is a score that was due, and not one that rolls past.
    """

    def __init__(self, digits: int, falls: float = 0.0) -> None:
        self._falls = falls
        self._powers = 10 ** np.arange(digits - 1, -1, -1, dtype=np.int64)
        self._top = float(10**digits)
        self._values: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self._weights: NDArray[np.float64] = np.zeros(0)
        self._t = 0.0
        self._pace = 0.0  # usual growth while the number rolls, a second
        self._sure: tuple[float, int] | None = None
        self._ledger = BLANK
        self._tells = digits == LEDGER_DIGITS and not falls
        self.on_score = False

    def update(self, t: float, cells: Floats) -> ScoreReading:
        """Take one frame's cells (n, 11) at `t` seconds.

        Returns:
            the number the display shows; the last sure one for at most HOLD seconds; or None with what was seen.
        """
        if not len(self._values) and int((cells[:, :10].max(axis=1) < COVERED).sum()) > 1:
            return UNREAD  # a beginning among so many numbers would miss the true one
        near = int(self._values[self._weights.argmax()]) if len(self._values) else None
        due = self._ledger.due() if self._tells else None
        proposed = [self._values, propose(cells, near)]
        if due is not None:
            proposed.append(due.shown())
        values = np.unique(np.concatenate(proposed))
        elapsed = min(max(t - self._t, 1e-3), 10.0)
        self._t = t
        self.on_score = False
        weights = self._evidence(values, cells) * self._prior(values, elapsed, due)
        best = int(weights.argmax())
        doubt = float(weights[best]) * self._unseen_steps(cells, elapsed)
        posterior = float(weights[best] / (weights.sum() + doubt))
        kept = np.argsort(weights)[-KEPT:]
        self._values, self._weights = values[kept], weights[kept] / weights[kept].sum()
        value = int(values[best])
        if posterior < SURE or (self._news(value) and float(cells[:, :10].max(axis=1).min()) < COVERED):
            return self._held(t, posterior)
        self._learn(value, elapsed)
        self._sure = (t, value)
        self._book(t, value, due)
        return ScoreReading(value, round(posterior, 4))

    def _news(self, value: int) -> bool:
        """Whether this is the first number or one that has fallen: covered cells must not be filled in then."""
        return self._sure is None or (value < self._sure[1] and not self._falls)

    def _evidence(self, values: NDArray[np.int64], cells: Floats) -> NDArray[np.float64]:
        """Likelihood of the cells for each number, up to a common factor."""
        digits = (values[:, None] // self._powers) % 10
        chances = (1 - 10 * SLIP) * (cells[:, :10] + cells[:, 10:] / 10) + SLIP
        logs = np.log(chances[np.arange(len(cells)), digits].astype(np.float64)).sum(axis=1)
        return np.asarray(np.exp(logs - logs.max()))

    def _book(self, t: float, value: int, due: Due | None) -> None:
        """Enter a score that was due at once, any other number when it has stood for long enough."""
        if not self._tells:
            return
        self.on_score = due is not None and bool(due.chance(np.array([value]))[0])
        ledger = self._ledger.watch(t, value)
        self._ledger = ledger.enter(value) if self.on_score else ledger

    def _prior(self, values: NDArray[np.int64], elapsed: float, due: Due | None) -> NDArray[np.float64]:
        """Probability of each number before this frame is looked at."""
        anywhere = P_FALL / self._top + np.where(values == 0, P_ZERO, 0.0)
        if not len(self._values):
            return np.asarray(np.full(len(values), 1 / self._top) + anywhere)
        rise = (values[:, None] - self._values[None, :]).astype(np.float64)
        likely = np.where(rise > 0, 1.0, self._falls) * self._rises(np.abs(rise), elapsed)
        moves = np.where(rise == 0, P_HOLD, likely)
        chances = np.asarray(moves @ self._weights + anywhere)
        if due is not None:
            chances += P_DUE * due.chance(values) * ((rise >= 0) @ self._weights)
        return chances

    def _rises(self, rise: NDArray[np.float64], elapsed: float) -> NDArray[np.float64]:
        """Probability of growing by exactly `rise`: steps of the usual size, and leaps of every order of magnitude."""
        step = 2 * max(self._pace * elapsed, 5.0)
        leap = self._top * LEAP_SHARE * max(elapsed, 0.25) + 10 * step
        size = np.maximum(rise, 1.0)
        return np.asarray(P_STEP * np.exp(-size / step) / step + P_LEAP * (size <= leap) / (size * np.log(leap)))

    def _unseen_steps(self, cells: Floats, elapsed: float) -> float:
        """How much likelier than standing still is a step that would show in covered cells only.

        A covered cell with m covered cells below it hides 10^m numbers for each of its digits.
        """
        covered = np.flatnonzero(cells[:, :10].max(axis=1) < COVERED)[::-1]
        if not len(covered) or not len(self._values):
            return 0.0
        places = self._powers[covered].astype(np.float64)
        hidden = 10.0 ** np.arange(len(covered))
        digits = np.arange(1, 10, dtype=np.float64)
        chances = self._rises(places[:, None] * digits, elapsed).sum(axis=1)
        return float((hidden * chances).sum() / P_HOLD)

    def _learn(self, value: int, elapsed: float) -> None:
        """Follow the usual growth of a rolling display."""
        if self._sure is None or not 0 < self._t - self._sure[0] <= 2 * elapsed:
            return
        rise = value - self._sure[1]
        if rise > 0:
            pace = min(rise / (self._t - self._sure[0]), self._top * LEAP_SHARE)
            self._pace += LEARNING * (pace - self._pace)

    def _held(self, t: float, posterior: float) -> ScoreReading:
        if self._sure is not None and t - self._sure[0] <= HOLD:
            return ScoreReading(self._sure[1], 0.5)
        return ScoreReading(None, round(posterior, 4)) if posterior else UNREAD
