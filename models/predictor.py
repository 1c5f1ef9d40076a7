"""From the course of a match to the probability that player 1 wins it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Protocol

from game.reading import ScoreUnit

if TYPE_CHECKING:
    from game.match import MatchFinished, MatchState


@dataclass(frozen=True, slots=True)
class Interval:
    """A range that holds the truth with about 90 % probability."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Outlook:
    """How one player will end.

    Attributes:
        final: where the final score will lie, in points or hundredths of a percent.
        middle: it will lie above this as likely as below.
        fail: probability of failing the song, as far as scores tell.
        grade: the grade that `middle` would get; None where scores alone do not decide it.
        unit: what the scores count.
    """

    final: Interval
    middle: float
    fail: float
    grade: str | None = None
    unit: ScoreUnit = ScoreUnit.POINTS


@dataclass(frozen=True, slots=True)
class Prediction:
    """Who will win, and how sure that is.

    Attributes:
        p1_win: probability in [0, 1] that player 1 ends ahead, a tie counting half.
        low: lower end of the range in which `p1_win` itself may lie, given what was seen.
        high: its upper end.
        progress: estimated share in [0, 1] of the score budget that is decided.
        p1_final: where player 1's final score will lie, in the display's unit; None without a score.
        p2_final: the same for player 2.
        p1: more of how player 1 will end, where the predictor knows.
        p2: the same for player 2.
    """

    p1_win: float
    low: float
    high: float
    progress: float
    p1_final: Interval | None = None
    p2_final: Interval | None = None
    p1: Outlook | None = None
    p2: Outlook | None = None

    def swapped(self) -> Prediction:
        """The same prediction with the players exchanged."""
        return Prediction(
            1.0 - self.p1_win,
            1.0 - self.high,
            1.0 - self.low,
            self.progress,
            self.p2_final,
            self.p1_final,
            self.p2,
            self.p1,
        )


class Predictor(Protocol):
    """Anything that turns a match so far into a prediction; pure, and the same for the same state."""

    @property
    def name(self) -> str:
        """What the predictor is called in reports."""

    def predict(self, state: MatchState) -> Prediction:
        """Say who will win, from what is known now."""


def verdict(finished: MatchFinished) -> Prediction:
    """What there is to say of a match that is over: 1, 0, or 0.5 for a tie; all is open when one side is unknown."""
    finals = (finished.p1_final, finished.p2_final)
    one, two = (None if final is None else Interval(float(final), float(final)) for final in finals)
    if finished.winner is None:
        return Prediction(0.5, 0.0, 1.0, 1.0, one, two)
    p1_win = {0: 0.5, 1: 1.0, 2: 0.0}[finished.winner]
    return Prediction(p1_win, p1_win, p1_win, 1.0, one, two)


@cache
def default() -> Predictor:
    """The predictor a device runs when it was given no other: the trained one, or Stern's where it cannot be had."""
    from models.bundle import BundleError  # noqa: PLC0415 - the protocol must not depend on one of its kinds
    from models.stern import NoteBudgetStern  # noqa: PLC0415
    from models.winner import trained  # noqa: PLC0415

    try:
        return trained()
    except BundleError:
        return NoteBudgetStern()
