"""Samples for the line reader: a strip of picture and, for each of its columns, the character centred there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from models.training.digits.glyphs import BASELINE, DIGIT_HEIGHT, LINE_HEIGHT
from models.training.digits.ink import lay
from models.training.digits.paint import blend, colour, shape, texture
from models.training.digits.spoil import spoil
from models.training.digits.strings import compose, score_text, word_text
from vision.digits import ALPHABET, BLANK, STRIDE, STRIP_HEIGHT, Strip, vivid

if TYPE_CHECKING:
    from collections.abc import Iterable

    from models.training.digits.glyphs import Face
    from vision.frame import Floats, Image

WIDTH = 256
IGNORED = 255
CORE, HALO = 0.5 * STRIDE, STRIDE  # pixels from a character's centre: inside is the character, beyond is blank


@dataclass(frozen=True, slots=True)
class Sample:
    """One training sample: image (STRIP_HEIGHT, WIDTH, 3), labels (WIDTH // STRIDE,)."""

    image: Image
    labels: Image


def strip(rng: np.random.Generator, faces: list[Face], weights: Floats) -> Sample:
    """Render one sample."""
    face = faces[rng.choice(len(faces), p=weights)]
    text, dimmed, small = score_text(rng) if rng.random() < 0.9 else (word_text(rng), 0, 1.0)
    line = compose(rng, face, text, dimmed, small)
    height = rng.uniform(16, 24.5)  # of a digit, in the strip
    scale = height / DIGIT_HEIGHT
    stretch = scale * rng.uniform(0.7, 1.35)
    room = WIDTH - 8
    span = line.bright.shape[1] * stretch
    if span > room:
        stretch *= room / span
    left = rng.uniform(2, max(3, WIDTH - line.bright.shape[1] * stretch - 2))
    middle = STRIP_HEIGHT / 2 + rng.uniform(-2.5, 2.5)
    shear = rng.uniform(-0.35, 0.2) if rng.random() < 0.35 else 0.0
    tilt = rng.normal(0, 0.015)
    top = middle - (BASELINE - DIGIT_HEIGHT / 2) * scale
    matrix = np.array(
        [[stretch, shear * scale, left - shear * scale * LINE_HEIGHT / 2], [tilt * stretch, scale, top]],
        dtype=np.float32,
    )
    canvas = texture(rng, STRIP_HEIGHT, WIDTH)
    if rng.random() < 0.4:  # a plate behind the number
        plate = np.zeros((STRIP_HEIGHT, WIDTH), dtype=np.float32)
        pad = rng.uniform(1, 20, 4)
        y0, y1 = int(max(0, middle - height / 2 - pad[0])), int(middle + height / 2 + pad[1])
        x0, x1 = int(max(0, left - pad[2])), int(left + line.bright.shape[1] * stretch + pad[3])
        plate[y0:y1, x0:x1] = 1
        blend(canvas, plate, colour(rng, light=rng.random() < 0.25), rng.uniform(0.5, 1))
    _neighbours(rng, canvas, faces, weights, middle, height)
    lay(rng, canvas, line, matrix)
    if rng.random() < 0.15:  # something passes in front
        shape(rng, canvas, size=float(rng.uniform(2, 9)))
    centres = line.centres * stretch + left
    return Sample(at_times_vivid(rng, spoil(rng, canvas)), columns(text, centres))


def at_times_vivid(rng: np.random.Generator, image: Image) -> Image:
    """The strip, or, now and then, the strip as the reader's second look sees it."""
    return vivid(Strip(image, 0.0, 1.0)).image if rng.random() < 0.25 else image


def columns(text: Iterable[str], centres: Iterable[float]) -> Image:
    """The label of each column: the character centred in it, BLANK, or IGNORED between the two.

    Only the nearest column is asked to speak, so that two equal digits side by side stay two.
    """
    labels = np.full(WIDTH // STRIDE, BLANK, dtype=np.uint8)
    at = (np.arange(WIDTH // STRIDE) + 0.5) * STRIDE
    for character, centre in zip(text, centres, strict=True):
        known = ALPHABET.find(character)
        if known < 0:
            continue
        reach = np.abs(at - centre)
        labels[(reach <= HALO) & (labels == BLANK)] = IGNORED
        labels[reach <= CORE] = known
    return labels


def _neighbours(
    rng: np.random.Generator, canvas: Floats, faces: list[Face], weights: Floats, middle: float, height: float
) -> None:
    """Words and numbers above and below the line, cut off by the strip's edge."""
    for side in (-1, 1):
        if rng.random() > 0.25:
            continue
        face = faces[rng.choice(len(faces), p=weights)]
        text = word_text(rng) if rng.random() < 0.6 else score_text(rng)[0]
        other = compose(rng, face, text)
        scale = height / DIGIT_HEIGHT * rng.uniform(0.6, 1.3)
        gap = height * rng.uniform(0.15, 0.5) + scale * DIGIT_HEIGHT / 2 + height / 2
        top = middle + side * gap - (BASELINE - DIGIT_HEIGHT / 2) * scale
        matrix = np.array([[scale, 0, rng.uniform(-40, WIDTH * 0.7)], [0, scale, top]], dtype=np.float32)
        lay(rng, canvas, other, matrix)
