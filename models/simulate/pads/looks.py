"""What pads look like, seen from straight above: bases, panels and the lights in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from vision.pad.plan import CELLS

if TYPE_CHECKING:
    from models.simulate.sprite import Colour
    from vision.frame import Floats, Image

SCALE = 260  # pixels a metre
BASES = ("steel", "black", "vinyl", "foam", "wood")
FACES = ("plexi", "printed", "outline", "ring", "tile", "symbol")
HELD_MODELS = (
    ("steel", "ring"),
    ("black", "printed"),
    ("vinyl", "tile"),
    ("vinyl", "plexi"),
    ("foam", "outline"),
    ("wood", "plexi"),
    ("black", "symbol"),
)
PLANS = {
    "four": ("left", "down", "up", "right"),
    "five": ("up-left", "up-right", "centre", "down-left", "down-right"),
    "six": ("left", "down", "up", "right", "up-left", "up-right"),
    "eight": tuple(name for name in CELLS if name != "centre"),
    "nine": tuple(CELLS),
}


@dataclass(frozen=True, slots=True)
class PadLook:
    """One model of pad. Everything random follows from `seed`.

    Attributes:
        panels: names of its panels, see `vision.pad.plan`.
        pitch: metres from one panel's middle to the next.
        share: side of a panel as a share of the pitch.
        rim: metres of base around the outer panels.
    """

    seed: int
    base: str
    face: str
    panels: tuple[str, ...]
    pitch: float
    share: float
    rim: float

    @property
    def side(self) -> float:
        """Metres along one edge."""
        return 3 * self.pitch + 2 * self.rim

    def corners(self, name: str) -> Floats:
        """Corners (4, 2) of a panel on the pad, metres from its middle."""
        half = self.pitch * self.share / 2
        return np.asarray(np.array(CELLS[name]) * self.pitch + np.array([[-1, 1], [1, 1], [1, -1], [-1, -1]]) * half)

    def under(self, x: float, y: float) -> str | None:
        """The panel below a point, metres from the pad's middle."""
        for name in self.panels:
            offset = np.abs(np.array([x, y]) - np.array(CELLS[name]) * self.pitch)
            if float(offset.max()) <= self.pitch * self.share / 2:
                return name
        return None


def draw_look(rng: np.random.Generator, *, held_out: bool) -> PadLook:
    """A model of pad; the held-out ones pair bases and faces that do not meet elsewhere."""
    models = [(base, face) for base in BASES for face in FACES if ((base, face) in HELD_MODELS) == held_out]
    base, face = models[int(rng.integers(len(models)))]
    plan = str(rng.choice(list(PLANS), p=[0.44, 0.16, 0.08, 0.14, 0.18]))
    return PadLook(
        seed=int(rng.integers(1 << 31)),
        base=base,
        face=face,
        panels=PLANS[plan],
        pitch=float(rng.uniform(0.26, 0.34)),
        share=float(rng.uniform(0.8, 0.98)),
        rim=float(rng.uniform(0.01, 0.1)),
    )


def paint_pad(look: PadLook, lit: frozenset[str], glow: float) -> Image:
    """The pad from above, `SCALE` pixels a metre, forward upwards.

    Args:
        look: which model.
        lit: panels that shine.
        glow: how strongly they do, 0 to 1.
    """
    rng = np.random.default_rng(look.seed)
    side = round(look.side * SCALE)
    picture = _base(look.base, side, rng)
    colours = _palette(rng)
    printed = bool(rng.random() < 0.5)  # noqa: PLR2004 - a fair coin
    for name, cell in CELLS.items():
        box = _cell(look, cell, side)
        if name in look.panels:
            _panel(picture, box, look.face, name, colours)
            if name in lit:
                _shine(picture, box, colours[_kind(cell)], glow)
        else:
            _filler(picture, box, look.base, printed=printed, rng=rng)
    if look.base == "vinyl" and look.rim > 0.05:  # noqa: PLR2004 - room for the buttons of a menu
        for x in (0.2, 0.65):
            at, size = (round(side * x), 2), (round(side * 0.15), max(3, round(look.rim * SCALE * 0.6)))
            cv2.rectangle(picture, at, (at[0] + size[0], at[1] + size[1]), colours[1], cv2.FILLED, cv2.LINE_AA)
    return picture


def _base(kind: str, side: int, rng: np.random.Generator) -> Image:
    level = {"steel": 150, "black": 35, "vinyl": 60, "foam": 90, "wood": 110}[kind] * rng.uniform(0.6, 1.4)
    tint = {"steel": 0.06, "black": 0.1, "vinyl": 0.6, "foam": 0.5, "wood": 0.1}[kind]
    colour = level * (1 + tint * rng.uniform(-1, 1, 3))
    if kind == "wood":
        colour *= np.array([0.6, 0.85, 1.1])
    grain = {"steel": (1, 61), "black": (1, 1), "vinyl": (31, 31), "foam": (3, 3), "wood": (61, 3)}[kind]
    noise = rng.normal(0, 1, (side, side)).astype(np.float32)
    noise = cv2.blur(noise, grain).astype(np.float32)
    noise *= {"steel": 12, "black": 5, "vinyl": 14, "foam": 6, "wood": 12}[kind] / max(1e-3, float(noise.std()))
    ramp = np.linspace(-1, 1, side, dtype=np.float32) * np.float32(rng.uniform(-18, 18))
    field = noise + ramp[:, None] + ramp[None] * np.float32(rng.uniform(-1, 1))
    return _bytes(colour.astype(np.float32) + field[..., None])


def _palette(rng: np.random.Generator) -> list[Colour]:
    """Colours of panels along an edge, in a corner and in the middle, and of what is printed on them."""

    def colour(low: float, high: float) -> Colour:
        hue = np.array([[[rng.integers(180), rng.integers(40, 256), rng.uniform(low, high)]]]).astype(np.uint8)
        b, g, r = cv2.cvtColor(hue, cv2.COLOR_HSV2BGR)[0, 0]
        return int(b), int(g), int(r)

    dark = bool(rng.integers(2))
    body = (30.0, 120.0) if dark else (120.0, 240.0)
    ink = (150.0, 255.0) if dark else (10.0, 90.0)
    first = colour(*body)
    second = first if rng.integers(2) else colour(*body)
    return [first, colour(*ink), second, first if rng.integers(2) else colour(*body)]


def _kind(cell: tuple[int, int]) -> int:
    """Which colour of the palette a cell has."""
    return {0: 3, 1: 0, 2: 2}[abs(cell[0]) + abs(cell[1])]


def _cell(look: PadLook, cell: tuple[int, int], side: int) -> tuple[int, int, int, int]:
    half = look.pitch * look.share / 2
    x, y = cell[0] * look.pitch, -cell[1] * look.pitch
    middle = side / 2
    left, top = round(middle + (x - half) * SCALE), round(middle + (y - half) * SCALE)
    return left, top, round(middle + (x + half) * SCALE), round(middle + (y + half) * SCALE)


def _panel(picture: Image, box: tuple[int, int, int, int], face: str, name: str, colours: list[Colour]) -> None:
    left, top, right, bottom = box
    size = right - left
    body, ink = colours[_kind(CELLS[name])], colours[1]
    corner, far = (left, top), (right - 1, bottom - 1)
    edge = max(2, size // 18)
    if face == "outline":
        cv2.rectangle(picture, corner, far, ink, edge, cv2.LINE_AA)
    else:
        cv2.rectangle(picture, corner, far, body, cv2.FILLED)
    if face == "plexi":
        shade = np.linspace(1.15, 0.8, bottom - top, dtype=np.float32)[:, None, None]
        inner = picture[top:bottom, left:right]
        inner[:] = _bytes(inner * shade)
        cv2.rectangle(picture, corner, far, (170, 170, 175), edge, cv2.LINE_AA)
    if face == "tile":
        cv2.rectangle(picture, corner, far, tuple(c // 3 for c in body), edge, cv2.LINE_AA)
        cv2.rectangle(picture, (left + edge, top + edge), (right - edge, bottom - edge), ink, 1, cv2.LINE_AA)
    if face == "printed":
        cv2.rectangle(picture, corner, far, ink, max(1, edge // 2), cv2.LINE_AA)
    centre = ((left + right) // 2, (top + bottom) // 2)
    if face == "ring":
        cv2.circle(picture, centre, round(size * 0.42), ink, edge, cv2.LINE_AA)
    if face == "symbol" or name == "centre":
        cv2.circle(picture, centre, round(size * 0.3), ink, 2 * edge, cv2.LINE_AA)
        cv2.circle(picture, centre, round(size * 0.1), ink, cv2.FILLED, cv2.LINE_AA)
    else:
        _arrow(picture, centre, size * 0.34, CELLS[name], ink)


def _arrow(picture: Image, centre: tuple[int, int], size: float, way: tuple[int, int], colour: Colour) -> None:
    shape = np.array([[0, -1], [0.9, 0], [0.4, 0], [0.4, 0.9], [-0.4, 0.9], [-0.4, 0], [-0.9, 0]]) * size
    turn = np.arctan2(way[0], way[1])
    cos, sin = np.cos(turn), np.sin(turn)
    points = shape @ np.array([[cos, sin], [-sin, cos]]) + centre
    cv2.fillPoly(picture, [np.round(points).astype(np.int32)], colour, cv2.LINE_AA)


def _shine(picture: Image, box: tuple[int, int, int, int], colour: Colour, glow: float) -> None:
    left, top, right, bottom = box
    inner = picture[top:bottom, left:right].astype(np.float32)
    bright = np.asarray(colour, np.float32)
    bright = bright / max(1.0, float(bright.max())) * 255
    inner[:] = inner * (1 + 0.8 * glow) + (0.25 + 0.45 * glow) * bright
    picture[top:bottom, left:right] = _bytes(inner)


def _filler(
    picture: Image, box: tuple[int, int, int, int], base: str, *, printed: bool, rng: np.random.Generator
) -> None:
    """What is where another pad has a panel: a plate with bolts, or a print."""
    left, top, right, bottom = box
    size = right - left
    if base in {"steel", "black", "wood"}:
        if printed:
            tone = int(rng.integers(40, 190))
            cv2.rectangle(picture, (left, top), (right, bottom), (tone, tone, tone), 1, cv2.LINE_AA)
        for x in (left + size // 8, right - size // 8):
            for y in (top + size // 8, bottom - size // 8):
                cv2.circle(picture, (x, y), max(2, size // 25), (200, 200, 205), cv2.FILLED, cv2.LINE_AA)
    elif printed:
        colour = tuple(int(c) for c in rng.integers(0, 256, 3))
        centre = ((left + right) // 2, (top + bottom) // 2)
        cv2.ellipse(picture, centre, (size // 3, size // 6), 0, 0, 360, colour, cv2.FILLED, cv2.LINE_AA)


def _bytes(values: Floats) -> Image:
    return np.clip(values, 0, 255).astype(np.uint8)
