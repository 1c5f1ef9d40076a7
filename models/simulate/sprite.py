"""Pictures with transparency, made once and laid over frames many times. Small functions on arrays, nothing more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vision.frame import Floats, Image

Mask: TypeAlias = "NDArray[np.uint8]"  # (height, width), 255 inside
Colour: TypeAlias = tuple[int, int, int]  # blue green red
Box: TypeAlias = tuple[float, float, float, float]  # x, y, width, height


@dataclass(frozen=True, slots=True, eq=False)
class Sprite:
    """A picture to lay over another: `under * keep / 255 + colour`.

    Attributes:
        colour: (height, width, 3), already multiplied by its opacity.
        keep: (height, width, 3), how much of what lies under stays; 255 everywhere for light.
    """

    colour: Image
    keep: Image

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.colour.shape[1], self.colour.shape[0]


def layer(fill: Image | Colour, mask: Mask, opacity: float = 1.0) -> Sprite:
    """A sprite of `fill`, a picture of the mask's size or one colour, where the mask is."""
    alpha = mask.astype(np.float32)[..., None] * np.float32(opacity / 255.0)
    colour = np.asarray(fill, np.float32) * alpha
    return Sprite(_bytes(colour), _bytes(np.repeat(255.0 - 255.0 * alpha, 3, axis=2)))


def light(colour: Colour, mask: Mask, strength: float = 1.0) -> Sprite:
    """A sprite that only brightens."""
    glow = np.asarray(colour, np.float32) * (mask.astype(np.float32)[..., None] * np.float32(strength / 255.0))
    return Sprite(_bytes(glow), np.full((*mask.shape, 3), 255, np.uint8))


def stack(*sprites: Sprite) -> Sprite:
    """Sprites of one size laid over each other, the first at the bottom."""
    colour: Floats = sprites[0].colour.astype(np.float32)
    keep: Floats = sprites[0].keep.astype(np.float32)
    for sprite in sprites[1:]:
        share = sprite.keep.astype(np.float32) / np.float32(255.0)
        colour = np.asarray(colour * share + sprite.colour, np.float32)
        keep = keep * share
    return Sprite(_bytes(colour), _bytes(keep))


def faded(sprite: Sprite, opacity: float) -> Sprite:
    """The sprite made more transparent."""
    kept = 255.0 * (1.0 - opacity)
    colour = cv2.convertScaleAbs(sprite.colour, alpha=opacity)
    keep = cv2.convertScaleAbs(sprite.keep, alpha=opacity, beta=kept)
    return Sprite(np.asarray(colour, np.uint8), np.asarray(keep, np.uint8))


def scaled(sprite: Sprite, factor: float) -> Sprite:
    """The sprite at another size."""
    size = (max(1, round(sprite.size[0] * factor)), max(1, round(sprite.size[1] * factor)))
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    colour, keep = (cv2.resize(picture, size, interpolation=how) for picture in (sprite.colour, sprite.keep))
    return Sprite(np.asarray(colour, np.uint8), np.asarray(keep, np.uint8))


def blit(canvas: Image, sprite: Sprite, x: float, y: float) -> None:
    """Lay a sprite over the canvas, its top left corner at (x, y); what falls outside is cut off."""
    left, top = round(x), round(y)
    height, width = sprite.colour.shape[:2]
    x0, y0 = max(left, 0), max(top, 0)
    x1, y1 = min(left + width, canvas.shape[1]), min(top + height, canvas.shape[0])
    if x0 >= x1 or y0 >= y1:
        return
    part = canvas[y0:y1, x0:x1]
    keep = sprite.keep[y0 - top : y1 - top, x0 - left : x1 - left]
    colour = sprite.colour[y0 - top : y1 - top, x0 - left : x1 - left]
    cv2.multiply(part, keep, dst=part, scale=1.0 / 255.0)
    cv2.add(part, colour, dst=part)


def centred(canvas: Image, sprite: Sprite, x: float, y: float) -> None:
    """Lay a sprite over the canvas with its middle at (x, y)."""
    blit(canvas, sprite, x - sprite.size[0] / 2, y - sprite.size[1] / 2)


def blend(canvas: Image, box: Box, colour: Colour, opacity: float) -> None:
    """Fill a box with a see-through colour."""
    x0, y0 = max(0, round(box[0])), max(0, round(box[1]))
    part = canvas[y0 : max(0, round(box[1] + box[3])), x0 : max(0, round(box[0] + box[2]))]
    if part.size:
        part[:] = _mix(part, colour, opacity)


def _mix(part: Image, colour: Colour, opacity: float) -> Image:
    table = np.arange(256, dtype=np.float32)[:, None] * (1.0 - opacity) + np.asarray(colour, np.float32) * opacity
    return np.asarray(cv2.LUT(part, np.round(table).astype(np.uint8).reshape(1, 256, 3)), np.uint8)


def gradient(height: int, width: int, top: Colour, bottom: Colour, middle: Colour | None = None) -> Image:
    """A picture that goes from one colour down to another, by way of a third when there is one."""
    stops = [top, bottom] if middle is None else [top, middle, bottom]
    at = np.linspace(0, len(stops) - 1, height, dtype=np.float32)
    column = np.stack([np.interp(at, range(len(stops)), [stop[c] for stop in stops]) for c in range(3)], axis=1)
    return np.repeat(np.round(column).astype(np.uint8)[:, None], width, axis=1)


def grown(mask: Mask, radius: int) -> Mask:
    """The mask made fatter by a round brush."""
    if radius < 1:
        return mask
    brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    return np.asarray(cv2.dilate(mask, brush), np.uint8)


def blurred(mask: Mask, radius: float) -> Mask:
    """The mask made soft."""
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), max(0.3, radius)), np.uint8)


def padded(mask: Mask, margin: int) -> Mask:
    """The mask with room around it."""
    return np.pad(mask, margin)


def sheared(mask: Mask, slant: float) -> Mask:
    """The mask leaning right by `slant` pixels for each pixel of height."""
    if not slant:
        return mask
    height, width = mask.shape
    extra = int(np.ceil(abs(slant) * height))
    matrix = np.array([[1.0, -slant, slant * height if slant > 0 else 0.0], [0.0, 1.0, 0.0]], np.float32)
    return np.asarray(cv2.warpAffine(mask, matrix, (width + extra, height), flags=cv2.INTER_LINEAR), np.uint8)


def _bytes(values: Floats) -> Image:
    return np.clip(np.round(values), 0, 255).astype(np.uint8)
