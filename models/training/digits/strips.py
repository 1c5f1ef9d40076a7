"""Samples for the line reader: a strip of picture and, for each of its columns, the character centred there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

from models.training.digits.glyphs import BASELINE, DIGIT_HEIGHT, LINE_HEIGHT
from models.training.digits.paint import blend, colour, lay, shape, spoil, texture
from models.training.digits.strings import Line, compose, score_text, word_text
from vision.digits import ALPHABET, BLANK, STRIDE, STRIP_HEIGHT, Strip, vivid

if TYPE_CHECKING:
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
    number = rng.random() < 0.9
    text, dimmed = score_text(rng) if number else (word_text(rng), 0)
    dimmed = dimmed if rng.random() < 0.55 else 0
    layout_seed = int(rng.integers(2**32))
    line = compose(np.random.default_rng(layout_seed), face, text, dimmed)
    old = None
    if number and rng.random() < 0.4:
        old = compose(np.random.default_rng(layout_seed), face, _before(rng, text), dimmed)
        if old.bright.shape != line.bright.shape:  # a typeface in which digits are of different widths
            old = None
    late = rng.random() < 0.7  # only the colours come late; else all of it
    if old is not None and not late:
        line = _ghosted(rng, line, old)
    height = rng.uniform(16, 24.5)  # of a digit, in the strip
    scale = height / DIGIT_HEIGHT
    stretch = scale * rng.uniform(0.75, 1.35)
    room = WIDTH - 8
    span = line.bright.shape[1] * stretch
    if span > room:
        stretch *= room / span
    left = rng.uniform(2, max(3, WIDTH - line.bright.shape[1] * stretch - 2))
    middle = STRIP_HEIGHT / 2 + rng.uniform(-2.5, 2.5)
    shear = rng.uniform(-0.3, 0.1) if rng.random() < 0.25 else 0.0
    tilt = rng.normal(0, 0.012)
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
    if old is not None and late:
        _lay_over_rest(rng, canvas, line, old, matrix)
    else:
        lay(rng, canvas, line, matrix)
    if rng.random() < 0.12:  # something passes in front
        shape(rng, canvas, size=float(rng.uniform(2, 9)))
    centres = line.centres * stretch + left
    image = spoil(rng, canvas)
    if rng.random() < 0.3:  # as the reader's second look sees it
        image = vivid(Strip(image, 0.0, 1.0)).image
    return Sample(image, columns(text, centres))


def _before(rng: np.random.Generator, text: str) -> str:
    """Another number of the same form: what stood there a moment ago."""
    changed = int(rng.integers(1, 6))
    at = [i for i, c in enumerate(text) if c.isdigit()][-changed:]
    return "".join(str(rng.integers(0, 10)) if i in at else c for i, c in enumerate(text))


def _ghosted(rng: np.random.Generator, line: Line, old: Line) -> Line:
    """`line` with a rest of the number before it, as compression and slow shutters leave one."""
    rest = np.float32(rng.uniform(0.1, 0.4))
    return replace(line, bright=line.bright * (1 - rest) + old.bright * rest)


def _lay_over_rest(rng: np.random.Generator, canvas: Floats, line: Line, old: Line, matrix: Floats) -> None:
    """Paint `line` where the colours of the number before it were not all replaced.

    Video carries colour at half the resolution and updates it late, so the hue of the last number shines through the
    brightness of this one.
    """
    brush = np.random.default_rng(int(rng.integers(2**32)))
    state = brush.bit_generator.state
    before = canvas.copy()
    lay(brush, canvas, line, matrix)
    brush.bit_generator.state = state
    lay(brush, before, old, matrix)
    now, then = (cv2.cvtColor(np.clip(c, 0, 255) / 255, cv2.COLOR_BGR2YCrCb) for c in (canvas, before))
    blocks = rng.random((STRIP_HEIGHT // 8, WIDTH // 8)).astype(np.float32) ** 2 * np.float32(rng.uniform(0.3, 1.0))
    rest = cv2.resize(blocks, (WIDTH, STRIP_HEIGHT), interpolation=cv2.INTER_NEAREST)[..., None]
    now[..., 1:] += rest * (then[..., 1:] - now[..., 1:])
    canvas[:] = 255 * cv2.cvtColor(now, cv2.COLOR_YCrCb2BGR)


def columns(text: str, centres: Floats) -> Image:
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
        other: Line = compose(rng, face, text)
        scale = height / DIGIT_HEIGHT * rng.uniform(0.6, 1.3)
        gap = height * rng.uniform(0.15, 0.5) + scale * DIGIT_HEIGHT / 2 + height / 2
        top = middle + side * gap - (BASELINE - DIGIT_HEIGHT / 2) * scale
        matrix = np.array([[scale, 0, rng.uniform(-40, WIDTH * 0.7)], [0, scale, top]], dtype=np.float32)
        lay(rng, canvas, other, matrix)
