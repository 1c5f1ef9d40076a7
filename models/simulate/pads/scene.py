"""A dance floor with pads and people, as the second camera sees it, and the exact truth of what is there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import cv2
import numpy as np

from models.simulate.pads.body import Body, Limb, Part, draw_dress, foot_part, limbs, rod
from models.simulate.pads.dance import Dance, PlacedPad, draw_dance
from models.simulate.pads.floor import REACH, SCALE, lay, paint_back, paint_floor
from models.simulate.pads.light import draw_light, expose, shine
from models.simulate.pads.looks import SCALE as PAD_SCALE
from models.simulate.pads.looks import draw_look, paint_pad
from models.simulate.pads.view import View, draw_view

if TYPE_CHECKING:
    from models.simulate.pads.dance import Press
    from models.simulate.pads.light import Light
    from vision.frame import Floats, Image
    from vision.geometry import Box

SMALL = 400  # pixels; narrower pictures are drawn at twice their size and shrunk
SHANK, OTHER = 100, 255  # what a pixel shows: 0 the floor, a number a foot, more by SHANK its shank, or neither
FLOORS = 24  # combinations of lit panels that a scene keeps painted
AGO = 0.12  # seconds that a light stays on after a step
BAR = 0.045  # metres across the bar that dancers hold on to


@dataclass(frozen=True, slots=True)
class PanelTruth:
    """A panel: its whole box, even where somebody stands before it.

    Attributes:
        pressed: whether a foot stands on it.
        visible: share of it that nobody hides and the picture does not cut off.
    """

    name: str
    box: Box
    lit: bool
    pressed: bool
    visible: float


@dataclass(frozen=True, slots=True)
class PadTruth:
    """A pad from the left to the right; `visible` is the share inside the picture."""

    box: Box
    panels: tuple[PanelTruth, ...]
    visible: float


@dataclass(frozen=True, slots=True)
class FootTruth:
    """A foot: its whole box, the pixel under its ball on the floor, and whether it stands.

    Attributes:
        visible: share of it that is in the picture with nothing before it but its own shank, which tells where it is.
    """

    box: Box
    ball: tuple[float, float]
    down: bool
    visible: float
    player: int | None
    foot: int


@dataclass(frozen=True, slots=True)
class SceneTruth:
    """All there is to be seen at one moment."""

    pads: tuple[PadTruth, ...]
    feet: tuple[FootTruth, ...]


@dataclass(frozen=True, slots=True)
class Order:
    """What kind of scene to make.

    Attributes:
        size: of the picture.
        seconds: how long the dancing goes on.
        held_out: only pad models, lights and viewpoints that the others never show.
        pads: how many; None draws 0, 1 or 2.
        dancers: whether the dancers are there; None draws that too.
        double: whether one dancer takes both pads; None draws that.
        calm: no bystanders.
    """

    size: tuple[int, int] = (320, 256)
    seconds: float = 6.0
    held_out: bool = False
    pads: int | None = None
    dancers: bool | None = None
    double: bool | None = None
    calm: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A dance floor that moves. The same scene gives the same picture at the same time.

    Attributes:
        lamps: "steps" (panels light up under feet), "play" (by themselves) or "off".
        shutter: seconds that a picture is exposed; 0 draws one moment.
    """

    order: Order
    seed: int
    view: View
    pads: tuple[PlacedPad, ...]
    bodies: tuple[Body, ...]
    light: Light
    lamps: str
    bars: bool
    shutter: float
    ground: Image = field(repr=False)
    raised: float = 1.0
    _floors: dict[tuple[frozenset[str], ...], Image] = field(default_factory=dict, repr=False)

    @property
    def presses(self) -> tuple[Press, ...]:
        """Every press of every dancer, in order of time."""
        return tuple(sorted((p for body in self.bodies for p in body.dance.presses), key=lambda press: press.t))

    def shot(self, t: float) -> tuple[Image, SceneTruth]:
        """The picture and the truth at `t` seconds."""
        rng = np.random.default_rng([self.seed, round(t * 1000)])
        lit = self._lit(t)
        floor = self._floor(lit)
        cover = np.zeros(floor.shape[:2], np.uint8)
        moments = [t] if not self.shutter else [t - self.shutter / 2, t, t + self.shutter / 2]
        total = np.zeros(floor.shape, np.float32)
        for moment in moments:
            layer = floor.copy()
            self._shadows(layer, moment)
            self._people(layer, cover if moment == t else None, moment)
            total += layer
        picture = total / len(moments) * shine(self.light, self.view.size, t)
        seen = np.clip(picture, 0, 255).astype(np.uint8)
        if self.view.size != self.order.size:
            seen = np.asarray(cv2.resize(seen, self.order.size, interpolation=cv2.INTER_AREA), np.uint8)
        return expose(self.light, seen, rng), self._truth(t, lit, cover)

    def _floor(self, lit: list[frozenset[str]]) -> Image:
        known = self._floors.get(tuple(lit))
        if known is not None:
            return known
        picture = self.ground.copy()
        for pad, names in zip(self.pads, lit, strict=True):
            texture = paint_pad(pad.look, names, self.raised)
            half = pad.look.side / 2
            place = np.array([[1 / PAD_SCALE, 0, pad.x - half], [0, -1 / PAD_SCALE, pad.y + half], [0, 0, 1]])
            lay(self.view, texture, place, picture)
        if len(self._floors) < FLOORS:
            self._floors[tuple(lit)] = picture
        return picture

    def _lit(self, t: float) -> list[frozenset[str]]:
        if self.lamps == "play":
            rng = np.random.default_rng([self.seed, int(t * 3)])
            return [frozenset(n for n in pad.look.panels if rng.integers(3) == 0) for pad in self.pads]
        if self.lamps == "off":
            return [frozenset() for _ in self.pads]
        then = self._pressed(t - AGO)
        return [now | before for now, before in zip(self._pressed(t), then, strict=True)]

    def _pressed(self, t: float) -> list[frozenset[str]]:
        poses = [pose for body in self.bodies for pose in body.feet(t) if pose.down]
        return [frozenset(n for p in poses if (n := pad.under(p.x, p.y)) is not None) for pad in self.pads]

    def _shadows(self, picture: Image, t: float) -> None:
        """Darken the floor where people keep light from it, most of all just under their feet."""
        height, width = picture.shape[:2]
        small = np.zeros((height // 2, width // 2), np.uint8)
        near = np.zeros_like(small)
        lean = np.array([*self.light.lean, 0.0])
        for body in self.bodies:
            for limb in limbs(body, t)[:5]:
                ends = [end * [1, 1, 0] + lean * end[2] for end in (limb.start, limb.end)]
                pixels = self.view.project(np.stack(ends)) / 2
                scale = self._scale(ends[0]) / 2
                outline = rod(pixels[0], pixels[1], (limb.radii[0] * scale, limb.radii[1] * scale * 0.7))
                _fill(small, outline, 255)
            for foot, pose in enumerate(body.feet(t)):
                sole = foot_part(body.dress, pose, foot).faces[0][0]
                outline = cv2.convexHull((self.view.project(sole * [1, 1, 0]) / 2).astype(np.float32))[:, 0]
                _fill(near, outline, max(40, round(255 * (1 - pose.z / 0.12))))
                thrown = sole * [1, 1, 0] + lean * sole[:, 2:]
                _fill(small, cv2.convexHull((self.view.project(thrown) / 2).astype(np.float32))[:, 0], 255)
        wide = width / 160
        dark = cv2.GaussianBlur(small, (0, 0), wide).astype(np.float32) * np.float32(self.light.dark)
        dark = np.maximum(dark, cv2.GaussianBlur(near, (0, 0), wide / 2).astype(np.float32) * np.float32(0.6))
        left = cv2.resize((255 - dark).astype(np.uint8), (width, height))
        picture[:] = cv2.multiply(picture, cv2.merge([left] * 3), scale=1 / 255)

    def _scale(self, point: Floats) -> float:
        """Pixels a metre at a point."""
        depth = float(self.view.matrix[2] @ [*point, 1.0])
        focal = float(np.linalg.norm(self.view.matrix[0, :3]))
        return min(4000.0, focal / max(depth, 0.1))

    def truth(self, t: float) -> SceneTruth:
        """The truth alone."""
        cover = np.zeros(self.ground.shape[:2], np.uint8)
        self._people(np.zeros_like(self.ground), cover, t)
        return self._truth(t, self._lit(t), cover)

    def _people(self, picture: Image, cover: Floats | None, t: float) -> None:
        """Draw everybody, the farthest first; write in `cover` what a pixel shows, see `SHANK` and `OTHER`."""
        things: list[tuple[float, int, Part | Limb]] = []
        for index, body in enumerate(self.bodies):
            for foot, pose in enumerate(body.feet(t)):
                part = foot_part(body.dress, pose, foot)
                things.append((self._depth(part.points.mean(axis=0)), 2 * index + foot + 1, part))
            for number, limb in enumerate(limbs(body, t)):
                shank = SHANK + 2 * index + number // 2 + 1 if number in {0, 2} else OTHER
                things.append((self._depth((limb.start + limb.end) / 2), shank, limb))
        things += [(self._depth((limb.start + limb.end) / 2), OTHER, limb) for limb in self._bars()]
        for _, index, thing in sorted(things, key=lambda one: -one[0]):
            self._draw(thing, picture, cover, index)

    def _draw(self, thing: Part | Limb, picture: Image, cover: Floats | None, index: int) -> None:
        if isinstance(thing, Part):
            hulls = []
            for points, colour in thing.faces:
                hull = cv2.convexHull(self.view.project(points).astype(np.float32))[:, 0]
                hulls.append(hull)
                _fill(picture, hull, colour)
        else:
            pixels = self.view.project(np.stack([thing.start, thing.end]))
            radii = tuple(r * self._scale(end) for r, end in zip(thing.radii, (thing.start, thing.end), strict=True))
            hulls = [rod(pixels[0], pixels[1], (radii[0], radii[1]))]
            _fill(picture, hulls[0], thing.colour)
            lit = rod(
                pixels[0] - [0.25 * radii[0], 0], pixels[1] - [0.25 * radii[1], 0], (radii[0] * 0.55, radii[1] * 0.55)
            )
            b, g, r = (min(255, int(c * 1.18) + 6) for c in thing.colour)
            _fill(picture, lit, (b, g, r))
        if cover is not None:
            for hull in hulls:
                _fill(cover, hull, index)

    def _depth(self, point: Floats) -> float:
        return float(self.view.matrix[2] @ [*point, 1.0])

    def _bars(self) -> list[Limb]:
        found = []
        for pad in self.pads if self.bars else ():
            half, back = pad.look.side / 2 * 0.8, pad.y - pad.look.side / 2
            low, high = (
                [np.array([pad.x + side * half, y, z]) for side in (-1, 1)] for y, z in ((back, 0), (back + 0.05, 0.85))
            )
            shade = pad.look.seed % 150
            for start, end in ((low[0], high[0]), (low[1], high[1]), (high[0], high[1])):
                found.append(Limb(start, end, (BAR / 2, BAR / 2), (shade, shade // 2, 60 + shade // 2)))
        return found

    def _truth(self, t: float, lit: list[frozenset[str]], cover: Image) -> SceneTruth:
        shrink = self.order.size[0] / self.view.size[0]
        pressed = self._pressed(t)
        pads = []
        for index, pad in enumerate(self.pads):
            panels = []
            for name in pad.look.panels:
                corners = np.c_[pad.corners(name), np.zeros(4)]
                pixels = self.view.project(corners)
                panels.append(
                    PanelTruth(
                        name,
                        _shrunk(self.view.around(pixels), shrink),
                        name in lit[index],
                        name in pressed[index],
                        _shown(pixels, cover, (0,)),
                    )
                )
            half = pad.look.side / 2
            outline = np.array(
                [[x * half + pad.x, y * half + pad.y, 0] for x, y in ((-1, 1), (1, 1), (1, -1), (-1, -1))]
            )
            pixels = self.view.project(outline)
            pads.append(
                PadTruth(_shrunk(self.view.around(pixels), shrink), tuple(panels), _inside(pixels, self.view.size))
            )
        feet = []
        for index, body in enumerate(self.bodies):
            for foot, pose in enumerate(body.feet(t)):
                points = foot_part(body.dress, pose, foot).points
                ball = self.view.project(np.array([[pose.x, pose.y, 0.0]]))[0] * shrink
                ident = 2 * index + foot + 1
                hull = cv2.convexHull(self.view.project(points).astype(np.float32))[:, 0]
                share = _shown(hull, cover, (ident, SHANK + ident))
                box = _shrunk(self.view.box(points), shrink)
                feet.append(FootTruth(box, (float(ball[0]), float(ball[1])), pose.down, share, body.player, foot))
        return SceneTruth(tuple(pads), tuple(feet))


def _fill(picture: Floats, outline: Floats, colour: object) -> None:
    points = np.round(np.clip(outline, -3000, 6000) * 8).astype(np.int32)
    anti = cv2.LINE_8 if picture.ndim == 2 else cv2.LINE_AA  # noqa: PLR2004 - masks have no colours to mix
    cv2.fillConvexPoly(picture, points, colour, anti, 3)  # type: ignore[call-overload]


def _shrunk(box: Box, factor: float) -> Box:
    return type(box)(box.x * factor, box.y * factor, box.w * factor, box.h * factor)


def _inside(pixels: Floats, size: tuple[int, int]) -> float:
    """Share of a quadrilateral's area inside the picture."""
    whole = cv2.contourArea(pixels.astype(np.float32))
    frame = np.array([[0, 0], [size[0], 0], [size[0], size[1]], [0, size[1]]], np.float32)
    shared, _ = cv2.intersectConvexConvex(pixels.astype(np.float32), frame)
    return min(1.0, float(shared) / max(1.0, whole))


def _shown(pixels: Floats, cover: Image, these: tuple[int, ...]) -> float:
    """Share of an outline that is in the picture and where `cover` holds one of these."""
    left, top = np.floor(pixels.min(axis=0)).astype(int)
    right, bottom = np.ceil(pixels.max(axis=0)).astype(int) + 1
    height, width = cover.shape
    x0, y0, x1, y1 = max(0, left), max(0, top), min(width, right), min(height, bottom)
    if x1 <= x0 or y1 <= y0:
        return 0.0
    mask = np.zeros((y1 - y0, x1 - x0), np.uint8)
    _fill(mask, pixels - [x0, y0], 1)
    return min(
        1.0,
        float((mask & np.isin(cover[y0:y1, x0:x1], these)).sum())
        / max(1.0, cv2.contourArea(pixels.astype(np.float32))),
    )


def draw_scene(seed: int, order: Order) -> Scene:
    """A scene of this seed and order."""
    rng = np.random.default_rng([seed, int(order.held_out)])
    fine = 2 if order.size[0] < SMALL else 1
    size = (order.size[0] * fine, order.size[1] * fine)
    count = order.pads if order.pads is not None else int(rng.choice([0, 1, 2], p=[0.1, 0.4, 0.5]))
    look = draw_look(rng, held_out=order.held_out)
    gap = look.side + float(rng.uniform(0.0, 0.35))
    pads = tuple(PlacedPad(look, (index - (count - 1) / 2) * gap, 0.0) for index in range(count))
    half = gap * max(1, count) / 2
    view = draw_view(rng, half, size, held_out=order.held_out)
    light = draw_light(rng, held_out=order.held_out)
    bodies = _dancers(rng, list(pads), order) + ([] if order.calm else _bystanders(rng, half, count))
    ground = np.empty((size[1], size[0], 3), np.uint8)
    ground[:] = rng.integers(0, 120)
    place = np.array([[1 / SCALE, 0, -REACH], [0, -1 / SCALE, REACH], [0, 0, 1]])
    lay(view, paint_floor(rng), place, ground)
    paint_back(rng, view, ground)
    return Scene(
        order,
        seed,
        view,
        pads,
        tuple(bodies),
        light,
        lamps=str(rng.choice(["steps", "play", "off"], p=[0.4, 0.25, 0.35])),
        bars=look.base in {"steel", "black"} and bool(rng.integers(2)),
        shutter=float(rng.choice([0.0, rng.uniform(0.004, 0.03)])),
        ground=ground,
        raised=float(rng.uniform(0.3, 1.0)),
    )


def _dancers(rng: np.random.Generator, pads: list[PlacedPad], order: Order) -> list[Body]:
    double = order.double if order.double is not None else bool(rng.random() < 0.12)  # noqa: PLR2004 - a share
    if double and len(pads) > 1:
        return [Body(draw_dress(rng), draw_dance(rng, pads, (0, 1), order.seconds), 0)]
    there = [bool(rng.random() < 0.85) if order.dancers is None else order.dancers for _ in pads]  # noqa: PLR2004
    return [
        Body(draw_dress(rng), draw_dance(rng, pads, (index,), order.seconds), index)
        for index, here in enumerate(there)
        if here
    ]


def _bystanders(rng: np.random.Generator, half: float, pads: int) -> list[Body]:
    """People who stand to the left and right, in front or behind; without pads, anywhere."""
    found = []
    for _ in range(int(rng.choice([0, 1, 2, 3], p=[0.5, 0.25, 0.15, 0.1]))):
        x = float(rng.uniform(half + 0.25, half + 1.2)) * (1 if rng.integers(2) else -1)
        if not pads:
            x = float(rng.uniform(-1.2, 1.2))
        y = float(rng.uniform(-0.5, 1.0))
        turn = 0.06 * float(rng.normal())
        still = Dance(((x - 0.12, y + turn), (x + 0.12, y - turn)), ((), ()), ())
        found.append(Body(draw_dress(rng), still, None))
    return found
