"""What the pad network says, as boxes: one map of cells, three classes, no anchors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from vision.geometry import Box

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vision.frame import Floats, Image

STRIDE: Final = 8  # pixels of the network's input a cell
GRAIN: Final = 32  # the network halves its input five times
LONG_SIDE: Final = 320  # pixels
CLASSES: Final = ("pad", "panel", "foot")
CHANNELS: Final = 19
"""3 logits; then 4 distances a class (left, top, right, bottom: log2 of cells from the cell's middle);
a logit that the panel is lit; a logit that the foot stands; the ball of the foot on the floor, x and y in cells."""

BOXES: Final = 3
LIT: Final = 15
DOWN: Final = 16
BALL: Final = 17
REACH: Final = 6.0  # log2 of cells; no side is farther away
SURE: Final = (0.4, 0.4, 0.35)  # probability above which something of a class is there
SAME: Final = (0.5, 0.45, 0.5)  # overlap above which two boxes of a class are one thing
AGREE: Final = 0.5  # overlap above which two cells mean the same box
GREY: Final = 114  # levels of what fills the picture up to a whole grain


@dataclass(frozen=True, slots=True)
class Found:
    """Something on the picture.

    Attributes:
        kind: one of CLASSES.
        box: pixels of the picture.
        confidence: probability that it is there.
        flag: probability that a panel is lit, or that a foot stands; 0 for a pad.
        ball: pixel of the floor below the ball of a foot.
    """

    kind: str
    box: Box
    confidence: float
    flag: float = 0.0
    ball: tuple[float, float] = (0.0, 0.0)


def detect(image: Image, network: Callable[[Floats], Floats], least: Sequence[float] = SURE) -> list[Found]:
    """Everything that the network sees on `image`, the surest first.

    Args:
        image: (height, width, 3), of any size.
        network: takes (1, h, w, 3) in [0, 1], gives (1, h / STRIDE, w / STRIDE, CHANNELS).
        least: probability a class that is enough.
    """
    given, scale = fitted(image)
    answer = network(given[None].astype(np.float32) / 255)[0]
    return found_in(answer, scale, least)


def fitted(image: Image) -> tuple[Image, float]:
    """The picture as the network takes it, and how many of its pixels a pixel of `image` is."""
    height, width = image.shape[:2]
    scale = LONG_SIDE / max(height, width)
    wide, high = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(image, (wide, high), interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    right, below = -wide % GRAIN, -high % GRAIN
    filled = cv2.copyMakeBorder(small, 0, below, 0, right, cv2.BORDER_CONSTANT, value=(GREY, GREY, GREY))
    return np.asarray(filled, np.uint8), scale


def found_in(answer: Floats, scale: float, least: Sequence[float] = SURE) -> list[Found]:
    """The network's map (h, w, CHANNELS) as things, in pixels of a picture `scale` times smaller than its input."""
    chance = 1 / (1 + np.exp(-np.clip(answer[..., : len(CLASSES)], -30, 30)))
    found: list[Found] = []
    for kind, name in enumerate(CLASSES):
        rows, columns = np.nonzero(chance[..., kind] >= least[kind])
        if not len(rows):
            continue
        cells = answer[rows, columns]
        middle = np.stack([columns, rows], axis=1) + 0.5
        sides = np.exp2(np.clip(cells[:, BOXES + 4 * kind : BOXES + 4 * kind + 4], -REACH, REACH))
        corners = np.concatenate([middle - sides[:, :2], middle + sides[:, 2:]], axis=1) * (STRIDE / scale)
        scores = chance[rows, columns, kind]
        flags = 1 / (1 + np.exp(-np.clip(cells[:, DOWN if name == "foot" else LIT], -30, 30)))
        balls = (middle + cells[:, BALL : BALL + 2]) * (STRIDE / scale)
        for group in suppress(corners, scores, SAME[kind]):
            best, share = group[0], scores[group] / scores[group].sum()
            left, top, right, bottom = (float(side) for side in share @ corners[group])
            ball = share @ balls[group]
            found.append(
                Found(
                    name,
                    Box(left, top, right - left, bottom - top),
                    float(scores[best]),
                    float(share @ flags[group]) if name != "pad" else 0.0,
                    (float(ball[0]), float(ball[1])) if name == "foot" else (0.0, 0.0),
                )
            )
    return sorted(found, key=lambda one: -one.confidence)


def suppress(corners: Floats, scores: Floats, same: float) -> list[list[int]]:
    """Boxes (n, 4: left, top, right, bottom) that are one thing, in groups: the surest, and those that say the same.

    What overlaps the surest by more than `same` is gone; what agrees with it has a say in where the thing is.
    """
    area = np.prod(np.maximum(corners[:, 2:] - corners[:, :2], 0), axis=1)
    rest = np.argsort(-scores, kind="stable")
    groups = []
    while len(rest):
        best, rest = int(rest[0]), rest[1:]
        low = np.maximum(corners[best, :2], corners[rest, :2])
        high = np.minimum(corners[best, 2:], corners[rest, 2:])
        shared = np.prod(np.maximum(high - low, 0), axis=1)
        overlap = shared / np.maximum(area[best] + area[rest] - shared, 1e-9)
        groups.append([best, *(int(index) for index in rest[overlap > AGREE])])
        rest = rest[overlap <= same]
    return groups
