"""What the camera sees, and what was read of it: the picture to look at when something is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from edge_agent.lines import shown

if TYPE_CHECKING:
    from game.reading import ScoreReading, ScreenReading
    from vision.frame import Image
    from vision.geometry import TextLine
    from vision.layout import Display

COLOURS = ((255, 190, 60), (40, 160, 255))  # blue green red: player 1, player 2
WIDEST = 1280


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """A picture and what was read of it.

    Attributes:
        displays: player 1's and player 2's, as far as they are known.
    """

    image: Image
    reading: ScreenReading
    displays: tuple[Display | None, Display | None] = (None, None)


def jpeg(image: Image) -> bytes:
    """The bare picture as JPEG, at most `WIDEST` pixels wide."""
    if image.shape[1] > WIDEST:
        high = round(image.shape[0] * WIDEST / image.shape[1])
        image = cv2.resize(image, (WIDEST, high), interpolation=cv2.INTER_AREA).astype(image.dtype)
    return cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 80])[1].tobytes()


def seen(snapshot: Snapshot) -> dict[str, Any]:
    """What was read, ready for JSON; places are shares of the picture's width and height."""
    high, wide = snapshot.image.shape[:2]
    reading, size = snapshot.reading, np.array([wide, high])
    found = []
    for player, display in zip((reading.p1, reading.p2), snapshot.displays, strict=True):
        place: dict[str, Any] = {"outline": None, "cells": []}
        if display is not None:
            outline = [[round(float(x), 4) for x in corner] for corner in outline_of(display.line) / size]
            place = {"outline": outline, "cells": [round(float(x) / wide, 4) for x in display.cells]}
        found.append(place | {"text": _text(player, reading), "confidence": round(player.confidence, 3)})
    return {"players": found, "width": wide, "height": high, "visible": reading.visible, "lost": reading.lost}


def draw(snapshot: Snapshot) -> bytes:
    """The picture as JPEG with what was read drawn on, at most `WIDEST` pixels wide."""
    reading, canvas = snapshot.reading, snapshot.image.copy()
    scale = max(0.5, canvas.shape[1] / 1280)
    for number, (player, display) in enumerate(zip((reading.p1, reading.p2), snapshot.displays, strict=True)):
        text = f"P{number + 1} {_text(player, reading)} ({player.confidence:.2f})"
        x, y = round(canvas.shape[1] * (0.02 + 0.5 * number)), round(canvas.shape[0] * 0.5)
        if display is not None:
            outline = np.rint(outline_of(display.line)).astype(np.int32)
            cv2.polylines(canvas, [outline], isClosed=True, color=COLOURS[number], thickness=max(1, round(2 * scale)))
            (x, top), bottom = outline.min(axis=0).tolist(), int(outline[:, 1].max())
            y = top - round(8 * scale) if top > 40 * scale else bottom + round(30 * scale)
        for colour, width in (((0, 0, 0), 5), (COLOURS[number], 2)):
            thick = max(1, round(width * scale))
            cv2.putText(canvas, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, 0.8 * scale, colour, thick)
    return jpeg(canvas)


def outline_of(line: TextLine) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """The corners of a line of characters, (4, 2) pixels, clockwise from the top left."""
    lean, half = line.slope * (line.right - line.left) / 2, line.height / 2
    left, right = line.middle - lean, line.middle + lean
    top = [(line.left, left - half), (line.right, right - half)]
    return np.array([*top, (line.right, right + half), (line.left, left + half)])


def _text(player: ScoreReading, reading: ScreenReading) -> str:
    value = shown(player.value, reading.unit)
    return "not sure" if value is None else f"{value:,}"
