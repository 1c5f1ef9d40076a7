"""Which family of scoring rules a display follows, told from its numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from game.reading import ScoreUnit
from game.rules.rule import Growth

if TYPE_CHECKING:
    from game.match import MatchState

MILLION = 1_000_000
EX_TOP = 1_200.0  # three points for each of 400 objects
EX_SEEN = 4_000  # an EX score stays below this
SHAPE_AFTER = 15.0  # seconds of growth before its shape says something
BEND = 0.37  # share of the score reached at half time that parts linear (about 1/2) from triangular (about 1/4)


@dataclass(frozen=True, slots=True)
class Scale:
    """What the numbers on a display mean.

    Attributes:
        top: the highest score, in the display's unit.
        known: whether `top` is certain; when not, no lead is ever called beyond reach.
        growth: how the budget is spread over the chart.
    """

    top: float
    known: bool
    growth: Growth


def scale_of(state: MatchState) -> Scale:
    """Tell the family by unit and width, and where the width is unknown by size, divisibility and shape.

    Percents are linear. Nine digits are StepMania's 100,000,000 (EXTREME's are at most that). Seven are out of a
    million, eight out of ten million, four or fewer an EX score. Without a width: more than ten million must be out of
    a hundred million; a score that bends is triangular; one that grows evenly in whole tens is out of a million, which
    no other linear rule shows.
    """
    if state.unit is ScoreUnit.PERCENT:
        return Scale(10_000.0, known=True, growth=Growth.LINEAR)
    seen = max(state.p1.value or 0, state.p2.value or 0)
    shape = _shape(state)
    if state.digits is not None:
        return _by_width(state.digits, seen, shape)
    return _by_size(seen, shape, fine=state.fine)


def _by_size(seen: int, shape: Growth | None, *, fine: bool) -> Scale:
    if seen > 10 * MILLION or (shape is not Growth.LINEAR and fine):
        return Scale(100.0 * MILLION, known=seen > 10 * MILLION, growth=Growth.TRIANGULAR)
    if shape is Growth.TRIANGULAR:
        return Scale((10.0 if seen > MILLION / 2 else 100.0) * MILLION, known=False, growth=shape)
    if seen > MILLION:
        return Scale(10.0 * MILLION, known=False, growth=Growth.LINEAR)
    if shape is Growth.LINEAR and seen <= EX_SEEN:
        return Scale(EX_TOP, known=False, growth=Growth.LINEAR)
    return Scale(1.0 * MILLION, known=shape is Growth.LINEAR and not fine, growth=Growth.LINEAR)


def _by_width(digits: int, seen: int, shape: Growth | None) -> Scale:
    if digits >= 9 or seen > 10 * MILLION:  # noqa: PLR2004 - nine digits hold a hundred million
        return Scale(100.0 * MILLION, known=True, growth=shape or Growth.TRIANGULAR)
    if digits == 8 or seen > MILLION:  # noqa: PLR2004 - eight hold ten million
        return Scale(10.0 * MILLION, known=True, growth=shape or Growth.LINEAR)
    if digits <= 4:  # noqa: PLR2004 - an EX score has at most four
        return Scale(max(EX_TOP, seen + 1.0), known=False, growth=Growth.LINEAR)
    return Scale(1.0 * MILLION, known=True, growth=Growth.LINEAR)


def _shape(state: MatchState) -> Growth | None:
    """Whether the score has bent upwards since it left zero; None while that cannot be told."""
    trace = state.trace
    if not trace or trace[0].p1 or trace[0].p2 or state.t is None:
        return None
    began = max(point.t for point in trace if not point.p1 and not point.p2)
    ended = max(state.p1.t, state.p2.t)
    if ended - began < SHAPE_AFTER:
        return None
    middle = began + (ended - began) / 2
    half = max((point for point in trace if point.t <= middle), key=lambda point: point.t)
    whole = (state.p1.value or 0) + (state.p2.value or 0)
    return Growth.LINEAR if half.p1 + half.p2 >= BEND * whole else Growth.TRIANGULAR
