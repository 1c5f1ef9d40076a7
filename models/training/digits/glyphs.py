"""Fonts to glyph masks, all at one digit height, so that every string is composed in the same units."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vision.frame import Floats

DIGITS = "0123456789"
DIGIT_HEIGHT = 36  # pixels, of a rendered zero
LINE_HEIGHT = 64
BASELINE = 50
FONT_FOLDERS = ("/usr/share/fonts/truetype", "/usr/share/fonts/opentype")
# families in which a number is not legible, or which hold no Latin digits of their own
UNFIT = (
    "dingbat",
    "symbol",
    "emoji",
    "math",
    "barcode",
    "braille",
    "dseg14classicmini-reg",
    "weather",
    "awesome",
    "opens___",
)
CROWDED = 12  # a folder with more files than this is a foundry's collection, and is drawn from less often


@dataclass(frozen=True, slots=True)
class Glyph:
    """A character's coverage.

    Attributes:
        mask: (LINE_HEIGHT, width) in [0, 1], cropped to the ink.
        left: ink's offset from the pen.
        advance: pen movement in pixels.
    """

    mask: Floats
    left: float
    advance: float


class Face(Protocol):
    """A look of characters; its zero is DIGIT_HEIGHT pixels high and stands on BASELINE."""

    @property
    def has_unlit(self) -> bool:
        """Whether a digit is some of the bars of an eight, of which the others may shine through."""

    def glyph(self, character: str) -> Glyph:
        """The mask of one character; an empty one where there is no ink for it."""


class FontFace:
    """One font file, scaled so that its zero is DIGIT_HEIGHT pixels high."""

    has_unlit = False

    def __init__(self, path: Path) -> None:
        probe = ImageFont.truetype(str(path), 100)
        box = probe.getbbox("0")
        height = max(1.0, box[3] - box[1])
        self._font = ImageFont.truetype(str(path), max(8, round(100 * DIGIT_HEIGHT / height)))
        self._bottom = self._font.getbbox("0")[3]

    @lru_cache(maxsize=20_000)  # noqa: B019 - faces live as long as the process that trains
    def glyph(self, character: str) -> Glyph:
        """The mask of one character; an empty one where the font has no ink for it."""
        left, _, right, _ = self._font.getbbox(character)
        width = max(1, int(right - left) + 2)
        canvas = Image.new("L", (width, LINE_HEIGHT))
        pen = (1 - left, BASELINE - self._bottom)
        ImageDraw.Draw(canvas).text(pen, character, fill=255, font=self._font)
        mask = np.asarray(canvas, dtype=np.float32) / 255
        return Glyph(mask, left - 1, self._font.getlength(character))

    def legible(self) -> bool:
        """Whether the ten digits are there, differ from each other, and keep to the line."""
        masks = []
        for digit in DIGITS:
            mask = self.glyph(digit).mask
            ink = mask.sum()
            rows = np.flatnonzero(mask.max(axis=1) > 0.3)
            if not 20 < ink < 0.9 * LINE_HEIGHT * DIGIT_HEIGHT or mask.shape[1] > 2 * DIGIT_HEIGHT:
                return False
            if not 0.85 * DIGIT_HEIGHT < rows[-1] - rows[0] + 1 < 1.2 * DIGIT_HEIGHT:  # old-style figures
                return False
            padded = np.zeros((LINE_HEIGHT, 2 * DIGIT_HEIGHT + 2), dtype=np.float32)
            padded[:, : mask.shape[1]] = mask
            masks.append(padded)
        gaps = [np.abs(a - b).sum() / (a.sum() + b.sum()) for i, a in enumerate(masks) for b in masks[:i]]
        return float(min(gaps)) > 0.08


def find_faces(folders: Sequence[str] = FONT_FOLDERS) -> list[tuple[Path, float]]:
    """Every usable font file with the weight with which to draw it.

    Raises:
        FileNotFoundError: when no font is installed at all.
    """
    found: list[tuple[Path, float]] = []
    paths = sorted(p for folder in folders for p in Path(folder).rglob("*.[ot]tf"))
    crowd: dict[Path, int] = {}
    for path in paths:
        crowd[path.parent] = crowd.get(path.parent, 0) + 1
    for path in paths:
        if any(word in path.name.lower() for word in UNFIT):
            continue
        weight = min(1.0, CROWDED / crowd[path.parent]) * (0.35 if "aenigma" in str(path) else 1.0)
        found.append((path, weight))
    if not found:
        raise FileNotFoundError("no fonts found; install the font packages that `make train` names")
    return found
