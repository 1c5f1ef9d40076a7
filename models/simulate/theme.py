"""What a cabinet looks like, as plain data, and how a seed varies it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from game.judgement import Judgement
from models.simulate.backgrounds import Scenery
from models.simulate.lettering import Ink

if TYPE_CHECKING:
    from game.rules.rule import Rule
    from models.simulate.arrows import ArrowLook
    from models.simulate.numerals import Face
    from models.simulate.sprite import Colour


@dataclass(frozen=True, slots=True)
class ScoreLook:
    """How and where the two scores are shown; the second player's place mirrors the first's.

    Attributes:
        height: of a digit, as a share of the picture's height.
        digits: how many are shown, leading zeros included; of a growing number, the most it may come to.
        commas: whether thousands are set apart.
        x: middle of player 1's number, as a share of the width.
        y: middle of the numbers, as a share of the height.
        inks: player 1's and player 2's.
        plate: colour of a plate behind the number, or none.
        skew: how far the plate leans.
        under_notes: whether notes, still see-through down there, are drawn over the number.
        tracking: room between the cells, as a share of the digits' height.
        padded: whether leading zeros fill the display up; else the number grows.
        align: what stays in place while a number grows: 0 its left end, 0.5 its middle, 1 its right end.
        mirrored: whether player 2's number stays in place at the other end.
        second: x and y of player 2's number where that does not mirror player 1's.
        sign: what stands behind the number.
    """

    face: Face
    height: float
    digits: int
    commas: bool
    x: float
    y: float
    inks: tuple[Ink, Ink]
    plate: Colour | None = None
    skew: float = 0.0
    under_notes: bool = False
    tracking: float = 0.05
    padded: bool = True
    align: float = 0.5
    mirrored: bool = True
    second: tuple[float, float] | None = None
    sign: str = ""


@dataclass(frozen=True, slots=True)
class Theme:
    """A cabinet's look and rules.

    Attributes:
        rule: how it scores.
        roll: seconds that a score takes to reach a new number.
        field_x: middle of player 1's notes, as a share of the width.
        receptors: height of the receptors, as a share of the picture's.
        upwards: whether notes come from below.
        scroll: heights of the picture that a note travels in a second.
        life_y: height of the life bars, as a share of the picture's.
        life_x: middle of player 1's life bar, as a share of the width.
        players: the players' colours.
        alone: the only player who plays, 0 or 1; None when both do.
        hidden: from when to when the displays are out of sight, seconds of play.
        clutter: whether numbers that are no scores stand about.
    """

    name: str
    rule: Rule
    roll: float
    score: ScoreLook
    scenery: Scenery
    arrows: ArrowLook
    field_x: float
    receptors: float
    upwards: bool
    scroll: float
    life_x: float
    life_y: float
    players: tuple[Colour, Colour]
    alone: int | None = None
    hidden: tuple[tuple[float, float], ...] = ()
    clutter: bool = False

    @property
    def dancing(self) -> tuple[int, ...]:
        """The players who play, 0 and 1."""
        return (0, 1) if self.alone is None else (self.alone,)


WORDS: dict[Judgement, tuple[str, Ink]] = {
    Judgement.W1: ("MARVELOUS", Ink((255, 255, 255), (255, 205, 110), edge=(90, 30, 20), bold=0.14, slant=0.16)),
    Judgement.W2: ("PERFECT", Ink((215, 255, 255), (20, 175, 255), edge=(10, 40, 90), bold=0.14, slant=0.16)),
    Judgement.W3: ("GREAT", Ink((215, 255, 215), (60, 215, 60), edge=(10, 70, 20), bold=0.14, slant=0.16)),
    Judgement.W4: ("GOOD", Ink((255, 225, 190), (240, 130, 50), edge=(90, 30, 10), bold=0.14, slant=0.16)),
    Judgement.W5: ("ALMOST", Ink((255, 200, 250), (225, 70, 190), edge=(80, 10, 70), bold=0.14, slant=0.16)),
    Judgement.MISS: ("MISS", Ink((190, 190, 255), (40, 40, 235), edge=(20, 10, 80), bold=0.14, slant=0.16)),
}


def varied(theme: Theme, rng: np.random.Generator) -> Theme:
    """The theme with places, sizes and colours moved a little."""
    score = replace(
        theme.score,
        height=theme.score.height * float(rng.uniform(0.95, 1.05)),
        x=theme.score.x + float(rng.uniform(-0.008, 0.008)),
        y=theme.score.y + float(rng.uniform(-0.006, 0.006)),
    )
    turn = float(rng.uniform(-14, 14))
    palette = tuple(hue_turned(colour, turn) for colour in theme.scenery.palette)
    return replace(theme, score=score, scenery=Scenery(theme.scenery.kind, palette))


def hue_turned(colour: Colour, degrees: float) -> Colour:
    """The colour with its hue turned around the grey axis (YIQ rotation, ITU-R BT.601 luma)."""
    blue, green, red = (part / 255.0 for part in colour)
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    i = 0.596 * red - 0.274 * green - 0.322 * blue
    q = 0.211 * red - 0.523 * green + 0.312 * blue
    cos, sin = float(np.cos(np.radians(degrees))), float(np.sin(np.radians(degrees)))
    i, q = cos * i - sin * q, sin * i + cos * q
    parts = (luma - 1.106 * i + 1.703 * q, luma - 0.272 * i - 0.647 * q, luma + 0.956 * i + 0.621 * q)
    blue, green, red = (min(1.0, max(0.0, part)) * 255.0 for part in parts)
    return round(blue), round(green), round(red)
