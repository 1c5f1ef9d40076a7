"""Moving backgrounds. Each is made once for a size and then paints a frame at any time, the same for the same time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

import cv2
import numpy as np

from models.simulate.sprite import Colour, blit, gradient, layer, light

if TYPE_CHECKING:
    from models.simulate.sprite import Sprite
    from vision.frame import Floats, Image

Palette: TypeAlias = tuple[Colour, ...]  # from dark to bright
COARSE = 6  # soft backgrounds are computed this much smaller


class Background(Protocol):
    """Paints a frame."""

    def paint(self, t: float, beat: float) -> Image:
        """A new picture at `t` seconds; `beat` counts the song's beats."""


def ramp(palette: Palette) -> Image:
    """A colour table of 256 steps through the palette."""
    at = np.linspace(0, len(palette) - 1, 256)
    table = np.stack([np.interp(at, range(len(palette)), [colour[c] for colour in palette]) for c in range(3)], axis=1)
    return np.round(table).astype(np.uint8).reshape(1, 256, 3)


def _soft(field: Floats, table: Image, size: tuple[int, int]) -> Image:
    """A small field of values from 0 to 1 as a smooth picture."""
    levels = np.clip(field * 255.0, 0, 255).astype(np.uint8)
    colours = cv2.LUT(cv2.merge([levels, levels, levels]), table)
    return np.asarray(cv2.resize(colours, size, interpolation=cv2.INTER_LINEAR), np.uint8)


def _grid(size: tuple[int, int]) -> tuple[Floats, Floats]:
    """Coordinates of the small field: x from -aspect to aspect, y from -1 to 1."""
    width, height = max(8, size[0] // COARSE), max(8, size[1] // COARSE)
    aspect = size[0] / size[1]
    x, y = np.meshgrid(np.linspace(-aspect, aspect, width), np.linspace(-1, 1, height))
    return x.astype(np.float32), y.astype(np.float32)


class Aurora:
    """Slow curtains of light, and motes that drift upwards."""

    def __init__(self, size: tuple[int, int], palette: Palette, rng: np.random.Generator) -> None:
        self._size = size
        self._table = ramp(palette)
        self._x, self._y = _grid(size)
        self._phase = rng.uniform(0, 2 * np.pi, 4).astype(np.float32)
        self._motes = _Motes(size, palette[-1], rng)

    def paint(self, t: float, beat: float) -> Image:
        """See `Background.paint`."""
        x, y, phase = self._x, self._y, self._phase
        bend = 0.5 * np.sin(1.7 * x + 0.35 * t + phase[0])
        curtain = np.sin(2.2 * (y + bend) - 0.5 * t + phase[1]) * np.cos(0.9 * x - 0.22 * t + phase[2])
        field = 0.42 + 0.3 * curtain + 0.1 * np.sin(3.1 * x + 1.3 * y + 0.6 * t + phase[3]) + 0.06 * _pulse(beat)
        picture = _soft(field.astype(np.float32), self._table, self._size)
        self._motes.paint(picture, t)
        return picture


class Rays:
    """Beams that turn around the middle, and motes."""

    def __init__(self, size: tuple[int, int], palette: Palette, rng: np.random.Generator) -> None:
        self._size = size
        self._table = ramp(palette)
        x, y = _grid(size)
        self._angle = np.arctan2(y + 0.25, x).astype(np.float32)
        self._far = np.sqrt(x * x + (y + 0.25) ** 2).astype(np.float32)
        self._beams = int(rng.integers(5, 9))
        self._motes = _Motes(size, palette[-1], rng)

    def paint(self, t: float, beat: float) -> Image:
        """See `Background.paint`."""
        beams = np.sin(self._angle * self._beams + 0.35 * t) + 0.5 * np.sin(self._angle * (self._beams - 2) - 0.6 * t)
        rings = np.sin(5.0 * self._far - 2.2 * t)
        field = 0.36 + 0.2 * beams * np.minimum(self._far, 1.0) + 0.07 * rings + (0.1 * _pulse(beat) - 0.16 * self._far)
        picture = _soft(field.astype(np.float32), self._table, self._size)
        self._motes.paint(picture, t)
        return picture


class Horizon:
    """A low sun over a grid that runs towards the viewer."""

    def __init__(self, size: tuple[int, int], palette: Palette, rng: np.random.Generator) -> None:
        width, height = size
        self._line = round(height * 0.56)
        self._colour = palette[-1]
        sky = gradient(self._line, width, palette[0], palette[2], palette[1])
        ground = gradient(height - self._line, width, palette[1], palette[0])
        self._base: Image = np.ascontiguousarray(np.vstack([sky, ground]))
        for star in rng.uniform(0, 1, (90, 3)):
            at = (int(star[0] * width), int(star[1] * self._line * 0.9))
            level = round(90 + 150 * star[2])
            cv2.circle(self._base, at, 1 if star[2] > 0.8 else 0, (level, level, level), cv2.FILLED)  # noqa: PLR2004
        self._sun(width, height, palette)

    def _sun(self, width: int, height: int, palette: Palette) -> None:
        radius = round(height * 0.27)
        mask = np.zeros((2 * radius, 2 * radius), np.uint8)
        cv2.circle(mask, (radius, radius), radius - 1, 255, cv2.FILLED, cv2.LINE_AA)
        for band in range(7):  # slits that widen downwards
            y = radius + round(radius * band * 0.145)
            mask[y : y + 1 + band * radius // 60] = 0
        colours = gradient(2 * radius, 2 * radius, palette[-2], palette[-1])
        blit(self._base[: self._line], layer(colours, mask, 0.75), width / 2 - radius, self._line - 1.5 * radius)

    def paint(self, t: float, beat: float) -> Image:
        """See `Background.paint`."""
        picture = self._base.copy()
        height, width = picture.shape[:2]
        depth = height - self._line
        glow = 0.55 + 0.45 * _pulse(beat)
        colour = tuple(round(part * glow) for part in self._colour)
        shift = (t * 0.6) % 1.0
        for row in range(11):
            y = self._line + round(depth * 1.35 / (1.0 + 0.55 * (10 - row + 1.0 - shift)))
            if y < height:
                cv2.line(picture, (0, y), (width, y), colour, 1)
        for column in range(-14, 15):
            x = round(width / 2 + column * width * 0.022)
            far = round(width / 2 + column * width * 0.19)
            cv2.line(picture, (x, self._line), (far, height), colour, 1, cv2.LINE_AA)
        return picture


class _Motes:
    """Soft discs that drift upwards."""

    def __init__(self, size: tuple[int, int], colour: Colour, rng: np.random.Generator) -> None:
        self._size = size
        self._sprites = [self._disc(round(size[1] * share), colour) for share in (0.012, 0.025, 0.05)]
        self._places = rng.uniform(0, 1, (26, 4))

    @staticmethod
    def _disc(radius: int, colour: Colour) -> Sprite:
        radius = max(2, radius)
        mask = np.zeros((4 * radius, 4 * radius), np.uint8)
        cv2.circle(mask, (2 * radius, 2 * radius), radius, 255, cv2.FILLED, cv2.LINE_AA)
        return light(colour, np.asarray(cv2.GaussianBlur(mask, (0, 0), radius * 0.45), np.uint8), 0.22)

    def paint(self, picture: Image, t: float) -> None:
        """Lay the motes over a picture."""
        width, height = self._size
        for x, y, pace, kind in self._places:
            sprite = self._sprites[int(kind * len(self._sprites))]
            tall = height + sprite.size[1]
            top = tall - (y * tall + t * (10 + 40 * pace) * height / 480) % tall - sprite.size[1]
            sway = 14 * np.sin(0.7 * t * pace + 9 * kind)
            blit(picture, sprite, x * width + sway - sprite.size[0] / 2, top)


def _pulse(beat: float) -> float:
    """1 on the beat, falling to 0 before the next."""
    return float((1.0 - beat % 1.0) ** 2)


@dataclass(frozen=True, slots=True)
class Scenery:
    """A background by name and palette, so that a theme can be plain data."""

    kind: str
    palette: Palette

    def build(self, size: tuple[int, int], rng: np.random.Generator) -> Background:
        """The background for a picture of this size."""
        return KINDS[self.kind](size, self.palette, rng)


KINDS: dict[str, type[Aurora | Rays | Horizon]] = {"aurora": Aurora, "rays": Rays, "horizon": Horizon}
