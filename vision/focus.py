"""Sharpen a layout while it is read: the axis and the height at which the line reader is most certain."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from vision.digits import cell_digits, cut, posteriors, vivid
from vision.layout import Display, Layout

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vision.digits import Classifier, Strip
    from vision.frame import Floats, Image
    from vision.view import View

SIZES = (0.82, 0.9, 1.0, 1.1, 1.22)
SHIFTS = (-0.16, -0.08, 0.0, 0.08, 0.16)  # digit heights
CLEAR = 0.9  # probability that the least clear digit needs for one look to be enough
EVERY = 0.5  # seconds between looks
LOOKS = 24
MEMORY = 0.85  # share of the older looks kept; early ones see little but zeros


def look_at(display: Display, picture: Image | View, line_reader: Classifier) -> Floats:
    """Probabilities (cells, 11) of the digits, and of none, that `display` shows."""
    return look(cut(picture, display.line), display.cells, line_reader)


def look(strip: Strip, places: Sequence[float], line_reader: Classifier) -> Floats:
    """Probabilities (cells, 11) of the digits, and of none, at these places along a strip.

    A strip that is not clear is looked at a second time in other colours, and both looks count alike.
    """
    cells = cell_digits(posteriors(strip, line_reader), strip, places)
    if float(cells[:, :10].max(axis=1).min()) >= CLEAR:
        return cells
    again = cell_digits(posteriors(vivid(strip), line_reader), strip, places)
    both = np.sqrt(cells * again)
    return np.asarray(both / both.sum(axis=1, keepdims=True))


class Focus:
    """Tries other axes and heights around a found layout, a few times a second for the first seconds of its use.

    The locator knows heights to some percent only, and both displays of a layout are of one size and, side by side, on
    one line: so they are moved together.
    """

    def __init__(self, layout: Layout) -> None:
        self._candidates = [_moved(_evened(layout), size, shift) for size in SIZES for shift in SHIFTS]
        self._sharpness = np.zeros(len(self._candidates))
        self._left = LOOKS
        self._due = float("-inf")

    def look(self, t: float, view: View, line_reader: Classifier) -> Layout | None:
        """Take one look when one is due; answers with the sharpest layout so far, or None when nothing is new."""
        if not self._left or t < self._due:
            return None
        self._left -= 1
        self._due = t + EVERY
        for index, layout in enumerate(self._candidates):
            seen = [sharpness(d, view, line_reader) for d in (layout.p1, layout.p2) if d is not None]
            self._sharpness[index] = MEMORY * self._sharpness[index] + sum(seen)
        return self._candidates[int(self._sharpness.argmax())]


def sharpness(display: Display, picture: Image | View, line_reader: Classifier) -> float:
    """Mean log probability of the likeliest digit of each cell."""
    return float(np.log(look_at(display, picture, line_reader)[:, :10].max(axis=1) + 1e-3).mean())


def _evened(layout: Layout) -> Layout:
    if layout.p1 is None or layout.p2 is None:
        return layout
    one, two = layout.p1.line, layout.p2.line
    height = (one.height + two.height) / 2
    beside = abs(one.middle - two.middle) < 0.5 * height and not one.slope and not two.slope
    middles = ((one.middle + two.middle) / 2,) * 2 if beside else (one.middle, two.middle)
    return Layout(
        replace(layout.p1, line=replace(one, height=height, middle=middles[0])),
        replace(layout.p2, line=replace(two, height=height, middle=middles[1])),
    )


def _moved(layout: Layout, size: float, shift: float) -> Layout:
    def moved(display: Display | None) -> Display | None:
        if display is None:
            return None
        line = display.line
        return replace(display, line=replace(line, middle=line.middle + shift * line.height, height=line.height * size))

    return Layout(moved(layout.p1), moved(layout.p2))
