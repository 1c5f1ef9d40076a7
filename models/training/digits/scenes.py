"""Samples for the locator: a piece of a screen and where its numbers are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from models.training.digits.glyphs import BASELINE, DIGIT_HEIGHT, DIGITS
from models.training.digits.ink import lay
from models.training.digits.paint import blend, colour, shape, texture
from models.training.digits.spoil import spoil
from models.training.digits.strings import compose, score_text, word_text
from vision.locate import HEIGHT_UNIT, LOCATOR_STRIDE

if TYPE_CHECKING:
    from models.training.digits.glyphs import Face
    from models.training.digits.strings import Line
    from vision.frame import Floats, Image

HEIGHT, WIDTH = 192, 320
SHORT = 4  # fewer digits are neither asked for nor held against the locator


@dataclass(frozen=True, slots=True)
class Scene:
    """One training sample.

    Attributes:
        image: (HEIGHT, WIDTH, 3).
        truth: (HEIGHT // 4, WIDTH // 4, 3): core of a number, log2(digit height / HEIGHT_UNIT), weight.
    """

    image: Image
    truth: Floats


def scene(rng: np.random.Generator, faces: list[Face], weights: Floats) -> Scene:
    """Render one sample: background, shapes, words, numbers, often a twin of the first number for player two."""
    canvas = texture(rng, HEIGHT, WIDTH)
    for _ in range(int(rng.integers(0, 14))):
        shape(rng, canvas, size=float(rng.uniform(4, 36)))
    truth = np.zeros((HEIGHT // LOCATOR_STRIDE, WIDTH // LOCATOR_STRIDE, 3), dtype=np.float32)
    truth[..., 2] = 1
    taken: list[tuple[float, float, float, float]] = []
    for _ in range(int(rng.integers(2, 9))):
        face = faces[rng.choice(len(faces), p=weights)]
        number = rng.random() < 0.6
        text, dimmed, small = score_text(rng) if number else (word_text(rng), 0, 1.0)
        line = compose(rng, face, text, dimmed, small)
        scale = float(np.exp(rng.uniform(np.log(7), np.log(44)))) / DIGIT_HEIGHT
        for _ in range(2 if number and rng.random() < 0.5 else 1):
            _place(rng, canvas, truth, taken, line, scale, number=number)
    return Scene(spoil(rng, canvas), truth)


def _place(
    rng: np.random.Generator,
    canvas: Floats,
    truth: Floats,
    taken: list[tuple[float, float, float, float]],
    line: Line,
    scale: float,
    *,
    number: bool,
) -> None:
    stretch = scale * rng.uniform(0.8, 1.3)
    stretch = min(stretch, (WIDTH - 8) / line.bright.shape[1])
    span, high = line.bright.shape[1] * stretch, DIGIT_HEIGHT * scale
    if high > HEIGHT / 3:
        return
    for _ in range(6):
        left, middle = rng.uniform(-2, WIDTH - span + 2), rng.uniform(high / 2 + 2, HEIGHT - high / 2 - 2)
        box = (left - high / 3, middle - high * 0.7, left + span + high / 3, middle + high * 0.7)
        if not any(box[0] < b[2] and b[0] < box[2] and box[1] < b[3] and b[1] < box[3] for b in taken):
            break
    else:
        return
    taken.append(box)
    if rng.random() < 0.4:
        plate = np.zeros((HEIGHT, WIDTH), dtype=np.float32)
        pad = rng.uniform(0.1, 0.7) * high
        rows = slice(int(max(0, middle - high / 2 - pad)), int(middle + high / 2 + pad))
        plate[rows, int(max(0, left - pad)) : int(left + span + pad)] = 1
        blend(canvas, plate, colour(rng, light=rng.random() < 0.25), rng.uniform(0.5, 1))
    tilt = rng.normal(0, 0.03) if rng.random() < 0.3 else 0.0
    top = middle - (BASELINE - DIGIT_HEIGHT / 2) * scale - tilt * span / 2
    matrix = np.array([[stretch, 0, left], [tilt * stretch, scale, top]], dtype=np.float32)
    lay(rng, canvas, line, matrix)
    if number:
        _mark(truth, line, stretch, left, middle, high, tilt)


def _mark(truth: Floats, line: Line, stretch: float, left: float, middle: float, high: float, tilt: float) -> None:
    digits = [i for i, c in enumerate(line.text) if c in DIGITS]
    first = (line.centres[digits[0]] - line.widths[digits[0]] * 0.4) * stretch + left
    last = (line.centres[digits[-1]] + line.widths[digits[-1]] * 0.4) * stretch + left
    rows = ((np.arange(truth.shape[0]) + 0.5) * LOCATOR_STRIDE)[:, None]
    columns = ((np.arange(truth.shape[1]) + 0.5) * LOCATOR_STRIDE)[None, :]
    along = (columns >= first) & (columns <= last)
    axis = np.abs(rows - middle - tilt * (columns - (first + last) / 2))
    core = along & (axis <= max(0.28 * high, 0.5 * LOCATOR_STRIDE))
    halo = (columns >= first - high / 3) & (columns <= last + high / 3) & (axis <= 0.6 * high + LOCATOR_STRIDE / 2)
    truth[halo & ~core, 2] = 0
    truth[core, 0] = len(digits) >= SHORT
    truth[core, 1] = np.log2(high / HEIGHT_UNIT)
    truth[core, 2] = len(digits) >= SHORT
