"""The cabinet's own numerals: every digit is a stroke along lines and arcs, and a face says how the stroke is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

import cv2
import numpy as np

from models.simulate.sprite import sheared

if TYPE_CHECKING:
    from models.simulate.sprite import Mask

DESCENT = 1.0  # how far a comma reaches below the digits, in strokes
FINE = 6  # drawn this much larger, then reduced
Point: TypeAlias = tuple[float, float]
Arc: TypeAlias = tuple[float, float, float, float, float, float]  # centre, radii, from and to in degrees, y downwards
Path: TypeAlias = tuple[Point | Arc, ...]

# in a box one wide and one high
STROKES: dict[str, tuple[Path, ...]] = {
    "0": (((0.5, 0.5, 0.5, 0.5, 0, 360),),),
    "1": (((0.12, 0.22), (0.6, 0.0), (0.6, 1.0)),),
    "2": (((0.5, 0.29, 0.5, 0.29, 180, 392), (0.0, 1.0), (1.0, 1.0)),),
    "3": (((0.47, 0.25, 0.45, 0.25, 195, 450),), ((0.47, 0.74, 0.52, 0.26, 270, 522),)),
    "4": (((0.74, 1.0), (0.74, 0.0), (0.0, 0.7), (1.0, 0.7)),),
    "5": (((0.92, 0.0), (0.1, 0.0), (0.05, 0.45), (0.46, 0.68, 0.52, 0.32, 232, 508)),),
    "6": (((0.5, 0.68, 0.5, 0.32, 0, 360),), ((0.86, 0.68, 0.86, 0.67, 180, 272),)),
    "7": (((0.0, 0.0), (1.0, 0.0), (0.34, 1.0)),),
    "8": (((0.5, 0.24, 0.43, 0.24, 0, 360),), ((0.5, 0.73, 0.5, 0.27, 0, 360),)),
    "9": (((0.5, 0.32, 0.5, 0.32, 0, 360),), ((0.14, 0.32, 0.86, 0.67, 0, 92),)),
    "%": (((0.12, 0.13, 0.12, 0.13, 0, 360),), ((0.9, 0.0), (0.1, 1.0)), ((0.88, 0.87, 0.12, 0.13, 0, 360),)),
}
# seven-segment numerals: which of top, upper right, lower right, bottom, lower left, upper left, middle are lit
SEGMENTS = {
    "0": "abcdef",
    "1": "bc",
    "2": "abdeg",
    "3": "abcdg",
    "4": "bcfg",
    "5": "acdfg",
    "6": "acdefg",
    "7": "abc",
    "8": "abcdefg",
    "9": "abcdfg",
}
ENDS: dict[str, tuple[Point, Point]] = {
    "a": ((0, 0), (1, 0)),
    "b": ((1, 0), (1, 0.5)),
    "c": ((1, 0.5), (1, 1)),
    "d": ((1, 1), (0, 1)),
    "e": ((0, 1), (0, 0.5)),
    "f": ((0, 0.5), (0, 0)),
    "g": ((0, 0.5), (1, 0.5)),
}


@dataclass(frozen=True, slots=True)
class Face:
    """A look for numerals.

    Attributes:
        width: of a digit's stroke box, as a share of its height.
        weight: thickness of the stroke, as a share of the height.
        squareness: exponent of the arcs; 2 is an ellipse, 5 nearly a rounded rectangle.
        slant: leaning, pixels right for each pixel up.
        segments: seven-segment numerals instead of strokes.
        comma: width of a comma's cell, as a share of a digit's.
    """

    width: float = 0.56
    weight: float = 0.16
    squareness: float = 2.0
    slant: float = 0.0
    segments: bool = False
    comma: float = 0.5


ROUND = Face(width=0.5, weight=0.17, squareness=2.3)
SQUARE = Face(width=0.58, weight=0.14, squareness=3.6, comma=0.45)
RACING = Face(width=0.56, weight=0.19, squareness=3.2, slant=0.2, comma=0.5)
LEDS = Face(width=0.5, weight=0.13, slant=0.08, segments=True, comma=0.4)
NARROW = Face(width=0.4, weight=0.16, squareness=3.4)
SLIM = Face(width=0.5, weight=0.1, squareness=2.6)


@lru_cache(maxsize=512)
def numeral(face: Face, character: str, height: int) -> Mask:
    """A digit, a comma, a point or % as a mask; digits are `height` pixels high and equally wide.

    Raises:
        KeyError: another character.
    """
    tall = height * FINE
    weight = max(1, round(face.weight * tall))
    inner = tall - weight
    wide = round(face.width * tall)
    canvas: Mask = np.zeros((tall, wide + weight), np.uint8)
    if character == ",":
        below = round(weight * DESCENT)
        canvas = np.zeros((tall + below, max(weight + FINE, round(face.comma * canvas.shape[1]))), np.uint8)
        middle, wing = canvas.shape[1] / 2, weight * 0.58
        head = tall - 2 * wing
        right, tip = middle + wing, (middle - wing, tall + below - 1)
        outline = [(middle - wing, head), (right, head), (right, tall), tip, (middle, tall), (middle - wing, tall)]
        cv2.fillPoly(canvas, [np.round(outline).astype(np.int32)], 255)
    elif character == ".":
        canvas = np.zeros((tall, max(weight + FINE, round(face.comma * canvas.shape[1]))), np.uint8)
        middle, wing = canvas.shape[1] // 2, round(weight * 0.58)
        cv2.rectangle(canvas, (middle - wing, tall - 2 * wing), (middle + wing, tall - 1), 255, cv2.FILLED)
    elif face.segments and character in SEGMENTS:
        for segment in SEGMENTS[character]:
            _segment(canvas, ENDS[segment], weight, (wide, inner))
    else:
        for path in STROKES[character]:
            points = np.array(_trace(path, face.squareness)) * (wide, inner) + weight / 2
            closed = bool(np.allclose(points[0], points[-1]))
            cv2.polylines(canvas, [np.round(points).astype(np.int32)], closed, 255, weight, cv2.LINE_AA)
    canvas = sheared(canvas, face.slant)
    size = (max(1, round(canvas.shape[1] / FINE)), round(canvas.shape[0] / FINE))
    return np.asarray(cv2.resize(canvas, size, interpolation=cv2.INTER_AREA), np.uint8)


def _trace(path: Path, squareness: float) -> list[Point]:
    points: list[Point] = []
    for part in path:
        if len(part) == 2:  # noqa: PLR2004 - a point has two numbers, an arc six
            points.append(part)
            continue
        x, y, rx, ry, begin, end = part
        angles = np.radians(np.linspace(begin, end, 60))
        cos, sin = np.cos(angles), np.sin(angles)
        power = 2.0 / squareness
        xs = x + rx * np.sign(cos) * np.abs(cos) ** power
        ys = y + ry * np.sign(sin) * np.abs(sin) ** power
        points.extend(zip(xs.tolist(), ys.tolist(), strict=True))
    return points


def _segment(canvas: Mask, ends: tuple[Point, Point], weight: int, size: tuple[int, int]) -> None:
    """One bar with pointed ends."""
    one, two = (np.array(end) * size + weight / 2 for end in ends)
    along = (two - one) / max(1e-6, float(np.linalg.norm(two - one)))
    across = np.array([-along[1], along[0]]) * weight / 2
    gap = along * weight * 0.12
    one, two = one + gap, two - gap
    tip = along * weight / 2
    corners = [one, one + tip + across, two - tip + across, two, two - tip - across, one + tip - across]
    cv2.fillPoly(canvas, [np.round(corners).astype(np.int32)], 255, cv2.LINE_AA)
