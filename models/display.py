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
PACE_AFTER = 3.0  # seconds of growth before its pace says something
PACE = 30_000.0  # points a second: a million in a song is about 10,000, ten million about 100,000
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

    Percents are linear. Nine digits are StepMania's 100,000,000 (EXTREME's are at most that). Eight are
    out of ten million, four or fewer an EX score. Without a width: more than ten million must be out of
    a hundred million; a score that bends is triangular. Seven digits, or an unknown width, and even growth: the pace
    tells a million from ten million.
    """
    if state.unit is ScoreUnit.PERCENT:
        return Scale(10_000.0, known=True, growth=Growth.LINEAR)
    seen = max(state.p1.value or 0, state.p2.value or 0)
    if state.digits is not None:
        return _by_width(state, state.digits, seen)
    return _by_size(state, seen)


def _by_size(state: MatchState, seen: int) -> Scale:
    shape = _shape(state)
    if seen > 10 * MILLION or (shape is not Growth.LINEAR and state.fine):
        return Scale(100.0 * MILLION, known=seen > 10 * MILLION, growth=Growth.TRIANGULAR)
    if shape is Growth.TRIANGULAR:
        return Scale((10.0 if seen > MILLION / 2 else 100.0) * MILLION, known=False, growth=shape)
    if shape is Growth.LINEAR and seen <= EX_SEEN:
        return Scale(EX_TOP, known=False, growth=Growth.LINEAR)
    return _linear(state, seen)


def _by_width(state: MatchState, digits: int, seen: int) -> Scale:
    if digits >= 9 or seen > 10 * MILLION:  # noqa: PLR2004 - nine digits hold a hundred million
        return Scale(100.0 * MILLION, known=True, growth=_shape(state) or Growth.TRIANGULAR)
    if digits == 8:  # noqa: PLR2004 - eight hold ten million
        return Scale(10.0 * MILLION, known=True, growth=_shape(state) or Growth.LINEAR)
    if digits <= 4:  # noqa: PLR2004 - an EX score has at most four
        return Scale(max(EX_TOP, seen + 1.0), known=False, growth=Growth.LINEAR)
    return _linear(state, seen)


def _linear(state: MatchState, seen: int) -> Scale:
    """Out of one million or ten: the pace tells, for songs take about as long as one another."""
    if seen > MILLION:
        return Scale(10.0 * MILLION, known=state.digits is not None, growth=_shape(state) or Growth.LINEAR)
    pace = _pace(state, seen)
    million = pace is not None and pace < PACE
    return Scale((1.0 if million else 10.0) * MILLION, known=million, growth=Growth.LINEAR)


def _pace(state: MatchState, seen: int) -> float | None:
    """Points a second of the leader since the trace began or left zero; None while that cannot be told."""
    ended = max(state.p1.t, state.p2.t)
    last = None
    for point in state.trace:
        if last is not None and (point.p1 or point.p2):
            break
        last = point
    if last is None or ended - last.t < PACE_AFTER or seen <= max(last.p1, last.p2):
        return None
    return (seen - max(last.p1, last.p2)) / (ended - last.t)


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
