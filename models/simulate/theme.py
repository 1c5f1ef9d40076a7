"""What a cabinet looks like: themes as plain data, and how a seed varies them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from game.judgement import Judgement
from game.rules.million import A
from game.rules.stepmania import StepManiaDefault
from models.simulate.arrows import ArrowLook
from models.simulate.backgrounds import Scenery
from models.simulate.lettering import Ink
from models.simulate.numerals import LEDS, NARROW, RACING, ROUND, SQUARE, Face

if TYPE_CHECKING:
    from game.rules.rule import Rule
    from models.simulate.sprite import Colour


@dataclass(frozen=True, slots=True)
class ScoreLook:
    """How and where the two scores are shown; the second player's place mirrors the first's.

    Attributes:
        height: of a digit, as a share of the picture's height.
        digits: how many are shown, leading zeros included.
        commas: whether thousands are set apart.
        x: middle of player 1's number, as a share of the width.
        y: middle of the numbers, as a share of the height.
        inks: player 1's and player 2's.
        plate: colour of a plate behind the number, or none.
        skew: how far the plate leans.
        under_notes: whether notes, still see-through down there, are drawn over the number.
        tracking: room between the cells, as a share of the digits' height.
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


WORDS: dict[Judgement, tuple[str, Ink]] = {
    Judgement.W1: ("MARVELOUS", Ink((255, 255, 255), (255, 205, 110), edge=(90, 30, 20), bold=0.14, slant=0.16)),
    Judgement.W2: ("PERFECT", Ink((215, 255, 255), (20, 175, 255), edge=(10, 40, 90), bold=0.14, slant=0.16)),
    Judgement.W3: ("GREAT", Ink((215, 255, 215), (60, 215, 60), edge=(10, 70, 20), bold=0.14, slant=0.16)),
    Judgement.W4: ("GOOD", Ink((255, 225, 190), (240, 130, 50), edge=(90, 30, 10), bold=0.14, slant=0.16)),
    Judgement.W5: ("ALMOST", Ink((255, 200, 250), (225, 70, 190), edge=(80, 10, 70), bold=0.14, slant=0.16)),
    Judgement.MISS: ("MISS", Ink((190, 190, 255), (40, 40, 235), edge=(20, 10, 80), bold=0.14, slant=0.16)),
}

_CLASSIC = ((70, 70, 235), (70, 205, 245), (240, 150, 60), (90, 210, 90))
_NEON = ((210, 80, 255), (90, 255, 210), (255, 210, 60), (60, 180, 255))
_WARM = ((60, 90, 245), (90, 220, 250), (200, 90, 200), (160, 200, 70))

PLATES = Theme(
    name="plates",
    rule=StepManiaDefault(),
    roll=0.2,
    score=ScoreLook(
        face=SQUARE,
        height=0.056,
        digits=9,
        commas=True,
        x=0.195,
        y=0.068,
        inks=(
            Ink((255, 245, 215), (255, 170, 70), edge=(50, 20, 10), edge_width=0.06, shadow=0.0),
            Ink((225, 225, 255), (105, 95, 255), edge=(15, 10, 50), edge_width=0.06, shadow=0.0),
        ),
        plate=(24, 16, 14),
        tracking=0.06,
    ),
    scenery=Scenery("aurora", ((40, 10, 10), (110, 40, 20), (150, 110, 30), (175, 175, 125))),
    arrows=ArrowLook("solid", _CLASSIC),
    field_x=0.195,
    receptors=0.265,
    upwards=True,
    scroll=0.62,
    life_x=0.195,
    life_y=0.145,
    players=((255, 180, 80), (120, 110, 255)),
)
OVERLAY = Theme(
    name="overlay",
    rule=StepManiaDefault(),
    roll=0.15,
    score=ScoreLook(
        face=ROUND,
        height=0.075,
        digits=9,
        commas=True,
        x=0.25,
        y=0.9,
        inks=(
            Ink((235, 220, 255), (190, 80, 255), edge=(50, 10, 40), edge_width=0.09, shadow=0.5),
            Ink((255, 255, 220), (255, 225, 70), edge=(60, 40, 10), edge_width=0.09, shadow=0.5),
        ),
    ),
    scenery=Scenery("rays", ((30, 8, 30), (90, 20, 90), (140, 60, 160), (220, 170, 240))),
    arrows=ArrowLook("chevron", _NEON, rim=(255, 245, 255), hold=(230, 180, 90)),
    field_x=0.25,
    receptors=0.2,
    upwards=True,
    scroll=0.68,
    life_x=0.25,
    life_y=0.07,
    players=((205, 100, 255), (255, 230, 90)),
)
ARCADE = Theme(
    name="arcade",
    rule=A,
    roll=0.12,
    score=ScoreLook(
        face=NARROW,
        height=0.07,
        digits=7,
        commas=False,
        x=0.345,
        y=0.82,
        inks=(
            Ink((150, 255, 200), (60, 255, 120), edge=(8, 30, 10), edge_width=0.1, shadow=0.6),
            Ink((150, 235, 255), (40, 190, 255), edge=(6, 26, 40), edge_width=0.1, shadow=0.6),
        ),
        under_notes=True,
        tracking=0.1,
    ),
    scenery=Scenery("rays", ((24, 14, 6), (64, 44, 10), (110, 96, 24), (190, 190, 130))),
    arrows=ArrowLook("solid", _WARM, hold=(90, 190, 240)),
    field_x=0.185,
    receptors=0.2,
    upwards=True,
    scroll=0.64,
    life_x=0.25,
    life_y=0.07,
    players=((120, 255, 150), (70, 200, 255)),
)
SUNSET = Theme(
    name="sunset",
    rule=StepManiaDefault(),
    roll=0.2,
    score=ScoreLook(
        face=RACING,
        height=0.058,
        digits=9,
        commas=False,
        x=0.2,
        y=0.93,
        inks=(
            Ink((255, 255, 255), (255, 220, 190), edge=(60, 20, 40), edge_width=0.06, shadow=0.0),
            Ink((255, 255, 255), (190, 220, 255), edge=(60, 20, 40), edge_width=0.06, shadow=0.0),
        ),
        plate=(70, 22, 52),
        skew=0.4,
        tracking=-0.1,
    ),
    scenery=Scenery("horizon", ((40, 8, 20), (90, 20, 70), (150, 40, 160), (120, 90, 255), (255, 210, 80))),
    arrows=ArrowLook("chevron", _WARM, rim=(240, 240, 255), hold=(210, 120, 220)),
    field_x=0.2,
    receptors=0.76,
    upwards=False,
    scroll=0.62,
    life_x=0.2,
    life_y=0.055,
    players=((255, 190, 90), (110, 150, 255)),
)
LED = replace(ARCADE, name="leds", score=replace(ARCADE.score, face=LEDS))
EVERYDAY = (PLATES, OVERLAY, ARCADE, SUNSET)  # what a seed chooses from; seven-segment numerals are asked for by name
THEMES = {theme.name: theme for theme in (*EVERYDAY, LED)}
AUTO = "auto"


class ThemeError(Exception):
    """There is no theme of that name; the text says which there are."""


def choose(name: str, seed: int) -> Theme:
    """The theme of a name, varied a little by the seed; `auto` lets the seed choose one.

    Raises:
        ThemeError: no such theme.
    """
    if name == AUTO:
        name = EVERYDAY[seed % len(EVERYDAY)].name
    if name not in THEMES:
        raise ThemeError(f"no theme {name!r}; there are {AUTO}, {', '.join(THEMES)}")
    return varied(THEMES[name], np.random.default_rng([seed, 77]))


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
