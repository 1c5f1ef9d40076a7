"""Which numbers on a rolling display were ever a score.

A display rolls to its new number, so that most of what it shows while a song runs was never anybody's score. A number
that stands while the picture around it moves on is one. It is reported until the display stands on the next, for as
long as it is news; in long runs of notes, in which the display never rests, the rolling number is the best there is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from game.reading import UNREAD, ScoreReading

if TYPE_CHECKING:
    from vision.frame import Image

NEWS = 0.3  # seconds after which a score that stood is old, and the rolling number is reported instead
CLEAR = 0.5  # certainty that a number needs before it can be said to stand
STILL = 0.2  # change of the picture, as a share of the usual change, below which it is the same picture once more
USUAL = 0.05  # weight of the newest picture in the usual change
GRID = 8  # pixels between those that are compared


class Stillness:
    """Tells a new picture from one that a game, a capture card or a recorder sent twice."""

    def __init__(self) -> None:
        self._last: Image | None = None
        self._usual: float | None = None

    def moved(self, image: Image) -> bool:
        """Whether this picture (h, w, 3) differs from the one before it about as much as pictures usually do."""
        grid = np.ascontiguousarray(image[GRID // 2 :: GRID, GRID // 2 :: GRID, 1])
        last, self._last = self._last, grid
        if last is None or last.shape != grid.shape:
            return True
        change = float(np.abs(grid.astype(np.int16) - last).mean())
        self._usual = change if self._usual is None else self._usual + USUAL * (change - self._usual)
        return change > STILL * self._usual


class Stand:
    """One display's last score that stood."""

    def __init__(self) -> None:
        self._shown: int | None = None
        self._stood: ScoreReading = UNREAD
        self._t = 0.0

    def watch(self, t: float, shown: ScoreReading, *, moved: bool, due: bool = False) -> None:
        """Take what the display showed at `t`, in a picture that had `moved` on since the one before it.

        A number that was `due` as a score by the scoring rule counts at first sight.
        """
        if shown.value is None or shown.confidence <= CLEAR:
            self._shown = None
            return
        if due or shown.value == self._stood.value or (shown.value == self._shown and moved):
            self._stood, self._t = shown, t
        self._shown = shown.value

    def at(self, t: float, rolling: ScoreReading) -> ScoreReading:
        """The score to report for `t`: what stood, while it is news, else the `rolling` number."""
        return self._stood if self._stood.value is not None and t - self._t <= NEWS else rolling
