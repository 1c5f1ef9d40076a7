"""Films of numbers that roll over moving pictures, through a real codec and at times past a camera, cut to strips."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from models.training.digits.camera import camera, filmed, shaken
from models.training.digits.paint import texture
from models.training.digits.stage import FRAMES, HEIGHT, WIDTH, bands_of, screens_of
from models.training.digits.strips import WIDTH as STRIP_WIDTH
from models.training.digits.strips import Sample, at_times_vivid, columns
from models.training.digits.video import codec, coded
from vision.digits import DIGIT_SHARE, MARGIN, STRIP_HEIGHT, cut
from vision.geometry import TextLine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from models.training.digits.glyphs import Face
    from models.training.digits.stage import Actor, Band
    from vision.frame import Floats, Image

TAKEN = 125  # strips cut out of a reel
FILMED = 0.35  # share of reels seen by a camera
SMALLEST, SMALLEST_FILMED = 10.0, 15.0  # pixels, of a digit on the screen
SPAN = (STRIP_WIDTH - 0.5) / (STRIP_HEIGHT * DIGIT_SHARE) - 2 * MARGIN  # digit heights of line that fill a strip


def reel(rng: np.random.Generator, faces: list[Face], weights: Floats) -> Iterator[Sample]:
    """Film one screen full of numbers and cut strips out of it, some of which overlap in time."""
    by_camera = rng.random() < FILMED
    bands = list(bands_of(rng, faces, weights, SMALLEST_FILMED if by_camera else SMALLEST))
    screens = screens_of(rng, bands)
    poses = [np.eye(3, dtype=np.float32)] * FRAMES
    if by_camera:
        eye = camera(rng, HEIGHT, WIDTH)
        room = texture(rng, HEIGHT, WIDTH) * np.float32(rng.uniform(0.1, 0.6))
        poses = [shaken(rng, eye, HEIGHT, WIDTH) for _ in range(FRAMES)]
        screens = [filmed(rng, eye, screen, pose, room) for screen, pose in zip(screens, poses, strict=True)]
    film = np.stack([np.clip(screen, 0, 255).astype(np.uint8) for screen in screens])
    if rng.random() < 0.95:
        film = coded(film, codec(rng))
    straightens = by_camera and rng.random() < 0.5
    places = [(frame, band, actor) for frame in range(len(film)) for band in bands for actor in band.actors]
    chosen = sorted(rng.permutation(len(places))[:TAKEN].tolist())
    flat: dict[int, tuple[Image, Floats]] = {}
    for frame, band, actor in (places[index] for index in chosen):
        if frame not in flat:
            flat[frame] = (film[frame], poses[frame])
            if straightens:
                flat[frame] = _straightened(rng, *flat[frame])
        yield _cut(rng, *flat[frame], band, actor, frame)


def _straightened(rng: np.random.Generator, image: Image, pose: Floats) -> tuple[Image, Floats]:
    """The picture as one who knows the pose a little wrongly turns it back, and the pose that is left."""
    corners = np.array([[0, 0], [WIDTH, 0], [WIDTH, HEIGHT], [0, HEIGHT]], dtype=np.float32)
    seen = cv2.perspectiveTransform(corners[None], pose)[0] + rng.normal(0, 3.0, (4, 2)).astype(np.float32)
    back = cv2.getPerspectiveTransform(seen.astype(np.float32), corners)
    flat = cv2.warpPerspective(image, back, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR)
    return np.asarray(flat, dtype=np.uint8), np.asarray(back @ pose, dtype=np.float32)


def _cut(rng: np.random.Generator, image: Image, pose: Floats, band: Band, actor: Actor, frame: int) -> Sample:
    """Cut a strip around one actor of the band as the reader does, with the reader's errors."""
    own = actor.centres(actor.line(frame))
    x = rng.uniform(own[0], own[-1])
    places = [[x, band.middle], [x - band.height, band.middle], [x + band.height, band.middle]]
    places += [[x, band.middle - band.height / 2], [x, band.middle + band.height / 2]]
    at, west, east, up, down = cv2.perspectiveTransform(np.array([places], dtype=np.float32), pose)[0]
    slope = float((east[1] - west[1]) / max(1e-3, east[0] - west[0]))
    height = float(np.hypot(*(down - up))) * rng.uniform(0.81, 1.24)
    wide = SPAN * height
    offset = rng.uniform(-0.5, 0.5) * wide if rng.random() < 0.3 else _inside(rng, own, x, wide)
    axis = float(at[1]) + slope * offset + rng.uniform(-0.13, 0.13) * height
    centre = float(at[0]) + offset
    line = TextLine(centre - wide / 2, centre + wide / 2, axis, height, slope + rng.normal(0, 0.015))
    strip = cut(image, line)
    characters, centres = [], []
    for other in band.actors:
        drawn = other.line(frame)
        spots = np.column_stack([other.centres(drawn), np.full(len(drawn.text), band.middle, dtype=np.float32)])
        placed = cv2.perspectiveTransform(spots[None].astype(np.float32), pose)[0]
        characters += list(drawn.text)
        centres += [(float(spot) - strip.left) * strip.scale for spot in placed[:, 0]]
    return Sample(at_times_vivid(rng, strip.image[:, :STRIP_WIDTH]), columns(characters, centres))


def _inside(rng: np.random.Generator, own: Floats, x: float, wide: float) -> float:
    """Where to put the window's middle, seen from `x`, so that the whole actor is in it, if it can be."""
    middle, room = float(own[0] + own[-1]) / 2, max(0.0, (wide - float(own[-1] - own[0])) / 2)
    return middle - x + rng.uniform(-0.8, 0.8) * room
