"""Words and numbers as sprites. The letters are those that Pillow carries, so the machine needs no font."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image as Pictures
from PIL import ImageDraw, ImageFont

from models.simulate.numerals import Face, numeral
from models.simulate.sprite import Colour, Mask, Sprite, blurred, gradient, grown, layer, padded, sheared, stack

if TYPE_CHECKING:
    from vision.frame import Image

FINE = 3  # letters are drawn this much larger, then reduced
DIM = 0.47  # brightness of leading zeros


@dataclass(frozen=True, slots=True)
class Ink:
    """How letters are filled and surrounded.

    Attributes:
        top: colour of the upper end.
        bottom: colour of the lower end.
        middle: colour half-way, or none.
        edge: colour of the outline.
        edge_width: of the outline, as a share of the height; 0 for none.
        shadow: opacity of a soft dark halo.
        bold: thickening, as a share of the height.
        slant: leaning, pixels right for each pixel up.
    """

    top: Colour
    bottom: Colour
    middle: Colour | None = None
    edge: Colour = (12, 8, 8)
    edge_width: float = 0.07
    shadow: float = 0.35
    bold: float = 0.0
    slant: float = 0.0

    def dimmed(self, share: float) -> Ink:
        """The same ink with its fill darker; the outline stays."""

        def dark(colour: Colour) -> Colour:
            blue, green, red = (round(part * share) for part in colour)
            return blue, green, red

        return Ink(
            dark(self.top),
            dark(self.bottom),
            None if self.middle is None else dark(self.middle),
            self.edge,
            self.edge_width,
            self.shadow,
            self.bold,
            self.slant,
        )


def plain(colour: Colour, *, bold: float = 0.0) -> Ink:
    """One colour, without outline or halo."""
    return Ink(colour, colour, edge_width=0.0, shadow=0.0, bold=bold)


def inked(mask: Mask, ink: Ink, height: int) -> Sprite:
    """A mask filled, outlined and shadowed; the sprite has a margin around the mask on every side."""
    edge = round(ink.edge_width * height) if ink.edge_width else 0
    halo = round(0.12 * height) if ink.shadow else 0
    margin = edge + 2 * halo
    room = padded(mask, margin)
    fill: Image = gradient(room.shape[0], room.shape[1], ink.top, ink.bottom)
    if mask.shape[0] > 0:
        fill[margin : margin + mask.shape[0]] = gradient(mask.shape[0], room.shape[1], ink.top, ink.bottom, ink.middle)
    layers = []
    if halo:
        layers.append(layer((0, 0, 0), blurred(grown(room, edge), halo), ink.shadow))
    if edge:
        layers.append(layer(ink.edge, grown(room, edge)))
    return stack(*layers, layer(fill, room))


@lru_cache(maxsize=64)
def _font(size: int) -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    return ImageFont.load_default(size)


def letters(text: str, height: int, *, bold: float = 0.0, slant: float = 0.0, spacing: float = 0.0) -> Mask:
    """A line of text as a mask whose capitals are `height` pixels high; cut close around the ink.

    Args:
        text: at least one visible character.
        height: of a capital, pixels.
        bold: thickening, as a share of the height.
        slant: leaning.
        spacing: extra room between letters, as a share of the height.
    """
    font = _font(round(height * FINE * 1.4))  # the letters' capitals fill about 0.72 of the size
    stroke = round(bold * height * FINE / 2)
    gap = spacing * height * FINE
    x = float(stroke)
    places = []
    for character in text:
        places.append(x)
        x += font.getlength(character) + gap + stroke
    page = Pictures.new("L", (max(1, int(x) + 4 * stroke + height), height * FINE * 2 + 2 * stroke), 0)
    pen = ImageDraw.Draw(page)
    for character, place in zip(text, places, strict=True):
        pen.text((place, stroke), character, 255, font=font, stroke_width=stroke, anchor="la")
    mask = sheared(np.asarray(page, np.uint8), slant)
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not rows.size:
        return np.zeros((height, 1), np.uint8)
    cut = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    size = (max(1, round(cut.shape[1] / FINE)), max(1, round(cut.shape[0] / FINE)))
    return np.asarray(cv2.resize(cut, size, interpolation=cv2.INTER_AREA), np.uint8)


@lru_cache(maxsize=1024)
def words(text: str, height: int, ink: Ink, spacing: float = 0.06) -> Sprite:
    """A line of text as a sprite; capitals are about `height` pixels high."""
    return inked(letters(text, height, bold=ink.bold, slant=ink.slant, spacing=spacing), ink, height)


@lru_cache(maxsize=512)
def figure(face: Face, character: str, height: int, ink: Ink) -> Sprite:
    """One digit or comma of a face as a sprite."""
    return inked(numeral(face, character, height), ink, height)


def margin(height: int, ink: Ink) -> int:
    """How far a figure's sprite reaches beyond its digit on each side, pixels."""
    edge = round(ink.edge_width * height) if ink.edge_width else 0
    return edge + 2 * (round(0.12 * height) if ink.shadow else 0)


@dataclass(frozen=True, slots=True)
class Line:
    """A number laid out: every character with its place and whether it is a dimmed leading one."""

    cells: tuple[tuple[str, float, bool], ...]
    width: float


def lay_out(text: str, face: Face, height: int, tracking: float) -> Line:
    """Place the characters of a number such as `000,962,803`; leading zeros and their commas are marked as dim.

    Args:
        text: digits and commas.
        face: the numerals.
        height: of a digit, pixels.
        tracking: room between cells, as a share of the height; below 0 for slanted faces.
    """
    cells = []
    x = 0.0
    lead = True
    for at, character in enumerate(text):
        lead = lead and character in "0," and at < len(text) - 1
        cells.append((character, x, lead))
        x += numeral(face, character, height).shape[1] + tracking * height
    return Line(tuple(cells), x - tracking * height)
