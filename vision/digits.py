"""Strips of picture -> the probability of each character at each place along the line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import cv2
import numpy as np

from vision.view import View

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vision.frame import Floats, Image
    from vision.geometry import TextLine

    Classifier: TypeAlias = Callable[[Floats], Floats]

ALPHABET = "0123456789,.%:"
BLANK = len(ALPHABET)
CLASSES = BLANK + 1
STRIP_HEIGHT = 32
STRIDE = 4
DIGIT_SHARE = 0.62  # a digit's height as a share of the strip's
MARGIN = 1.6  # digit heights of picture kept on both sides of the line
DIGITS_APART, CHARACTERS_APART = 0.42, 0.25  # digit heights between centres
DAMPED, SPREAD = 0.4, 3.0  # brightness and colour of the second look
ALIASING = 0.6  # scale below which shrinking needs averaging
BETWEEN = 0.3  # columns by which a centre may miss a column and still be read from that one alone
LONGEST_PEAK = 2  # columns that may speak for one character
WIDTH_STEP = 32  # strips come in few widths, because each width costs the runtime an arena


@dataclass(frozen=True, slots=True)
class Strip:
    """A line cut out of a picture at the reader's scale.

    Attributes:
        image: (STRIP_HEIGHT, width, 3) bytes.
        left: x in the picture of the strip's left edge.
        scale: strip pixels per picture pixel.
    """

    image: Image
    left: float
    scale: float

    def to_picture(self, column: float) -> float:
        """X in the picture of the middle of a column."""
        return self.left + (column + 0.5) * STRIDE / self.scale

    def to_column(self, x: float) -> float:
        """The column, with its fraction, in which a picture's x lies."""
        return (x - self.left) * self.scale / STRIDE - 0.5


@dataclass(frozen=True, slots=True)
class Glyph:
    """One character found along a line: x of its centre in the picture, its probability."""

    character: str
    x: float
    probability: float


def cut(picture: Image | View, line: TextLine) -> Strip:
    """Cut `line` with a margin out of a picture, levelled; beyond the picture its edge is repeated."""
    if not isinstance(picture, View):
        return _cut(picture, line)
    if picture.pose is None:
        return _cut(picture.image, line)
    there = line.moved(picture.pose)
    strip = _cut(picture.image, there)
    stretch = (there.right - there.left) / (line.right - line.left)
    return Strip(strip.image, line.centre + (strip.left - there.centre) / stretch, strip.scale * stretch)


def _cut(image: Image, line: TextLine) -> Strip:
    scale = STRIP_HEIGHT * DIGIT_SHARE / line.height
    left = line.left - MARGIN * line.height
    wanted = (line.right - line.left + 2 * MARGIN * line.height) * scale
    width = int(-(-wanted // WIDTH_STEP) * WIDTH_STEP)
    left -= (width - wanted) / 2 / scale
    lift = line.slope * scale
    matrix = np.array(
        [
            [scale, 0.0, -left * scale],
            [-lift, scale, STRIP_HEIGHT / 2 - line.middle * scale + lift * line.centre],
        ],
        dtype=np.float32,
    )
    if scale < ALIASING:  # warpAffine does not average, so blur away what the strip cannot hold
        image, matrix = _shrunk(image, matrix, 0.5 / scale)
    flags = cv2.INTER_LINEAR
    strip = cv2.warpAffine(image, matrix, (width, STRIP_HEIGHT), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return Strip(strip.astype(np.uint8, copy=False), left, scale)


def _shrunk(image: Image, matrix: Floats, factor: float) -> tuple[Image, Floats]:
    """Halve the picture as often as `factor` asks, and say so in the matrix."""
    matrix = matrix.copy()
    while factor >= 1:
        size = (max(1, image.shape[1] // 2), max(1, image.shape[0] // 2))
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
        matrix[:, :2] *= 2
        factor /= 2
    return image, matrix


def posteriors(strip: Strip, classify: Classifier) -> Floats:
    """Probabilities (width // STRIDE, CLASSES) of what is centred in each column."""
    logits = classify(strip.image[None].astype(np.float32) / 255)[0, 0]
    logits = logits - logits.max(axis=1, keepdims=True)
    odds: Floats = np.exp(logits)
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))


def vivid(strip: Strip) -> Strip:
    """The same strip with its colours spread and its brightness damped.

    Red digits over brown differ in hue alone; what the brightness shows there is little more than their shadows.
    """
    picture = cv2.cvtColor(strip.image, cv2.COLOR_BGR2YCrCb).astype(np.float32)
    spread = 128 + (picture - picture.mean(axis=(0, 1))) * np.array([DAMPED, SPREAD, SPREAD], dtype=np.float32)
    image = cv2.cvtColor(np.clip(spread, 0, 255).astype(np.uint8), cv2.COLOR_YCrCb2BGR)
    return Strip(np.asarray(image, dtype=np.uint8), strip.left, strip.scale)


def spell(columns: Floats, strip: Strip, least: float = 0.4) -> list[Glyph]:
    """The characters along a strip, left to right: local peaks at which not blank is more likely than `1 - least`."""
    ink = 1 - columns[:, BLANK]
    glyphs: list[Glyph] = []
    column = 0
    while column < len(ink):
        if ink[column] < least:
            column += 1
            continue
        stop = column + 1
        while stop < len(ink) and ink[stop] >= least:
            stop += 1
        for start, end in _peaks(columns, column, stop):
            mass = columns[start:end, :BLANK].sum(axis=0)
            weight = ink[start:end]
            at = float((np.arange(start, end) * weight).sum() / weight.sum())
            best = int(mass.argmax())
            glyphs.append(Glyph(ALPHABET[best], strip.to_picture(at), float(mass[best] / mass.sum() * weight.max())))
        column = stop
    return _apart(glyphs, STRIP_HEIGHT * DIGIT_SHARE / strip.scale)


def _apart(glyphs: list[Glyph], height: float) -> list[Glyph]:
    """Of characters that stand too close for both to be there, the surer."""
    kept: list[Glyph] = []
    for glyph in glyphs:
        both_digits = bool(kept) and glyph.character.isdigit() and kept[-1].character.isdigit()
        least = (DIGITS_APART if both_digits else CHARACTERS_APART) * height
        if kept and glyph.x - kept[-1].x < least:
            if glyph.probability > kept[-1].probability:
                kept[-1] = glyph
        else:
            kept.append(glyph)
    return kept


def _peaks(columns: Floats, start: int, stop: int) -> list[tuple[int, int]]:
    """Split a run of ink where the character changes; two columns may speak for one character, three may not."""
    best = columns[start:stop, :BLANK].argmax(axis=1)
    parts = []
    begin = start
    for at in range(start + 1, stop + 1):
        if at == stop or best[at - start] != best[begin - start] or at - begin == LONGEST_PEAK:
            parts.append((begin, at))
            begin = at
    return parts


def cell_digits(columns: Floats, strip: Strip, cells: Sequence[float]) -> Floats:
    """Probabilities (len(cells), 11) of the ten digits, and of none, at known centres in the picture.

    A centre between two columns takes the one that is surer of a digit.
    """
    at = (np.asarray(cells) - strip.left) * strip.scale / STRIDE - 0.5
    last = len(columns) - 1
    digits = columns[:, :10].sum(axis=1)
    nearest = np.clip(np.rint(at), 0, last).astype(np.intp)
    other = np.clip(nearest + np.where(at > nearest, 1, -1), 0, last)
    better = (np.abs(at - nearest) > BETWEEN) & (digits[other] > digits[nearest])
    chosen = np.where(better, other, nearest)
    out = np.empty((len(chosen), 11), dtype=np.float32)
    out[:, :10] = columns[chosen, :10]
    out[:, 10] = np.maximum(0.0, 1 - digits[chosen])
    return out
