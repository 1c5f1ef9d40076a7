"""The light of a display: in the last of it, video leaves other digits than the display showed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from vision.frame import Image

BRIGHTEST = 0.02  # share of the strip that is taken for its light: strokes of digits
RISE, FALL = 1.001, 0.991  # a picture; the usual light is one that nine of ten pictures reach
FADED = 0.4  # of the usual light
COARSE = 2  # every other pixel will do


class Light:
    """Follows the light of one display."""

    def __init__(self) -> None:
        self._usual: float | None = None

    def faded(self, strip: Image) -> bool:
        """Whether the strip (h, w, 3) is much darker than usual; the usual follows."""
        levels = strip[::COARSE, ::COARSE].max(axis=2).ravel()
        rank = max(1, round(BRIGHTEST * len(levels)))
        now = float(np.partition(levels, -rank)[-rank])
        if self._usual is None:
            self._usual = now
        faded = now < FADED * self._usual
        self._usual = max(1.0, self._usual * (RISE if now > self._usual else FALL))
        return faded
