"""A whole frame of the cabinet at any time of the evening. The same seed, theme, size and time give the same bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from models.simulate.kit import Kit
from models.simulate.screens import between, play, results
from models.simulate.session import Screen

if TYPE_CHECKING:
    from models.simulate.session import Scene
    from models.simulate.theme import Theme
    from vision.frame import Image

FADE = 0.25  # seconds in which a screen comes up and goes
SCREENS = {
    Screen.SELECT: between.select,
    Screen.STAGE: between.stage,
    Screen.PLAY: play.draw,
    Screen.RESULTS: results.draw,
}


class Renderer:
    """Paints scenes.

    Args:
        theme: the look.
        size: width and height of the picture, pixels.
        seed: decides the background's details.
    """

    def __init__(self, theme: Theme, size: tuple[int, int], seed: int) -> None:
        self._kit = Kit(theme, size)
        self._kit.prepare()
        self._background = theme.scenery.build(size, np.random.default_rng([seed, 99]))

    def frame(self, scene: Scene) -> Image:
        """The picture of a scene: (height, width, 3) bytes, blue green red."""
        chart = scene.match.chart
        beat = scene.t * chart.bpm / 60.0 if scene.screen is Screen.PLAY else scene.clock
        canvas = self._background.paint(scene.clock, beat)
        SCREENS[scene.screen](canvas, scene, self._kit)
        bright = min(1.0, scene.t / FADE, max(0.0, scene.length - scene.t) / FADE)
        return canvas if bright >= 1.0 else np.asarray(cv2.convertScaleAbs(canvas, alpha=bright), np.uint8)

    def text(self, value: int) -> str:
        """A score as this cabinet's displays write it."""
        return self._kit.text(value)
