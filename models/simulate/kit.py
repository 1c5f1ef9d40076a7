"""What every screen draws with: the theme's sprites at the picture's size, and a few things that all screens show."""

from __future__ import annotations

import itertools
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

from game.reading import ScoreUnit
from models.simulate.arrows import arrow, flash, hold_body, receptor
from models.simulate.lettering import DIM, Line, figure, lay_out, margin, plain, words
from models.simulate.numerals import ROUND
from models.simulate.sprite import Mask, Sprite, blend, blit, centred, gradient, layer, scaled, stack
from models.simulate.theme import WORDS

if TYPE_CHECKING:
    from game.judgement import Judgement
    from models.simulate.lettering import Ink
    from models.simulate.sprite import Box, Colour
    from models.simulate.theme import Theme
    from vision.frame import Image

BASE_HEIGHT = 480
BASE_WIDTH = 854
LANE = 47  # pixels between lanes at the base size
ARROW = 45
LEVELS = 8  # brightness steps of the receptors
POP = (1.22, 1.1, 1.03, 1.0)  # sizes of a judgement word as it appears
FLASH_STEPS = 6
SMOOTH = 4  # plates are drawn this much larger, then reduced
WHITE = plain((250, 250, 250), bold=0.05)
QUIET = plain((205, 200, 195))


class At(NamedTuple):
    """A place on the picture, pixels; anchor 0 puts a text's left end there, 1 its right end."""

    x: float
    y: float
    anchor: float = 0.5


class Kit:
    """Sprites of one theme at one size; made when first asked for.

    Args:
        theme: the look.
        size: width and height of the picture, pixels.
    """

    def __init__(self, theme: Theme, size: tuple[int, int]) -> None:
        self.theme = theme
        self.width, self.height = size
        self.unit = min(size[1] / BASE_HEIGHT, size[0] / BASE_WIDTH)
        self.lane = LANE * self.unit
        self.digit = max(8, round(theme.score.height * self.height * min(1.0, self.unit * BASE_HEIGHT / self.height)))

    def px(self, base: float) -> int:
        """A length of the base picture in this one, at least one pixel."""
        return max(1, round(base * self.unit))

    def display(self, player: int) -> At:
        """Where a player's score stands."""
        look = self.theme.score
        if player and look.second is not None:
            return At(look.second[0] * self.width, look.second[1] * self.height, look.align)
        anchor = 1.0 - look.align if player and look.mirrored else look.align
        return At(self.mirrored(look.x, player), look.y * self.height, anchor)

    def mirrored(self, share: float, player: int) -> float:
        """The pixel column of a share of the width for player 0, mirrored for player 1."""
        return self.width * (share if player == 0 else 1.0 - share)

    def prepare(self) -> None:
        """Make every sprite now, so that no frame is late because of one."""
        _ = self.arrows, self.receptors, self.flashes, self.holds, self.judgements, self.plate

    @cached_property
    def arrows(self) -> list[list[Sprite]]:
        """By lane and part of the beat."""
        size = self.px(ARROW)
        return [[arrow(self.theme.arrows, lane, part, size) for part in range(4)] for lane in range(4)]

    @cached_property
    def receptors(self) -> list[list[Sprite]]:
        """By lane and brightness."""
        size = self.px(ARROW)
        steps = [level / (LEVELS - 1) for level in range(LEVELS)]
        return [[receptor(self.theme.arrows, lane, size, step) for step in steps] for lane in range(4)]

    @cached_property
    def flashes(self) -> dict[Judgement, list[list[Sprite]]]:
        """By judgement, lane and step, fading."""
        size = self.px(ARROW)
        steps = [0.95 * (1 - step / FLASH_STEPS) ** 1.4 for step in range(FLASH_STEPS)]
        return {
            judgement: [[flash(self.theme.arrows, lane, size, ink.bottom, step) for step in steps] for lane in range(4)]
            for judgement, (_, ink) in WORDS.items()
        }

    @cached_property
    def holds(self) -> tuple[Sprite, Sprite]:
        """The body of a hold as high as the picture, idle and active."""
        size = self.px(ARROW)
        look = self.theme.arrows
        return (
            hold_body(look, size, self.height, active=False),
            hold_body(look, size, self.height, active=True),
        )

    @cached_property
    def judgements(self) -> dict[Judgement, list[Sprite]]:
        """The judgement words, as they pop up."""
        big = {judgement: words(text, self.px(22), ink) for judgement, (text, ink) in WORDS.items()}
        return {judgement: [scaled(sprite, factor) for factor in POP] for judgement, sprite in big.items()}

    @cached_property
    def plate(self) -> Sprite | None:
        """What lies behind a score, or nothing."""
        look = self.theme.score
        if look.plate is None:
            return None
        line = self.line(self.text(0 if look.padded else 10**look.digits - 1))
        mask = slab(round(line.width + 1.3 * self.digit), round(1.75 * self.digit), look.skew, round(0.25 * self.digit))
        top: Colour = (look.plate[0] + 22, look.plate[1] + 20, look.plate[2] + 20)
        rim = cv2.subtract(mask, np.asarray(cv2.erode(mask, np.ones((3, 3), np.uint8)), np.uint8))
        face = layer(gradient(mask.shape[0], mask.shape[1], top, look.plate), mask, 0.94)
        return stack(face, layer((150, 140, 135), np.asarray(rim, np.uint8), 0.8))

    def text(self, value: int) -> str:
        """A score as the display writes it."""
        look = self.theme.score
        if self.theme.rule.unit is ScoreUnit.PERCENT:
            return f"{value / 100:.2f}{look.sign}"
        if not look.padded:
            return f"{value:,}" if look.commas else str(value)
        return f"{value:0{look.digits + (look.digits - 1) // 3},}" if look.commas else f"{value:0{look.digits}}"

    def line(self, text: str) -> Line:
        """The text laid out in the theme's numerals."""
        return lay_out(text, self.theme.score.face, self.digit, self.theme.score.tracking)

    def score(self, canvas: Image, player: int, value: int, at: At) -> None:
        """A score placed like a line of text; where leading zeros fill it up they are dimmed."""
        look = self.theme.score
        line = self.line(self.text(value))
        if self.plate is not None:
            room = self.line(self.text(10**look.digits - 1)).width
            centred(canvas, self.plate, at.x + (0.5 - at.anchor) * room, at.y)
        ink = look.inks[player]
        room = margin(self.digit, ink)
        left, top = at.x - line.width * at.anchor - room, at.y - self.digit / 2 - room
        for character, place, dim in line.cells:
            sprite = figure(look.face, character, self.digit, ink.dimmed(DIM) if dim and look.padded else ink)
            blit(canvas, sprite, left + place, top)

    def say(self, canvas: Image, text: str, at: At, height: float, ink: Ink) -> None:
        """A line of text; its capitals are `height` pixels of the base picture high."""
        sprite = words(text, self.px(height), ink)
        blit(canvas, sprite, at.x - sprite.size[0] * at.anchor, at.y - sprite.size[1] / 2)

    def count(self, canvas: Image, value: int, at: At, height: float, ink: Ink) -> None:
        """A plain number, placed like a line of text."""
        tall = self.px(height)
        line = lay_out(str(value), ROUND, tall, 0.06)
        room = margin(tall, ink)
        left, top = at.x - line.width * at.anchor - room, at.y - tall / 2 - room
        for character, place, _ in line.cells:
            blit(canvas, figure(ROUND, character, tall, ink), left + place, top)

    def bar(self, canvas: Image, box: Box, share: float, colours: tuple[Colour, Colour]) -> None:
        """A bar filled from the left, or from the right when its width is negative."""
        x, y, width, height = box
        left, wide = (x, width) if width >= 0 else (x + width, -width)
        edge = self.px(2)
        blend(canvas, (left - edge, y - edge, wide + 2 * edge, height + 2 * edge), (12, 10, 10), 0.8)
        blend(canvas, (left, y, wide, height), (70, 64, 60), 0.6)
        full = round(wide * min(1.0, max(0.0, share)))
        if full < 1 or height < 1:
            return
        picture = gradient(round(height), full, colours[0], colours[1])
        start = round(left if width >= 0 else left + wide - full)
        part = canvas[max(0, round(y)) : round(y) + picture.shape[0], max(0, start) : start + full]
        part[:] = picture[: part.shape[0], : part.shape[1]]


def slab(width: int, height: int, skew: float, corner: int) -> Mask:
    """A rectangle with round corners, or leaning with sharp ones, with smooth edges."""
    tall, wide = height * SMOOTH, width * SMOOTH
    mask = np.zeros((tall, wide), np.uint8)
    if skew:
        lean = round(skew * tall)
        points = [(lean, 0), (wide - 1, 0), (wide - 1 - lean, tall - 1), (0, tall - 1)]
        cv2.fillPoly(mask, [np.array(points, np.int32)], 255)
    else:
        inset = max(1, corner) * SMOOTH
        cv2.rectangle(mask, (inset, 0), (wide - 1 - inset, tall - 1), 255, cv2.FILLED)
        cv2.rectangle(mask, (0, inset), (wide - 1, tall - 1 - inset), 255, cv2.FILLED)
        for x, y in itertools.product((inset, wide - 1 - inset), (inset, tall - 1 - inset)):
            cv2.circle(mask, (x, y), inset, 255, cv2.FILLED)
    return np.asarray(cv2.resize(mask, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
