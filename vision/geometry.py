"""Small values for places on a picture. Every operation returns a new value; units are pixels of the picture."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from vision.frame import Floats


LEAN = 0.25  # digit heights


@dataclass(frozen=True, slots=True)
class Box:
    """An upright rectangle: left, top, width, height."""

    x: float
    y: float
    w: float
    h: float

    def rounded(self) -> tuple[int, int, int, int]:
        """The same box in whole pixels."""
        return round(self.x), round(self.y), round(self.w), round(self.h)

    def overlap(self, other: Box) -> float:
        """Intersection over union, 0 to 1."""
        wide = min(self.x + self.w, other.x + other.w) - max(self.x, other.x)
        high = min(self.y + self.h, other.y + other.h) - max(self.y, other.y)
        if wide <= 0 or high <= 0:
            return 0.0
        shared = wide * high
        return shared / (self.w * self.h + other.w * other.h - shared)


@dataclass(frozen=True, slots=True)
class TextLine:
    """A line of characters.

    Attributes:
        left, right: ends of the ink along x.
        middle: y of the line's axis half-way between `left` and `right`.
        height: of a digit.
        slope: pixels down per pixel to the right.
    """

    left: float
    right: float
    middle: float
    height: float
    slope: float = 0.0

    @property
    def centre(self) -> float:
        """X half-way between the ends."""
        return (self.left + self.right) / 2

    @property
    def leans(self) -> bool:
        """Whether it is off the level by more than what a level one is measured to be at times."""
        return abs(self.slope) * (self.right - self.left) > LEAN * self.height

    def box(self) -> Box:
        """The rectangle around the ink."""
        lean = abs(self.slope) * (self.right - self.left)
        high = self.height + lean
        return Box(self.left, self.middle - high / 2, self.right - self.left, high)

    def spanning(self, left: float, right: float) -> TextLine:
        """The same axis between other ends."""
        shift = self.slope * ((left + right) / 2 - self.centre)
        return replace(self, left=left, right=right, middle=self.middle + shift)

    def moved(self, pose: Floats) -> TextLine:
        """The line under the homography `pose` (3, 3), which is taken to be affine along it.

        The height is the one that stays upright, so that digits may lean a little afterwards.
        """
        x, y, w = pose @ np.array([self.centre, self.middle, 1.0])
        (xx, xy), (yx, yy) = (pose[:2, :2] - np.outer((x / w, y / w), pose[2, :2])) / w
        along, across = xx + xy * self.slope, yx + yy * self.slope
        half = (self.right - self.left) / 2 * along
        height = self.height * (xx * yy - xy * yx) / along
        return TextLine(float(x / w - half), float(x / w + half), float(y / w), float(height), float(across / along))

    def near(self, other: TextLine) -> bool:
        """Whether both can be the same line seen twice: axes and sizes agree and the spans overlap."""
        tallest = max(self.height, other.height)
        left, right = max(self.left, other.left), min(self.right, other.right)
        apart = abs(self.spanning(left, right).middle - other.spanning(left, right).middle) > 0.4 * tallest
        shared = right - left
        least = min(self.right - self.left, other.right - other.left)
        return not apart and shared > 0.5 * least and tallest < 1.5 * min(self.height, other.height)
