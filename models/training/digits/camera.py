"""A screen as a camera sees it: perspective, defocus, moire, glare, noise, light that drifts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from vision.frame import Floats


@dataclass(frozen=True, slots=True, eq=False)
class Camera:
    """Where a camera stands and what it does to light.

    Attributes:
        pose: (3, 3) from the screen's pixels to the camera's; both pictures are of one size.
        shake: pixels by which each corner trembles.
        blur: standard deviation in pixels; sharpen: share of detail added back.
        gain, lift: (3,) of each colour; gamma; pulse: amplitude of a bright band that wanders.
        glare: (h, w, 1) light added; moire: (h, w, 3) light multiplied.
        noise: (2h, 2w, 3) of which each frame takes another part; grain: its strength.
    """

    pose: Floats
    shake: float
    blur: float
    sharpen: float
    gain: Floats
    lift: float
    gamma: float
    pulse: float
    glare: Floats
    moire: Floats
    noise: Floats
    grain: float


def camera(rng: np.random.Generator, height: int, width: int) -> Camera:
    """A camera in front of, or beside, a screen of (height, width)."""
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    spot = np.array([rng.uniform(0, width), rng.uniform(0, height)])
    reach = rng.uniform(0.08, 0.5) * width
    glare = np.exp(-((columns - spot[0]) ** 2 + (rng.uniform(0.3, 3) * (rows - spot[1])) ** 2) / (2 * reach**2))
    waves = rng.uniform(-0.9, 0.9, 2) * rng.uniform(0.1, 1.5)
    bend = rng.normal(0, 0.0006)
    phase = waves[0] * columns + waves[1] * rows + bend * columns * rows
    shifts = rng.uniform(0, 2 * np.pi, 3) if rng.random() < 0.6 else np.zeros(3)
    strength = rng.uniform(0.02, 0.14) if rng.random() < 0.4 else 0.0
    moire = 1 + strength * np.sin(phase[..., None] + shifts)
    coarse = rng.normal(0, 1, (height, width, 3)).astype(np.float32)
    noise = cv2.resize(coarse, (2 * width, 2 * height)) if rng.random() < 0.5 else np.tile(coarse, (2, 2, 1))
    return Camera(
        pose=_pose(rng, height, width),
        shake=rng.uniform(0, 0.8),
        blur=rng.uniform(0.3, 1.4),
        sharpen=rng.uniform(0, 1.2) if rng.random() < 0.5 else 0.0,
        gain=(rng.uniform(0.5, 1.3) * rng.uniform(0.8, 1.2, 3)).astype(np.float32),
        lift=rng.uniform(0, 40),
        gamma=rng.uniform(0.7, 1.4),
        pulse=rng.uniform(0, 0.2) if rng.random() < 0.4 else 0.0,
        glare=(glare * (rng.uniform(20, 140) if rng.random() < 0.4 else 0.0)).astype(np.float32)[..., None],
        moire=moire.astype(np.float32),
        noise=np.asarray(noise, dtype=np.float32),
        grain=rng.uniform(1, 9),
    )


def shaken(rng: np.random.Generator, seen: Camera, height: int, width: int) -> Floats:
    """The pose for one frame."""
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float32)
    placed = cv2.perspectiveTransform(corners[None], seen.pose)[0]
    trembling = placed + rng.normal(0, seen.shake, (4, 2)).astype(np.float32)
    return np.asarray(cv2.getPerspectiveTransform(corners, trembling.astype(np.float32)), dtype=np.float32)


def filmed(rng: np.random.Generator, seen: Camera, screen: Floats, pose: Floats, room: Floats) -> Floats:
    """The camera's picture of `screen`; where the screen is not, `room` is."""
    height, width = screen.shape[:2]
    picture = cv2.warpPerspective(screen, pose, (width, height), room.copy(), borderMode=cv2.BORDER_TRANSPARENT)
    picture = cv2.GaussianBlur(picture * seen.moire, (0, 0), seen.blur)
    if seen.sharpen:
        picture = picture + seen.sharpen * (picture - cv2.GaussianBlur(picture, (0, 0), 1.2))
    picture = 255 * np.power(np.clip(picture, 0, 255) / 255, seen.gamma) * seen.gain + seen.lift + seen.glare
    if seen.pulse:
        band = np.sin(np.arange(height) / height * rng.uniform(2, 8) + rng.uniform(0, 6)).astype(np.float32)
        picture *= 1 + seen.pulse * band[:, None, None]
    y, x = rng.integers(0, height), rng.integers(0, width)
    strength = seen.grain * (0.5 + np.sqrt(np.clip(picture, 0, 255) / 255))
    return np.asarray(picture + strength * seen.noise[y : y + height, x : x + width], dtype=np.float32)


def _pose(rng: np.random.Generator, height: int, width: int) -> Floats:
    """Yaw and pitch up to some 40 degrees, roll up to some 12, the screen filling much of the picture."""
    yaw, pitch = np.radians(rng.uniform(-40, 40) * rng.random()), np.radians(rng.uniform(-25, 25) * rng.random())
    roll = np.radians(np.clip(rng.normal(0, 5), -14, 14))
    cy, sy, cp, sp, cr, sr = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch), np.cos(roll), np.sin(roll)
    turn = (
        np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
        @ np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
        @ np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    )
    far = rng.uniform(1.1, 2.5)  # screen widths
    fit = rng.uniform(0.7, 1.1)
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float32)
    flat = np.column_stack([(corners - [width / 2, height / 2]) / width, np.zeros(4)]) @ turn.T
    seen = flat[:, :2] / (1 + flat[:, 2:] / far) * width * fit + [width / 2, height / 2]
    return np.asarray(cv2.getPerspectiveTransform(corners, seen.astype(np.float32)), dtype=np.float32)
