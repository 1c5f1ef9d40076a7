"""A pad network that cannot err: it is told what is on the picture and says so in the network's own way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from vision.pad.decode import BALL, BOXES, CHANNELS, CLASSES, DOWN, LIT, STRIDE, Found

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from models.simulate.pads.scene import SceneTruth


def answer(found: Sequence[Found], scale: float, shape: tuple[int, int]) -> NDArray[np.float32]:
    """The network's map (h, w, CHANNELS) for an input of `shape` whose pixels are `scale` of the picture's."""
    told = np.full((shape[0] // STRIDE, shape[1] // STRIDE, CHANNELS), -12.0, np.float32)
    for one in found:
        kind = CLASSES.index(one.kind)
        box = np.array([one.box.x, one.box.y, one.box.x + one.box.w, one.box.y + one.box.h]) * scale / STRIDE
        column = int(np.clip((box[0] + box[2]) / 2, 0, told.shape[1] - 1))
        row = int(np.clip((box[1] + box[3]) / 2, 0, told.shape[0] - 1))
        sides = [column + 0.5 - box[0], row + 0.5 - box[1], box[2] - column - 0.5, box[3] - row - 0.5]
        cell = told[row, column]
        cell[kind] = _logit(one.confidence)
        cell[BOXES + 4 * kind : BOXES + 4 * kind + 4] = np.log2(np.maximum(sides, 1e-3))
        if one.kind == "panel":
            cell[LIT] = _logit(one.flag)
        if one.kind == "foot":
            cell[DOWN] = _logit(one.flag)
            cell[BALL : BALL + 2] = np.array(one.ball) * scale / STRIDE - (column + 0.5, row + 0.5)
    return told


def _logit(probability: float) -> float:
    inside = min(max(probability, 1e-4), 1 - 1e-4)
    return float(np.log(inside / (1 - inside)))


def seen(truth: SceneTruth) -> list[Found]:
    """What a faultless network would find of a rendered scene."""
    found = [Found("pad", pad.box, 0.9) for pad in truth.pads if pad.visible > 0.8]
    found += [Found("panel", panel.box, 0.8, float(panel.lit)) for pad in truth.pads for panel in pad.panels]
    found += [
        Found("foot", foot.box, 0.8, 0.95 if foot.down else 0.05, foot.ball)
        for foot in truth.feet
        if foot.visible > 0.4
    ]
    return found


class Faultless:
    """Stands in for the network; set `truth` before every picture."""

    def __init__(self, width: int) -> None:
        self._width = width
        self.found: list[Found] = []

    def __call__(self, values: NDArray[Any]) -> NDArray[np.float32]:
        """What is on the picture, whatever it shows."""
        return answer(self.found, 320 / self._width, values.shape[1:3])[None]
