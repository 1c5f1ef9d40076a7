"""Where on a picture numbers stand: one pass of the locator network, and lines out of its map."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

from vision.geometry import TextLine

if TYPE_CHECKING:
    from vision.digits import Classifier
    from vision.frame import Floats, Image

LOCATOR_STRIDE = 4
HEIGHT_UNIT = 8.0  # pixels; the network gives log2(digit height / HEIGHT_UNIT)
GRAIN = 16  # the network halves its input four times
SURE = 0.5
LEAST_CELLS = 3
LOWER = 0.8  # height left to lines that are looked for as seen from the side, where they are narrower
NARROWEST = 1.5  # digit heights; fewer than three digits are no score


def locate(image: Image, network: Classifier, long_side: int, slope: float = 0.0) -> list[TextLine]:
    """Lines of digits in `image`, at the scale at which its long side is `long_side` pixels.

    The network knows lines that are about level, of digits not too narrow. `slope` says how far they may fall to the
    right instead, in pixels a pixel, because a camera looks at them from the side: the picture is sheared by as much
    before it is looked at, and made lower, and the lines are put back.
    """
    height, width = image.shape[:2]
    scale = long_side / max(height, width)
    size = [max(GRAIN, round(side * scale / GRAIN) * GRAIN) for side in (width, height)]
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    back = np.eye(3)
    if slope:  # a line seen from the side that ends inside the picture ends inside the sheared one too
        middle = size[1] / 2 * (1 - LOWER)
        level = np.array([[1, 0, 0], [-slope * LOWER, LOWER, slope * LOWER * size[0] / 2 + middle], [0, 0, 1]])
        small = cv2.warpAffine(small, level[:2], size, borderMode=cv2.BORDER_REPLICATE)
        back = np.linalg.inv(level)
    answer = network(small[None].astype(np.float32) / 255)[0]
    back = np.diag([width / size[0], height / size[1], 1]) @ back
    return [line.moved(back) for line in merge(lines_in(answer))]


def lines_in(answer: Floats) -> list[TextLine]:
    """Connected cores of the network's map (h, w, 2) as lines, in pixels of the network's input."""
    core = (answer[..., 0] > np.log(SURE / (1 - SURE))).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(core, connectivity=8)
    found = []
    for index in range(1, count):
        if stats[index, cv2.CC_STAT_AREA] < LEAST_CELLS:
            continue
        rows, columns = np.nonzero(labels == index)
        x, y = (columns + 0.5) * LOCATOR_STRIDE, (rows + 0.5) * LOCATOR_STRIDE
        weight = 1 / (1 + np.exp(-answer[rows, columns, 0]))
        tall = HEIGHT_UNIT * 2 ** float(np.median(answer[rows, columns, 1]))
        left, right = float(x.min()) - LOCATOR_STRIDE / 2, float(x.max()) + LOCATOR_STRIDE / 2
        if right - left < NARROWEST * tall:
            continue
        mean_x, mean_y = float((x * weight).sum() / weight.sum()), float((y * weight).sum() / weight.sum())
        spread = float((weight * (x - mean_x) ** 2).sum())
        slope = float((weight * (x - mean_x) * (y - mean_y)).sum()) / spread if spread > 0 else 0.0
        found.append(TextLine(left, right, mean_y + slope * ((left + right) / 2 - mean_x), tall, slope))
    return found


def merge(lines: list[TextLine]) -> list[TextLine]:
    """Join neighbours on one axis whose gap is less than a wide separator's."""
    merged: list[TextLine] = []
    for line in sorted(lines, key=lambda one: one.left):
        for index, other in enumerate(merged):
            tall = max(line.height, other.height)
            joint = (line.left + other.right) / 2
            step = line.spanning(joint, joint).middle - other.spanning(joint, joint).middle
            level = abs(step) < 0.35 * tall and tall < 1.4 * min(line.height, other.height)
            if level and line.left - other.right < 0.9 * tall:
                merged[index] = _joined(other, line)
                break
        else:
            merged.append(line)
    return merged


def _joined(one: TextLine, two: TextLine) -> TextLine:
    """Two lines that are one, with the axis of the longer."""
    long = max(one, two, key=lambda line: line.right - line.left)
    both = long.spanning(min(one.left, two.left), max(one.right, two.right))
    return replace(both, height=(one.height + two.height) / 2)
