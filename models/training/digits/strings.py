"""What stands on a screen: scores, percentages, counters and words, with where each character lies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from models.training.digits.glyphs import DIGIT_HEIGHT, DIGITS, LINE_HEIGHT, Face

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
]


@dataclass(frozen=True, slots=True)
class Line:
    """A composed line of text in render units (LINE_HEIGHT high).

    Attributes:
        bright, dim: (LINE_HEIGHT, width) coverage of the lit and the dimmed characters.
        text: the characters; centres, widths: of each in pixels along x.
    """

    bright: Floats
    dim: Floats
    text: str
    centres: Floats
    widths: Floats


def score_text(rng: np.random.Generator) -> tuple[str, int]:
    """A number as a game would write it, and how many leading characters are dimmed."""
    kind = rng.random()
    if kind < 0.12:
        text = f"{rng.uniform(0, 100.0):.2f}" + ("%" if rng.random() < 0.4 else "")
        return (text if rng.random() < 0.8 else text.rjust(6, "0")), 0
    if kind < 0.22:
        return _counter(rng), 0
    digits = int(rng.choice([5, 6, 7, 8, 9, 9, 9], p=[0.08, 0.12, 0.22, 0.18, 0.2, 0.1, 0.1]))
    shown = int(rng.integers(1, digits + 1)) if rng.random() < 0.5 else digits
    value = 0 if rng.random() < 0.06 else int(rng.integers(0, 10**shown))
    padded = rng.random() < 0.75
    plain = f"{value:0{digits}d}" if padded else str(value)
    separator = str(rng.choice([",", ",", "", "", ".", " ", "'"]))
    text = _grouped(plain, separator)
    zeros = len(plain) - len(plain.lstrip("0"))
    zeros = min(zeros, len(plain) - 1)
    at = [index for index, character in enumerate(text) if character in DIGITS]
    return text, at[zeros]


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


def compose(rng: np.random.Generator, face: Face, text: str, dimmed: int = 0) -> Line:
    """Set `text` in `face`: monospaced or not, tight or loose, its first `dimmed` characters apart."""
    mono = rng.random() < 0.75
    loose = rng.uniform(0.95, 1.4) if rng.random() < 0.5 else rng.uniform(0.98, 1.1)
    cell = max(face.glyph(d).advance for d in DIGITS) * loose
    wide_separator = mono and rng.random() < 0.35
    pen = 6.0
    placed: list[tuple[tuple[Floats, int] | None, float, float]] = []
    for character in text:
        glyph = face.glyph(character)
        digit = character in DIGITS
        advance = cell if mono and (digit or wide_separator) else glyph.advance * loose
        if character == " ":
            placed.append((None, pen + advance / 2, advance))
        else:
            start = pen + (advance - glyph.advance) / 2 + glyph.left
            placed.append(((glyph.mask, max(0, round(start))), pen + advance / 2, advance))
        pen += advance
    width = int(pen + 12)
    bright = np.zeros((LINE_HEIGHT, width), dtype=np.float32)
    dim = np.zeros_like(bright)
    for index, (ink, _, _) in enumerate(placed):
        if ink is None:
            continue
        mask, start = ink
        layer = dim if index < dimmed else bright
        stop = min(width, start + mask.shape[1])
        np.maximum(layer[:, start:stop], mask[:, : stop - start], out=layer[:, start:stop])
    return Line(
        bright,
        dim,
        text,
        np.array([centre for _, centre, _ in placed], dtype=np.float32),
        np.array([min(a, 1.2 * DIGIT_HEIGHT) for _, _, a in placed], dtype=np.float32),
    )
