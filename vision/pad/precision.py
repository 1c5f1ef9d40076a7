"""How well boxes are found: average precision over all points of the curve, as PASCAL VOC counted it from 2010 on."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from vision.geometry import Box

if TYPE_CHECKING:
    from collections.abc import Sequence

Told: TypeAlias = tuple[float, Box]  # a confidence and what it is in


def average_precision(
    pictures: Sequence[tuple[Sequence[Told], Sequence[Box], Sequence[Box]]], overlap: float = 0.5
) -> float:
    """Area under precision over recall.

    Args:
        pictures: of each picture what was found, what is there, and what is there without being asked for: finding
            that is neither right nor wrong.
        overlap: intersection over union from which a box is the right one.
    """
    marks: list[tuple[float, bool]] = []
    wanted = 0
    for told, truth, spare in pictures:
        wanted += len(truth)
        left = list(truth)
        for confidence, box in sorted(told, key=lambda one: -one[0]):
            best = max(left, key=box.overlap, default=None)
            if best is not None and box.overlap(best) >= overlap:
                left.remove(best)
                marks.append((confidence, True))
            elif not any(box.overlap(other) >= overlap for other in spare):
                marks.append((confidence, False))
    if not wanted:
        return 0.0
    marks.sort(key=lambda one: -one[0])
    hits = np.cumsum([hit for _, hit in marks])
    if not len(hits):
        return 0.0
    recall = np.concatenate([[0.0], hits / wanted])
    precision = np.maximum.accumulate((hits / np.arange(1, len(hits) + 1))[::-1])[::-1]
    return float(np.sum(np.diff(recall) * precision))
