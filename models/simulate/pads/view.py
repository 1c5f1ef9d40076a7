"""The second camera: a pinhole above or behind the pads. Metres; the floor is z = 0; y points to the screen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vision.geometry import Box

if TYPE_CHECKING:
    from vision.frame import Floats

NEAR = 0.05  # metres before the lens that are still drawn
HELD_AZIMUTH = ((-19.0, -12.0), (12.0, 19.0))  # degrees that training never sees
HELD_ELEVATION = ((43.0, 49.0), (63.0, 68.0))


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """Where the camera stands.

    Attributes:
        matrix: (3, 4), from metres to pixels, homogeneous.
        size: width and height of the picture.
    """

    matrix: Floats
    size: tuple[int, int]

    @property
    def floor(self) -> Floats:
        """The homography (3, 3) from metres on the floor to pixels."""
        return np.asarray(self.matrix[:, [0, 1, 3]])

    def project(self, points: Floats) -> Floats:
        """Pixels (n, 2) of points (n, 3) in metres; what lies behind the camera is put just before it."""
        seen = np.c_[points, np.ones(len(points))] @ self.matrix.T
        return np.asarray(seen[:, :2] / np.maximum(seen[:, 2:], NEAR))

    def box(self, points: Floats) -> Box:
        """The rectangle around points (n, 3), cut off at the picture's edges."""
        return self.around(self.project(points))

    def around(self, pixels: Floats) -> Box:
        """The rectangle around pixels (n, 2), cut off at the picture's edges."""
        low = np.clip(pixels.min(axis=0), 0, self.size)
        high = np.clip(pixels.max(axis=0), 0, self.size)
        return Box(float(low[0]), float(low[1]), float(high[0] - low[0]), float(high[1] - low[1]))


def look(eye: Floats, target: Floats, roll: float, focal: float, size: tuple[int, int]) -> View:
    """A camera at `eye` that looks at `target`; `roll` in radians, `focal` in pixels."""
    ahead = (target - eye) / np.linalg.norm(target - eye)
    right = np.cross(ahead, [0.0, 0.03, 1.0])
    right /= np.linalg.norm(right)
    down = np.cross(ahead, right)
    cos, sin = np.cos(roll), np.sin(roll)
    turn = np.stack([cos * right + sin * down, cos * down - sin * right, ahead])
    lens = np.array([[focal, 0, size[0] / 2], [0, focal, size[1] / 2], [0, 0, 1]])
    return View(lens @ np.c_[turn, -turn @ eye], size)


def draw_view(rng: np.random.Generator, half_width: float, size: tuple[int, int], *, held_out: bool) -> View:
    """A viewpoint that has pads of `half_width` metres to both sides of the middle in the picture.

    Azimuth and elevation come from bands; those of held-out viewpoints never occur in the others.
    """
    if held_out:
        bands = [(b, (32.0, 76.0)) for b in HELD_AZIMUTH] + [((-34.0, 34.0), b) for b in HELD_ELEVATION]
        across, upward = bands[int(rng.integers(len(bands)))]
        azimuth, elevation = rng.uniform(*across), rng.uniform(*upward)
    else:
        azimuth = _outside(rng, -36.0, 36.0, HELD_AZIMUTH)
        elevation = _outside(rng, 30.0, 78.0, HELD_ELEVATION)
    side, height = np.radians([azimuth, elevation])
    way = np.array([np.sin(side) * np.cos(height), -np.cos(side) * np.cos(height), np.sin(height)])
    focal = float(rng.uniform(0.75, 1.6)) * size[0]
    share = float(rng.uniform(0.55, 0.95))  # of the picture's width that the pads take, seen from the front
    distance = max(2 * half_width * focal / (share * size[0]), 1.15 * focal / size[1], 2.0)
    target = np.array([*rng.normal(0, 0.1, 2), 0.0])
    target[1] += 0.15 * np.cos(height)
    return look(target + distance * way, target, float(rng.normal(0, 0.05)), focal, size)


def _outside(rng: np.random.Generator, low: float, high: float, bands: tuple[tuple[float, float], ...]) -> float:
    while True:
        value = float(rng.uniform(low, high))
        if not any(start <= value <= end for start, end in bands):
            return value
