"""Hand-written stand-ins for what the device sees and talks to, and clips made to fit them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from game.reading import ScoreReading, ScreenReading

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from vision.frame import Frame, Image

STEP = 8  # grey levels apart, so that lossy video keeps them apart
UNIT = 10_000  # points a level


def picture(p1: int | None, p2: int | None) -> Image:
    """A picture whose halves tell the scores in levels 0..25; None for no display."""
    image = np.zeros((96, 128, 3), np.uint8)
    for left, level in ((0, p1), (64, p2)):
        image[:, left : left + 64] = 0 if level is None else 40 + STEP * level
    return image


class LevelReader:
    """Reads what `picture` draws."""

    def __init__(self) -> None:
        self.resets = 0

    def read(self, frame: Frame) -> ScreenReading:
        one, two = (self._level(frame.image[:, left : left + 64]) for left in (0, 64))
        return ScreenReading(frame.t, one, two, visible=one.value is not None or two.value is not None, digits=9)

    def reset(self) -> None:
        self.resets += 1

    @staticmethod
    def _level(half: Image) -> ScoreReading:
        grey = float(half.mean())
        if grey < 32:
            return ScoreReading()
        return ScoreReading(max(0, round((grey - 40) / STEP)) * UNIT, 0.99)


def song(seconds: float = 6.0, fps: int = 10) -> list[Image]:
    """A short match: black, zeros, both scores growing with player 1 ahead and standing for a second, black again."""
    frames = [picture(None, None)] * fps
    frames += [picture(0, 0)] * (2 * fps)
    steps = int(seconds * fps)
    frames += [picture(20 * i // steps, 16 * i // steps) for i in range(1, steps + 1)]
    frames += [picture(20, 16)] * fps  # long enough for a busy machine to see it
    return frames + [picture(None, None)] * (6 * fps)


def write_clip(path: Path, frames: Iterable[Image], fps: float = 10.0) -> Path:
    """Write a video of pictures."""
    out = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), fps, (128, 96))
    for frame in frames:
        out.write(frame)
    out.release()
    return path
