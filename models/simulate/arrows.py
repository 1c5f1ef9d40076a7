"""Arrows, receptors, holds and the flash of a hit, as sprites."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from models.simulate.sprite import Colour, Mask, Sprite, blurred, gradient, layer, light, stack

if TYPE_CHECKING:
    from vision.frame import Floats

FINE = 6
TURNS = (1, 2, 0, 3)  # quarter turns anticlockwise from up: left, down, up, right
# an arrow that points up, in a square from -1 to 1
SOLID = (
    (0.0, -0.90),
    (0.86, -0.06),
    (0.54, 0.26),
    (0.25, -0.02),
    (0.25, 0.84),
    (-0.25, 0.84),
    (-0.25, -0.02),
    (-0.54, 0.26),
    (-0.86, -0.06),
)
CHEVRON = ((0.0, -0.88), (0.9, 0.0), (0.9, 0.62), (0.0, -0.22), (-0.9, 0.62), (-0.9, 0.0))
SHAPES = {"solid": SOLID, "chevron": CHEVRON}


@dataclass(frozen=True, slots=True)
class ArrowLook:
    """How a theme's arrows look.

    Attributes:
        shape: a name in SHAPES.
        tints: fill by part of the beat: on it, first quarter, half, third quarter.
        rim: colour of the bright edge.
        hold: colour of a hold's body.
    """

    shape: str
    tints: tuple[Colour, Colour, Colour, Colour]
    rim: Colour = (255, 255, 255)
    hold: Colour = (120, 220, 120)


def shape_mask(shape: str, size: int, swell: float = 0.0) -> Mask:
    """The arrow that points up as a mask of `size` pixels square; `swell` grows it with round corners."""
    big = size * FINE
    points = (np.array(SHAPES[shape]) * 0.8 + 1.0) * big / 2
    corners = [np.round(points).astype(np.int32)]
    mask = np.zeros((big, big), np.uint8)
    cv2.fillPoly(mask, corners, 255)
    width = round(swell * big)
    if width > 0:
        cv2.polylines(mask, corners, isClosed=True, color=255, thickness=width)
    return np.asarray(cv2.resize(mask, (size, size), interpolation=cv2.INTER_AREA), np.uint8)


def arrow(look: ArrowLook, lane: int, part: int, size: int) -> Sprite:
    """A note: dark edge, bright rim, a fill that fades towards the tail, and a darker core."""
    tint = look.tints[part]
    deep = _scaled(tint, 0.45)
    picture = stack(
        layer((10, 8, 8), shape_mask(look.shape, size, 0.17)),
        layer(look.rim, shape_mask(look.shape, size, 0.10)),
        layer(gradient(size, size, _lifted(tint, 0.35), deep, tint), shape_mask(look.shape, size, 0.02)),
        layer(_lifted(tint, 0.75), _core(look.shape, size), 0.55),
    )
    return turned(picture, lane)


def receptor(look: ArrowLook, lane: int, size: int, lit: float) -> Sprite:
    """The still arrow that notes run into; `lit` 0 to 1 brightens it with the beat."""
    level = round(70 + 110 * lit)
    ring = cv2.subtract(shape_mask(look.shape, size, 0.12), shape_mask(look.shape, size, 0.02))
    picture = stack(
        layer((10, 8, 8), shape_mask(look.shape, size, 0.16), 0.7),
        layer(gradient(size, size, (level, level, level), (level // 2,) * 3), np.asarray(ring, np.uint8)),
        layer((level // 3,) * 3, shape_mask(look.shape, size, 0.0), 0.8),
    )
    return turned(picture, lane)


def flash(look: ArrowLook, lane: int, size: int, colour: Colour, strength: float) -> Sprite:
    """The light of a hit, twice the arrow's size."""
    mask = np.zeros((2 * size, 2 * size), np.uint8)
    mask[size // 2 : size // 2 + size, size // 2 : size // 2 + size] = shape_mask(look.shape, size, 0.12)
    soft = cv2.addWeighted(blurred(mask, size * 0.18), 1.4, mask, 0.5, 0)
    return turned(light(colour, np.asarray(soft, np.uint8), strength), lane)


def hold_body(look: ArrowLook, size: int, length: int, *, active: bool) -> Sprite:
    """The body of a hold, `size` wide and `length` high, with a round lower end."""
    width = max(4, round(size * 0.62))
    height = max(length, width)
    mask = np.zeros((height, size), np.uint8)
    left = (size - width) // 2
    cv2.rectangle(mask, (left, 0), (left + width - 1, height - width // 2), 255, cv2.FILLED)
    cv2.circle(mask, (left + width // 2, height - width // 2 - 1), width // 2, 255, cv2.FILLED, cv2.LINE_AA)
    inner = np.asarray(cv2.erode(mask, np.ones((3, 3), np.uint8), iterations=max(1, size // 20)), np.uint8)
    fill = _lifted(look.hold, 0.3) if active else _scaled(look.hold, 0.7)
    shade = np.tile(np.abs(np.linspace(-1, 1, size, dtype=np.float32))[None, :, None], (height, 1, 1))
    picture: Floats = np.asarray(fill, np.float32) * (np.float32(1.0) - np.float32(0.45) * shade)
    body = np.round(picture).astype(np.uint8)
    return stack(layer(_lifted(look.hold, 0.6), mask, 0.9), layer(body, inner, 0.92))


def turned(sprite: Sprite, lane: int) -> Sprite:
    """A sprite that points up, pointing along a lane."""
    turns = TURNS[lane]
    colour, keep = (np.ascontiguousarray(np.rot90(picture, turns)) for picture in (sprite.colour, sprite.keep))
    return Sprite(colour, keep)


def _core(shape: str, size: int) -> Mask:
    inner = shape_mask(shape, size)
    return np.asarray(cv2.erode(inner, np.ones((3, 3), np.uint8), iterations=max(1, size // 10)), np.uint8)


def _scaled(colour: Colour, share: float) -> Colour:
    blue, green, red = (round(part * share) for part in colour)
    return blue, green, red


def _lifted(colour: Colour, share: float) -> Colour:
    blue, green, red = (round(part + (255 - part) * share) for part in colour)
    return blue, green, red
