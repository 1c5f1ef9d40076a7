"""What the camera sees, with what was read of it drawn on: the picture to look at when something is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2

from edge_agent.lines import shown

if TYPE_CHECKING:
    from game.reading import ScoreReading, ScreenReading
    from vision.frame import Image
    from vision.geometry import Box

COLOURS = ((255, 200, 60), (120, 90, 255))  # blue green red: player 1, player 2
WIDEST = 1280


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """A picture and what was read of it.

    Attributes:
        boxes: where player 1's and player 2's displays are, as far as they are known.
    """

    image: Image
    reading: ScreenReading
    boxes: tuple[Box | None, Box | None] = (None, None)


def draw(snapshot: Snapshot) -> bytes:
    """The picture as JPEG, at most `WIDEST` pixels wide."""
    reading, canvas = snapshot.reading, snapshot.image.copy()
    scale = max(0.5, canvas.shape[1] / 1280)
    for number, (player, box) in enumerate(zip((reading.p1, reading.p2), snapshot.boxes, strict=True)):
        text = f"P{number + 1} {_text(player, reading)}"
        x, y = round(canvas.shape[1] * (0.02 + 0.5 * number)), round(canvas.shape[0] * 0.5)
        if box is not None:
            left, top, wide, high = box.rounded()
            cv2.rectangle(canvas, (left, top), (left + wide, top + high), COLOURS[number], max(1, round(2 * scale)))
            x, y = left, top - round(8 * scale) if top > 40 * scale else top + high + round(30 * scale)
        for colour, width in (((0, 0, 0), 5), (COLOURS[number], 2)):
            cv2.putText(
                canvas, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, 0.8 * scale, colour, max(1, round(width * scale))
            )
    if canvas.shape[1] > WIDEST:
        high = round(canvas.shape[0] * WIDEST / canvas.shape[1])
        canvas = cv2.resize(canvas, (WIDEST, high), interpolation=cv2.INTER_AREA).astype(canvas.dtype)
    return cv2.imencode(".jpg", canvas, [cv2.IMWRITE_JPEG_QUALITY, 80])[1].tobytes()


def _text(player: ScoreReading, reading: ScreenReading) -> str:
    value = shown(player.value, reading.unit)
    return f"{'not sure' if value is None else f'{value:,}'} ({player.confidence:.2f})"
