"""Keep the strips of a camera's picture true: place, size and slope of each display, little by little as it is read."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from vision.focus import sharpness
from vision.layout import Display, Layout

if TYPE_CHECKING:
    from vision.digits import Classifier
    from vision.frame import Floats
    from vision.view import View

EVERY = 0.4  # seconds between looks
HASTE = 12  # the first looks, which come HURRIED seconds apart
HURRIED = 0.1
ROUND = 5  # looks after which a step is taken or the steps are halved
COARSE, FINE = 1.0, 0.25  # steps, in units of STEP
STEP = (0.16, 0.1, 0.14, 0.2)  # digit heights across and along the line, share of the height, digit heights of lean
GAIN = 0.004  # mean log probability that a step must bring


@dataclass(slots=True)
class _Aim:
    """One display, and how clear it was with each of its neighbours' outlines."""

    display: Display
    step: float = COARSE
    clear: Floats = field(default_factory=lambda: np.zeros((len(STEP), 3)))
    looks: int = 0

    def look(self, view: View, line_reader: Classifier) -> None:
        straight = sharpness(self.display, view, line_reader)
        for axis in range(len(STEP)):
            for side in (-1, 0, 1):
                seen = (
                    sharpness(_stepped(self.display, axis, side * self.step), view, line_reader) if side else straight
                )
                self.clear[axis, side + 1] += seen
        self.looks += 1

    def improve(self) -> bool:
        """Go where it was clearer; whether that moved anything."""
        ways = self.clear.argmax(axis=1) - 1
        moved = False
        for axis, way in enumerate(ways):
            gain = (self.clear[axis, way + 1] - self.clear[axis, 1]) / self.looks
            if way and gain > GAIN:
                self.display, moved = _stepped(self.display, axis, int(way) * self.step), True
        self.step = self.step if moved else max(FINE, self.step / 2)
        self.clear, self.looks = np.zeros((len(STEP), 3)), 0
        return moved


class Trim:
    """Tries outlines around each display's own, because perspective makes no two of them alike."""

    def __init__(self, layout: Layout) -> None:
        self._aims = [None if display is None else _Aim(display) for display in (layout.p1, layout.p2)]
        self._looks = 0
        self._due = float("-inf")

    def look(self, t: float, view: View, line_reader: Classifier) -> Layout | None:
        """Take one look when one is due; answers with a better layout, or None when nothing is new."""
        if t < self._due:
            return None
        self._looks += 1
        self._due = t + (HURRIED if self._looks < HASTE else EVERY)
        aims = [aim for aim in self._aims if aim is not None]
        for aim in aims:
            aim.look(view, line_reader)
        if aims[0].looks < ROUND:
            return None
        moved = [aim.improve() for aim in aims]
        if not any(moved):
            return None
        one, two = (None if aim is None else aim.display for aim in self._aims)
        return Layout(one, two)


def _stepped(display: Display, axis: int, steps: float) -> Display:
    line, by = display.line, steps * STEP[axis]
    if axis == 0:
        return replace(display, line=replace(line, middle=line.middle + by * line.height))
    if axis == 1:
        shift = by * line.height
        moved = replace(line, left=line.left + shift, right=line.right + shift)
        return replace(display, line=moved, cells=tuple(x + shift for x in display.cells))
    if axis == 2:  # noqa: PLR2004 - the third of four
        return replace(display, line=replace(line, height=line.height * (1 + by)))
    return replace(display, line=replace(line, slope=line.slope + by * line.height / (line.right - line.left)))
