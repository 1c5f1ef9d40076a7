"""A screen full of numbers that roll, words, plates and shapes that fly, for the length of a short film."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import cv2
import numpy as np

from models.training.digits.glyphs import BASELINE, DIGIT_HEIGHT, LINE_HEIGHT
from models.training.digits.ink import Coat, Ink, apply, choose, coats
from models.training.digits.paint import blend, colour, shape, texture
from models.training.digits.strings import Notation, compose, notation, score_value, word_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from models.training.digits.glyphs import Face
    from models.training.digits.strings import Line
    from vision.frame import Floats

HEIGHT, WIDTH = 384, 672
SLACK = 96  # pixels by which a background is larger than the picture
FRAMES = 12
LARGEST = 44.0  # pixels, of a digit
BY_HUE = 0.3  # share of screens whose numbers are as bright as what is behind them
ALIKE = 0.3  # share of flying shapes that have a number's colour


@dataclass(slots=True, eq=False)
class Actor:
    """A number or a word that stands on the screen for the length of a reel."""

    face: Face
    way: Notation | None
    texts: list[tuple[str, int]]  # of each frame, with how many characters are dimmed
    layout: int
    matrix: Floats
    box: tuple[slice, slice]
    by_hue: bool
    ink: Ink | None = None
    _drawn: tuple[tuple[str, int], Line, list[Coat]] | None = None

    def line(self, frame: int) -> Line:
        """What it shows in `frame`."""
        if self._drawn is not None and self._drawn[0] == self.texts[frame]:
            return self._drawn[1]
        small = self.way.small if self.way else 1.0
        return compose(np.random.default_rng(self.layout), self.face, *self.texts[frame], small)

    def paint(self, canvas: Floats, frame: int) -> None:
        """Put it on `canvas`; the ink is chosen once, by what is behind it the first time."""
        part = canvas[self.box]
        if self._drawn is None or self._drawn[0] != self.texts[frame]:
            line = self.line(frame)
            if self.ink is None:
                self.ink = choose(np.random.default_rng(self.layout), part.mean(axis=(0, 1)), by_hue=self.by_hue)
            local = self.matrix - np.array([[0, 0, self.box[1].start], [0, 0, self.box[0].start]], dtype=np.float32)
            layers = coats(self.ink, line, local, *part.shape[:2])
            self._drawn = (self.texts[frame], line, layers)
        apply(part, self._drawn[2])

    def centres(self, line: Line) -> Floats:
        """X on the screen of each of its characters."""
        return np.asarray(line.centres * self.matrix[0, 0] + self.left, dtype=np.float32)

    @property
    def left(self) -> float:
        """X of the line's origin at half a digit's height."""
        return float(self.matrix[0, 2] + self.matrix[0, 1] * LINE_HEIGHT / 2)


@dataclass(slots=True, eq=False)
class Band:
    """A row of actors of one height, with what passes in front of them."""

    middle: float
    height: float
    by_hue: bool = False
    actors: list[Actor] = field(default_factory=list)
    plate: tuple[slice, slice] | None = None
    plate_colour: Floats | None = None
    plate_alpha: float = 1.0

    def paint(self, canvas: Floats, frame: int) -> None:
        """Put plate and actors on `canvas`."""
        if self.plate is not None and self.plate_colour is not None:
            part = canvas[self.plate]
            blend(part, np.ones(part.shape[:2], dtype=np.float32), self.plate_colour, self.plate_alpha)
        for actor in self.actors:
            actor.paint(canvas, frame)


def bands_of(rng: np.random.Generator, faces: list[Face], weights: Floats, smallest: float) -> Iterator[Band]:
    """Rows of numbers and words that fill a screen from top to bottom; digits of `smallest` to LARGEST pixels."""
    top = rng.uniform(2, 14)
    by_hue = rng.random() < BY_HUE
    while True:
        height = float(np.exp(rng.uniform(np.log(smallest), np.log(LARGEST))))
        tall = height * rng.uniform(1.6, 2.8)
        if top + tall > HEIGHT:
            return
        band = Band(top + tall / 2, height, by_hue)
        top += tall
        left = rng.uniform(-0.5, 3) * height
        while left < WIDTH - 4 * height:
            actor, span = _actor(rng, faces, weights, band, left)
            if left + span > WIDTH + 0.5 * height:
                break
            band.actors.append(actor)
            left += span + rng.uniform(0.5, 4) * height
        if band.actors and rng.random() < 0.35:
            pad = rng.uniform(0.1, 0.7, 2) * height
            first, last = int(band.actors[0].box[1].start - pad[1]), int(band.actors[-1].box[1].stop + pad[1])
            reach = height / 2 + pad[0]
            rows = slice(max(0, int(band.middle - reach)), int(band.middle + reach))
            band.plate = (rows, slice(max(0, first), last))
            band.plate_colour = colour(rng, light=rng.random() < 0.25)
            band.plate_alpha = rng.uniform(0.4, 1)
        if band.actors:
            yield band


def _actor(
    rng: np.random.Generator, faces: list[Face], weights: Floats, band: Band, left: float
) -> tuple[Actor, float]:
    face = faces[rng.choice(len(faces), p=weights)]
    if rng.random() < 0.1:
        way, texts = None, [(word_text(rng), 0)] * FRAMES
    else:
        way = notation(rng)
        texts = [way.write(value) for value in _rolling(rng, way.most())]
    layout = int(rng.integers(2**32))
    scale = band.height / DIGIT_HEIGHT
    stretch = scale * rng.uniform(0.75, 1.3)
    shear = rng.uniform(-0.3, 0.1) if rng.random() < 0.2 else 0.0
    top = band.middle - (BASELINE - DIGIT_HEIGHT / 2) * scale
    matrix = np.array(
        [[stretch, shear * scale, left - shear * scale * LINE_HEIGHT / 2], [0, scale, top]], dtype=np.float32
    )
    widest = max(compose(np.random.default_rng(layout), face, *text).bright.shape[1] for text in {texts[0], texts[-1]})
    span = widest * stretch
    x0, x1 = max(0, int(left - band.height)), min(WIDTH, int(left + span + band.height))
    y0, y1 = max(0, int(band.middle - 1.1 * band.height)), min(HEIGHT, int(band.middle + 1.1 * band.height))
    return Actor(face, way, texts, layout, matrix, (slice(y0, y1), slice(x0, x1)), band.by_hue), span


def _rolling(rng: np.random.Generator, most: int) -> list[int]:
    """Numbers that hold, and then roll to the next in a few frames, as score displays do."""
    shown = target = score_value(rng, most)
    rolls = int(rng.integers(1, 8))
    left, values = 0, []
    for _ in range(FRAMES):
        values.append(min(most, shown))
        if not left and rng.random() < 0.3:
            target = min(most, target + int(10 ** rng.uniform(0, np.log10(max(20, most / 20)))))
            left = rolls
        if left:
            shown += (target - shown) // left
            left -= 1
    return values


def screens_of(rng: np.random.Generator, bands: list[Band]) -> list[Floats]:
    """What the screen truly shows, frame by frame."""
    behind = texture(rng, HEIGHT + SLACK, WIDTH + SLACK)
    other = texture(rng, HEIGHT + SLACK, WIDTH + SLACK) if rng.random() < 0.4 else None
    start = rng.uniform(0, SLACK, 2)
    speed = rng.normal(0, 3, 2) if rng.random() < 0.6 else np.zeros(2)
    inks = _inks(behind[:HEIGHT, :WIDTH].copy(), bands)
    flyers = [_Flyer.somewhere(rng, inks) for _ in range(int(rng.integers(0, 20)))]
    over = [_Flyer.somewhere(rng, inks) for _ in range(int(rng.integers(0, 6)))] if rng.random() < 0.5 else []
    flash = rng.uniform(0, 0.25) if rng.random() < 0.3 else 0.0
    blended = rng.uniform(0, 0.35) if rng.random() < 0.25 else 0.0
    shrink = rng.uniform(0.5, 1.0) if rng.random() < 0.25 else 1.0
    screens: list[Floats] = []
    sharp: Floats | None = None
    for frame in range(FRAMES):
        y, x = (int(value) for value in np.abs((start + speed * frame) % (2 * SLACK) - SLACK) % SLACK)
        canvas = behind[y : y + HEIGHT, x : x + WIDTH].copy()
        if other is not None:
            mix = np.float32(0.5 + 0.5 * np.sin(frame * 0.3 + start[0]))
            canvas += mix * (other[x % SLACK :, y % SLACK :][:HEIGHT, :WIDTH] - canvas)
        if flash:
            canvas *= np.float32(1 + flash * np.sin(frame * 1.1 + start[1]))
        for flyer in flyers:
            flyer.draw(canvas, frame)
        for band in bands:
            band.paint(canvas, frame)
        for flyer in over:
            flyer.draw(canvas, frame)
        if shrink < 1:
            small = cv2.resize(canvas, (int(WIDTH * shrink), int(HEIGHT * shrink)), interpolation=cv2.INTER_AREA)
            canvas = np.asarray(cv2.resize(small, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC), dtype=np.float32)
        before, sharp = sharp, canvas
        screens.append(canvas if before is None or not blended else canvas + np.float32(blended) * (before - canvas))
    return screens


def _inks(canvas: Floats, bands: list[Band]) -> list[Ink]:
    """Paint everything once on a `canvas` of no further use, so that every number has its ink; answer with the inks."""
    for band in bands:
        band.paint(canvas, 0)
    return [actor.ink for band in bands for actor in band.actors if actor.ink is not None]


@dataclass(frozen=True, slots=True, eq=False)
class _Flyer:
    """A shape that crosses the screen, often in the colour of a number that it passes."""

    seed: int
    size: float
    x: float
    y: float
    dx: float
    dy: float
    paint: Floats | None

    @classmethod
    def somewhere(cls, rng: np.random.Generator, inks: list[Ink]) -> _Flyer:
        """Of any size, on any way; `inks` are those of the numbers."""
        alike = rng.random() < ALIKE and len(inks) > 0
        paint = inks[rng.integers(0, len(inks))].fill + rng.normal(0, 25, 3) if alike else None
        upright = rng.random() < 0.8
        dy = rng.uniform(2, 14) * rng.choice([-1, 1])
        return cls(
            int(rng.integers(2**32)),
            float(rng.uniform(5, 34)),
            float(rng.uniform(0, WIDTH)),
            float(rng.uniform(-60, HEIGHT + 60)),
            0.0 if upright else float(rng.normal(0, 6)),
            float(dy),
            None if paint is None else np.clip(paint, 0, 255).astype(np.float32),
        )

    def draw(self, canvas: Floats, frame: int) -> None:
        at = (self.x + self.dx * frame, self.y + self.dy * frame)
        shape(np.random.default_rng(self.seed), canvas, self.size, at, self.paint)
