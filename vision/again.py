"""Find displays again that a knock against the camera has moved: their numbers, grown a little, elsewhere.

Results show the same numbers elsewhere too, but those do not grow.
"""

from __future__ import annotations

from math import hypot
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vision.frame import Floats
    from vision.layout import Display, Layout, Number

ALIKE = 1.3  # ratio of heights
BENT = 0.15  # of the way from one display to the other, by which it may have changed
GROWN = 1.5  # times a score at most grows meanwhile, and what it may grow by when it is small
MORE = 1 + 1e-6  # and at least grows; what a display rounds differently is less
SMALL = 0.02  # of the most that the display can show


def again(layout: Layout, values: Sequence[int | None], numbers: Sequence[Number]) -> Floats | None:
    """How the displays of `layout` have moved, judging by the numbers that a picture shows now.

    Args:
        layout: of two displays; one alone is not told from other numbers by its value.
        values: what both showed last; None where that is not known.
        numbers: the picture's, in the same pixels as the layout.

    Returns:
        a homography (3, 3) that moves, turns and scales; None when the displays are not there.
    """
    one, two = layout.p1, layout.p2
    if one is None or two is None:
        return None
    way = (two.line.centre - one.line.centre, two.line.middle - one.line.middle)
    for first in (n for n in numbers if _fits(one, values[0], n)):
        for second in (n for n in numbers if n is not first and _fits(two, values[1], n)):
            now = (second.line.centre - first.line.centre, second.line.middle - first.line.middle)
            grown = any(n.value > MORE * v for n, v in zip((first, second), values, strict=True) if v is not None)
            if grown and hypot(now[0] - way[0], now[1] - way[1]) < BENT * hypot(*way):
                return _similarity((one.line.centre, one.line.middle), way, (first.line.centre, first.line.middle), now)
    return None


def _fits(display: Display, value: int | None, number: Number) -> bool:
    """Whether a number can be what a display shows a moment later."""
    if value is None or number.unit is not display.unit:
        return False
    if not display.grows and len(number.cells) != len(display.cells):
        return False
    tall = max(number.line.height, display.line.height)
    most = max(GROWN * value, value + SMALL * 10 ** len(number.cells))
    return tall < ALIKE * min(number.line.height, display.line.height) and value <= number.value <= most


def _similarity(
    start: tuple[float, float], way: tuple[float, float], there: tuple[float, float], now: tuple[float, float]
) -> Floats:
    """What takes `start` to `there` and the way from it to the way from there."""
    turn = complex(*now) / complex(*way)
    move = complex(*there) - turn * complex(*start)
    return np.array([[turn.real, -turn.imag, move.real], [turn.imag, turn.real, move.imag], [0, 0, 1]])
