"""Numerals of lit bars, as clocks and cabinets have them: seven segments of any width, gap and lean."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from models.training.digits.glyphs import BASELINE, DIGIT_HEIGHT, LINE_HEIGHT, Glyph

FINE = 4  # drawn this much larger, then reduced
TOP, RIGHT_UP, RIGHT_DOWN, BOTTOM, LEFT_DOWN, LEFT_UP, MIDDLE = range(7)
BARS = {  # ends in a box one wide and one high
    TOP: ((0, 0), (1, 0)),
    RIGHT_UP: ((1, 0), (1, 0.5)),
    RIGHT_DOWN: ((1, 0.5), (1, 1)),
    BOTTOM: ((0, 1), (1, 1)),
    LEFT_DOWN: ((0, 0.5), (0, 1)),
    LEFT_UP: ((0, 0), (0, 0.5)),
    MIDDLE: ((0, 0.5), (1, 0.5)),
}
LIT = ("012345", "12", "01346", "01236", "1256", "02356", "023456", "012", "0123456", "012356")
WITHOUT_TAILS = {"6": "23456", "7": "0125", "9": "01256"}


class SegmentFace:
    """One look of seven-segment numerals, drawn from `rng`; letters come out as bars that are no digit."""

    has_unlit = True

    def __init__(self, rng: np.random.Generator) -> None:
        self._wide = rng.uniform(0.38, 0.72)
        self._thick = rng.uniform(0.08, 0.2)
        self._gap = rng.uniform(0.0, 0.35) if rng.random() < 0.8 else 0.0  # shares of the thickness
        self._tip = rng.choice([0.0, 0.5, 1.0]) if rng.random() < 0.8 else rng.uniform(0, 1)
        self._round = rng.random() < 0.15
        self._lean = rng.uniform(0.0, 0.2) if rng.random() < 0.6 else 0.0
        self._apart = rng.uniform(0.12, 0.4)
        self._lit = dict(enumerate(LIT))
        if rng.random() < 0.25:
            self._lit.update({int(d): bars for d, bars in WITHOUT_TAILS.items()})

    @lru_cache(maxsize=8_000)  # noqa: B019 - faces live as long as the process that trains
    def glyph(self, character: str) -> Glyph:
        """The mask of one character."""
        tall = DIGIT_HEIGHT * FINE
        thick = max(2, round(self._thick * tall))
        wide = round(self._wide * tall)
        lean = round(self._lean * tall)
        canvas = np.zeros((LINE_HEIGHT * FINE, wide + thick + lean + 4 * FINE), dtype=np.uint8)
        top = (BASELINE - DIGIT_HEIGHT) * FINE
        if character in ",.:'":
            return self._dots(character, thick, top, tall)
        for bar in self._bars(character):
            self._bar(canvas, BARS[bar], (wide, tall - thick), thick, (thick / 2 + 2 * FINE, top + thick / 2))
        matrix = np.array([[1, -self._lean, self._lean * (top + tall)], [0, 1, 0]], dtype=np.float32)
        canvas = np.asarray(cv2.warpAffine(canvas, matrix, canvas.shape[::-1]), dtype=np.uint8)
        advance = (wide + thick) / FINE + self._apart * DIGIT_HEIGHT
        return Glyph(_reduced(canvas), (advance - canvas.shape[1] / FINE) / 2, advance)

    def _bars(self, character: str) -> list[int]:
        if character.isdigit():
            return [int(bar) for bar in self._lit[int(character)]]
        rng = np.random.default_rng(ord(character))
        while True:
            bars = [bar for bar in BARS if rng.random() < 0.5]
            text = "".join(map(str, bars))
            if bars and text not in self._lit.values() and text not in LIT and text not in WITHOUT_TAILS.values():
                return bars

    def _bar(
        self,
        canvas: np.ndarray,
        ends: tuple[tuple[float, float], tuple[float, float]],
        size: tuple[float, float],
        thick: int,
        offset: tuple[float, float],
    ) -> None:
        one, two = (np.array(end) * size + offset for end in ends)
        along = (two - one) / float(np.linalg.norm(two - one))
        across = np.array([-along[1], along[0]]) * thick / 2
        one, two = one + along * thick * self._gap, two - along * thick * self._gap
        if self._round:
            points = (np.round(one).astype(int).tolist(), np.round(two).astype(int).tolist())
            cv2.line(canvas, points[0], points[1], 255, thick, cv2.LINE_AA)
            return
        tip = along * thick / 2 * self._tip
        corners = [one, one + tip + across, two - tip + across, two, two - tip - across, one + tip - across]
        cv2.fillPoly(canvas, [np.round(corners).astype(np.int32)], 255, cv2.LINE_AA)

    def _dots(self, character: str, thick: int, top: int, tall: int) -> Glyph:
        canvas = np.zeros((LINE_HEIGHT * FINE, thick + 4 * FINE), dtype=np.uint8)
        places = {",": [1.0], ".": [1.0], "'": [0.15], ":": [0.3, 0.75]}[character]
        for place in places:
            y = round(top + place * tall)
            cv2.rectangle(canvas, (2 * FINE, y - thick), (2 * FINE + thick - 1, y - 1), 255, -1)
            if character == ",":
                tail = np.array([[2 * FINE + thick // 3, y], [2 * FINE + thick - 1, y], [2 * FINE, y + thick]])
                cv2.fillPoly(canvas, [tail.astype(np.int32)], 255, cv2.LINE_AA)
        advance = canvas.shape[1] / FINE + self._apart * DIGIT_HEIGHT * 0.4
        return Glyph(_reduced(canvas), (advance - canvas.shape[1] / FINE) / 2, advance)


def _reduced(canvas: np.ndarray) -> np.ndarray:
    size = (max(1, canvas.shape[1] // FINE), LINE_HEIGHT)
    return np.asarray(cv2.resize(canvas, size, interpolation=cv2.INTER_AREA), dtype=np.float32) / 255
