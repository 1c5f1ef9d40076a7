"""The themes there are, by name."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from game.rules.counted import EX, ITG, STEPMANIA_PERCENT
from game.rules.million import A
from game.rules.stepmania import StepManiaDefault
from models.simulate.arrows import ArrowLook
from models.simulate.backgrounds import Scenery
from models.simulate.lettering import Ink
from models.simulate.numerals import LEDS, NARROW, RACING, ROUND, SQUARE
from models.simulate.theme import ScoreLook, Theme, varied

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

_WHITE = Ink((255, 255, 255), (240, 240, 235), edge=(20, 16, 16), edge_width=0.05, shadow=0.4)
_GREEN = Ink((210, 255, 220), (120, 240, 150), edge=(12, 30, 14), edge_width=0.06, shadow=0.3)
_AMBER = Ink((190, 240, 255), (70, 190, 255), edge=(10, 30, 44), edge_width=0.06, shadow=0.3)
GROVE = replace(  # percents that fall, far up, right ends in place
    PLATES,
    name="grove",
    rule=ITG,
    roll=0.0,
    score=ScoreLook(
        face=ROUND,
        height=0.075,
        digits=5,
        commas=False,
        x=0.29,
        y=0.12,
        inks=(_WHITE, _WHITE),
        padded=False,
        align=1.0,
        second=(0.86, 0.12),
        tracking=0.05,
    ),
    scenery=Scenery("rays", ((10, 10, 24), (30, 20, 70), (60, 50, 130), (150, 130, 200))),
    receptors=0.2,
    life_y=0.94,
)
MARGIN = replace(  # percents that count down from 100, with their sign, in the middle of plates
    SUNSET,
    name="margin",
    rule=replace(ITG, name="itg-lost", lost=True),
    roll=0.0,
    score=replace(
        SUNSET.score, face=SQUARE, height=0.06, digits=5, padded=False, sign="%", tracking=0.07, skew=0.0, x=0.2
    ),
)
DANCEPOINTS = replace(  # percents of dance points, drawn over the lanes
    OVERLAY,
    name="dancepoints",
    rule=STEPMANIA_PERCENT,
    roll=0.0,
    score=replace(OVERLAY.score, face=RACING, height=0.065, digits=5, padded=False, sign="%", align=0.5, tracking=-0.1),
)
GROWING = replace(  # rolls, with commas, middle in place
    OVERLAY,
    name="growing",
    score=replace(OVERLAY.score, padded=False, inks=(_AMBER, _GREEN)),
)
ENDS = replace(  # the left end of player 1's in place and the right end of player 2's
    ARCADE,
    name="ends",
    score=replace(ARCADE.score, face=SQUARE, padded=False, align=0.0, x=0.08, y=0.93, under_notes=False, commas=True),
)
STACKED = replace(  # one above the other, growing, right ends in place
    PLATES,
    name="stacked",
    rule=A,
    roll=0.1,
    score=replace(
        PLATES.score,
        digits=7,
        padded=False,
        align=1.0,
        x=0.6,
        y=0.83,
        second=(0.6, 0.92),
        plate=None,
        height=0.05,
        inks=(_AMBER, _GREEN),
    ),
)
DUEL = replace(  # close side by side, five digits
    ARCADE,
    name="duel",
    rule=replace(EX, name="ex-tens", weights={key: 30 * value for key, value in EX.weights.items()}, best=90),
    roll=0.0,
    score=replace(ARCADE.score, digits=5, x=0.415, y=0.93, under_notes=False),
)
SOLO = replace(PLATES, name="solo", alone=1)
SOLO_GROVE = replace(GROVE, name="solo-grove", alone=0)
CURTAIN = replace(PLATES, name="curtain", hidden=((12.0, 15.5), (24.0, 27.0)))
CROWDED = replace(PLATES, name="crowded", clutter=True)
CROWDED_GROVE = replace(GROVE, name="crowded-grove", clutter=True, hidden=((14.0, 17.0),))
CROWDED_SOLO = replace(GROWING, name="crowded-solo", alone=0, clutter=True)
OTHER_KINDS = (GROVE, MARGIN, DANCEPOINTS, GROWING, ENDS, STACKED, DUEL, SOLO, SOLO_GROVE, CURTAIN)
CROWDS = (CROWDED, CROWDED_GROVE, CROWDED_SOLO)
THEMES = {theme.name: theme for theme in (*EVERYDAY, LED, *OTHER_KINDS, *CROWDS)}
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
