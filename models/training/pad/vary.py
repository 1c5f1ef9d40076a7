"""Every batch looks at its pictures otherwise: mirrored, nearer or farther, moved, in other colours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from models.training.digits.fit import recolour
from vision.pad.decode import GREY

if TYPE_CHECKING:
    from vision.frame import Floats, Image

CUT = 0.6  # share of an object that has to stay in the picture to count


def vary(
    rng: np.random.Generator, pictures: Image, tables: Floats, window: tuple[int, int] | None = None
) -> tuple[Floats, Floats]:
    """Pictures (n, h, w, 3) and their objects (n, MOST, FIELDS), changed.

    `window` is the width and height of what is cut out of each, which makes learning as much cheaper; None is all.
    """
    full = (pictures.shape[2], pictures.shape[1])
    size = window or full
    changed, moved = np.empty((len(pictures), size[1], size[0], 3), np.uint8), tables.copy()
    for index, picture in enumerate(pictures):
        zoom = float(np.exp(rng.uniform(-0.35, 0.3)))
        spare = np.array(size) - zoom * np.array(full)  # negative where something is cut off
        shift = spare * rng.uniform(0.1, 0.9, 2) + rng.normal(0, 0.04, 2) * size
        way = np.array([[zoom, 0, shift[0]], [0, zoom, shift[1]]])
        changed[index] = cv2.warpAffine(picture, way, size, flags=cv2.INTER_LINEAR, borderValue=(GREY, GREY, GREY))
        moved[index] = _moved(tables[index], zoom, shift, size)
        if rng.integers(2):
            changed[index] = changed[index, :, ::-1]
            there = moved[index, :, 0] >= 0
            moved[index, there, 1] = size[0] - moved[index, there, 1] - moved[index, there, 3]
            moved[index, there, 6] = size[0] - moved[index, there, 6]
    return recolour(rng, changed), moved


def _moved(table: Floats, zoom: float, shift: Floats, size: tuple[int, int]) -> Floats:
    moved = table.copy()
    there = table[:, 0] >= 0
    low = table[there, 1:3] * zoom + shift
    high = low + table[there, 3:5] * zoom
    moved[there, 6:8] = table[there, 6:8] * zoom + shift
    cut_low, cut_high = np.clip(low, 0, size), np.clip(high, 0, size)
    left = np.prod(cut_high - cut_low, axis=1) / np.maximum(np.prod(high - low, axis=1), 1e-6)
    moved[there, 1:3], moved[there, 3:5] = cut_low, cut_high - cut_low
    moved[there, 8] = table[there, 8] * (left >= CUT)
    gone = there.copy()
    gone[there] = left < 0.05
    moved[gone] = -1
    return moved
