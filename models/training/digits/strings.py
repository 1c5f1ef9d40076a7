"""What stands on a screen: scores, percentages, counters and words, with where each character lies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from models.training.digits.glyphs import BASELINE, DIGIT_HEIGHT, DIGITS, LINE_HEIGHT, Face

if TYPE_CHECKING:
    from vision.frame import Floats

WORDS = [
    "PERFECT",
    "GREAT",
    "MISS",
    "BOO",
    "GOOD",
    "FLAWLESS",
    "MARVELOUS",
    "COMBO",
    "HARD",
    "HEAVY",
    "STANDARD",
    "EXPERT",
    "BASIC",
    "STAGE",
    "FINAL",
    "READY",
    "GO",
    "OK",
    "NG",
    "SCORE",
    "BPM",
    "PLAYER",
    "LIFE",
    "DANGER",
    "CLEARED",
    "FAILED",
    "RANK",
    "NEXT",
    "SPEED",
    "TOTAL",
    "MAX",
    "HOLD",
    "LEVEL",
    "SONG",
    "TIME",
    "P1",
    "P2",
    "x1.5",
    "Excellent",
    "Fantastic",
    "Decent",
    "Way-off",
]


PERCENT_PLACES = 2


@dataclass(frozen=True, slots=True)
class Line:
    """A composed line of text in render units (LINE_HEIGHT high).

    Attributes:
        bright, dim: (LINE_HEIGHT, width) coverage of the lit and the dimmed characters.
        text: the characters; centres, widths: of each in pixels along x.
        unlit: coverage of every bar a digit could have, where a display shows those that are not lit.
    """

    bright: Floats
    dim: Floats
    text: str
    centres: Floats
    widths: Floats
    unlit: Floats | None = None


@dataclass(frozen=True, slots=True)
class Notation:
    """How one display writes its numbers.

    Attributes:
        digits: of the largest number; padded: leading zeros are written.
        separator: between thousands, or nothing.
        decimals: places after the point, 0 for none; sign: what follows the number.
        dims: whether leading zeros are dimmed.
        small: size of the decimals and the sign, as a share of a digit's.
    """

    digits: int
    padded: bool
    separator: str = ""
    decimals: int = 0
    sign: str = ""
    dims: bool = False
    small: float = 1.0

    def write(self, value: int) -> tuple[str, int]:
        """The text of `value` (in units of the last decimal), and how many leading characters are dimmed."""
        if self.decimals:
            whole, rest = divmod(value, 10**self.decimals)
            head = f"{whole:0{self.digits}d}" if self.padded else str(whole)
            return f"{head}.{rest:0{self.decimals}d}{self.sign}", 0
        plain = f"{value:0{self.digits}d}" if self.padded else str(value)
        text = _grouped(plain, self.separator) + self.sign
        zeros = min(len(plain) - len(plain.lstrip("0")), len(plain) - 1)
        at = [index for index, character in enumerate(text) if character in DIGITS]
        return text, at[zeros] if self.dims else 0

    def most(self) -> int:
        """The largest number that fits."""
        return 10_000 if self.decimals == PERCENT_PLACES else int(10 ** (self.digits + self.decimals)) - 1


def notation(rng: np.random.Generator) -> Notation:
    """A way to write scores: five to nine digits, padded or growing, grouped or not; or percents."""
    if rng.random() < 0.16:
        small = rng.uniform(0.55, 0.85) if rng.random() < 0.3 else 1.0
        sign = "%" if rng.random() < 0.5 else ""
        padded = rng.random() < 0.25
        return Notation(int(rng.integers(2, 4)) if padded else 3, padded, "", PERCENT_PLACES, sign, small=small)
    digits = int(rng.choice([5, 6, 7, 8, 9], p=[0.08, 0.12, 0.22, 0.18, 0.4]))
    separator = str(rng.choice([",", ",", ",", "", "", "", "", ".", " ", "'"]))
    return Notation(digits, rng.random() < 0.7, separator, dims=rng.random() < 0.5)


def score_value(rng: np.random.Generator, most: int) -> int:
    """A number up to `most`, small ones as often as large ones."""
    if rng.random() < 0.05:
        return 0
    if rng.random() < 0.5:
        return int(rng.integers(0, most + 1))
    return min(most, int(10 ** rng.uniform(0, np.log10(most))))


def score_text(rng: np.random.Generator) -> tuple[str, int, float]:
    """A number as a game would write it, how many leading characters are dimmed, and the decimals' size."""
    if rng.random() < 0.08:
        return _counter(rng), 0, 1.0
    way = notation(rng)
    return *way.write(score_value(rng, way.most())), way.small


def _grouped(plain: str, separator: str) -> str:
    head = len(plain) % 3
    groups = ([plain[:head]] if head else []) + [plain[i : i + 3] for i in range(head, len(plain), 3)]
    return separator.join(groups)


def _counter(rng: np.random.Generator) -> str:
    kind = rng.integers(0, 4)
    if kind == 0:
        return str(rng.integers(0, 1000))
    if kind == 1:
        return f"{rng.uniform(60, 400):.2f}"
    if kind == 2:
        return f"{rng.integers(0, 5)}:{rng.integers(0, 60):02d}"
    return f"{rng.integers(0, 4000):04d}/{rng.integers(0, 4000)}"


def word_text(rng: np.random.Generator) -> str:
    """A word or a scrap of letters that is no number."""
    if rng.random() < 0.7:
        word = str(rng.choice(WORDS))
        return word if rng.random() < 0.7 else word.capitalize()
    letters = list("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!?-+#&/()")
    return "".join(rng.choice(letters, size=int(rng.integers(2, 12))))


def compose(rng: np.random.Generator, face: Face, text: str, dimmed: int = 0, small: float = 1.0) -> Line:
    """Set `text` in `face`: monospaced or not, tight or loose, its first `dimmed` characters apart.

    What follows a decimal point, the sign included, is `small` times as large and stands on the same line.
    """
    mono = rng.random() < 0.75
    loose = rng.uniform(0.95, 1.4) if rng.random() < 0.5 else rng.uniform(0.98, 1.1)
    cell = max(face.glyph(d).advance for d in DIGITS) * loose
    wide_separator = mono and rng.random() < 0.35
    thousands = not text.rstrip("%").rpartition(".")[0].isdigit()
    point = len(text) if thousands else text.index(".")
    pen = 6.0
    placed: list[tuple[str, float, float, float]] = []  # character, centre, advance, size
    for at, character in enumerate(text):
        size = small if at > point else 1.0
        digit = character in DIGITS
        advance = size * (cell if mono and (digit or wide_separator) else face.glyph(character).advance * loose)
        placed.append((character, pen + advance / 2, advance, size))
        pen += advance
    shape = (LINE_HEIGHT, int(pen + 12))
    layers = {name: np.zeros(shape, dtype=np.float32) for name in ("bright", "dim", "unlit")}
    for at, (character, centre, _, size) in enumerate(placed):
        if character == " ":
            continue
        _set(layers["dim" if at < dimmed else "bright"], face, character, centre, size)
        if face.has_unlit and character in DIGITS:
            _set(layers["unlit"], face, "8", centre, size)
    return Line(
        layers["bright"],
        layers["dim"],
        text,
        np.array([centre for _, centre, _, _ in placed], dtype=np.float32),
        np.array([min(advance, 1.2 * DIGIT_HEIGHT) for _, _, advance, _ in placed], dtype=np.float32),
        layers["unlit"] if face.has_unlit else None,
    )


def _set(layer: Floats, face: Face, character: str, centre: float, size: float) -> None:
    """Put one character's ink on `layer`."""
    glyph = face.glyph(character)
    mask = glyph.mask
    if size != 1.0:
        matrix = np.array([[size, 0, 0], [0, size, BASELINE * (1 - size)]], dtype=np.float32)
        wide = max(1, round(mask.shape[1] * size))
        mask = np.asarray(cv2.warpAffine(mask, matrix, (wide, LINE_HEIGHT)), dtype=np.float32)
    start = max(0, round(centre - size * glyph.advance / 2 + size * glyph.left))
    stop = min(layer.shape[1], start + mask.shape[1])
    if stop > start:
        np.maximum(layer[:, start:stop], mask[:, : stop - start], out=layer[:, start:stop])
