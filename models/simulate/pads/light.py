"""Light on a dance floor, and what a lens and a sensor make of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from vision.frame import Floats, Image

COARSE = 16  # light changes slowly over the picture: it is computed this much smaller
LIGHTS = ("even", "spots", "dim", "gradient", "strobe")
HELD_LIGHTS = ("beams", "screen")


@dataclass(frozen=True, slots=True)
class Light:
    """One way of lighting. Everything random follows from `seed`.

    Attributes:
        kind: one of LIGHTS or HELD_LIGHTS.
        gain: brightness of it all.
        noise: levels, standard deviation of the sensor's noise.
        blur: pixels, standard deviation of the lens.
        lean: metres that a shadow moves a metre of height, to the right and forward.
        dark: share of the light that a shadow takes.
    """

    seed: int
    kind: str
    gain: float
    noise: float
    blur: float
    lean: tuple[float, float]
    dark: float


def draw_light(rng: np.random.Generator, *, held_out: bool) -> Light:
    """A light; the held-out kinds never occur in the others."""
    kind = str(rng.choice(HELD_LIGHTS if held_out else LIGHTS))
    low, high = {"dim": (0.35, 0.65), "strobe": (0.8, 1.6)}.get(kind, (0.6, 1.3))
    angle = rng.uniform(0, 2 * np.pi)
    far = rng.uniform(0.1, 1.0)
    return Light(
        seed=int(rng.integers(1 << 31)),
        kind=kind,
        gain=float(rng.uniform(low, high)),
        noise=float(rng.uniform(0.5, 11.0)),
        blur=float(rng.choice([0.0, rng.uniform(0.3, 1.1)])),
        lean=(float(far * np.cos(angle)), float(far * np.sin(angle))),
        dark=float(rng.uniform(0.15, 0.65)),
    )


def shine(light: Light, size: tuple[int, int], t: float) -> Floats:
    """What the light makes of white, (height, width, 3), at `t` seconds."""
    rng = np.random.default_rng(light.seed)
    width, height = max(2, size[0] // COARSE), max(2, size[1] // COARSE)
    x, y = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    tint: Floats = 1 + rng.uniform(-0.18, 0.18, 3)
    field: Floats = np.ones((height, width, 3)) * tint
    if light.kind in {"spots", "dim"}:
        for _ in range(int(rng.integers(1, 5))):
            at, wide, colour = rng.uniform(0, 1, 2), rng.uniform(0.1, 0.4), rng.uniform(-0.3, 1.0, 3)
            at = at + 0.2 * np.sin(rng.uniform(0, 6, 2) + rng.uniform(0, 2, 2) * t)
            spot = np.exp(-((x - at[0]) ** 2 + (y - at[1]) ** 2) / (2 * wide**2))
            field += spot[..., None] * colour
    elif light.kind == "gradient":
        way = rng.normal(0, 1, 2)
        ramp = (x - 0.5) * way[0] + (y - 0.5) * way[1]
        field = field * np.clip(1 + ramp[..., None] * rng.uniform(-0.9, 0.9, 3), 0.3, 1.8)
    elif light.kind == "strobe":
        field = field * (1 + 0.5 * rng.uniform(-1, 1, 3) * np.sin(rng.uniform(2, 9) * t + rng.uniform(0, 6)))
    elif light.kind == "beams":
        for _ in range(int(rng.integers(2, 5))):
            turn, where, wide = rng.uniform(0, np.pi), rng.uniform(0.2, 0.8), rng.uniform(0.02, 0.09)
            across = x * np.cos(turn) + y * np.sin(turn) - where - 0.15 * np.sin(t + where)
            field += np.exp(-((across / wide) ** 2) / 2)[..., None] * rng.uniform(-0.2, 1.0, 3)
    elif light.kind == "screen":
        glow = np.exp(-(((x - 0.5) / 0.4) ** 2) - (y / rng.uniform(0.2, 0.5)) ** 2)
        field = 0.6 * field + glow[..., None] * rng.uniform(0.3, 1.3, 3) * (1 + 0.2 * np.sin(7 * t))
    small = np.clip(field * light.gain, 0.08, 2.4).astype(np.float32)
    return np.asarray(cv2.resize(small, size, interpolation=cv2.INTER_LINEAR))


def expose(light: Light, picture: Image, rng: np.random.Generator) -> Image:
    """What a sensor makes of a picture: blur, noise, contrast and the marks of compression."""
    fixed = np.random.default_rng([light.seed, 1])
    seen = picture
    if light.blur:
        seen = np.asarray(cv2.GaussianBlur(seen, (0, 0), light.blur), np.uint8)
    contrast, lift = fixed.uniform(0.7, 1.2), fixed.uniform(-8, 25)
    grain = rng.standard_normal((seen.shape[0], seen.shape[1], 1), dtype=np.float32)
    coarse = fixed.random() < 0.4  # noqa: PLR2004 - a share of sensors whose noise has colour
    if coarse:
        grain = rng.standard_normal(seen.shape, dtype=np.float32)
    values = (seen.astype(np.float32) - 100) * np.float32(contrast) + np.float32(100 + lift)
    seen = np.clip(values + grain * np.float32(light.noise), 0, 255).astype(np.uint8)
    if fixed.random() < 0.5:  # noqa: PLR2004 - half of all cameras compress
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(fixed.integers(30, 92))]
        seen = np.asarray(cv2.imdecode(cv2.imencode(".jpg", seen, quality)[1], cv2.IMREAD_COLOR), np.uint8)
    return seen
