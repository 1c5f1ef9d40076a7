"""The screens between songs: choosing one, and announcing it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from models.simulate.kit import QUIET, WHITE, At, slab
from models.simulate.lettering import Ink
from models.simulate.match import TITLES
from models.simulate.sprite import blend, blit, centred, gradient, layer

if TYPE_CHECKING:
    from models.simulate.kit import Kit
    from models.simulate.session import Scene
    from vision.frame import Image

TITLE = Ink((255, 255, 255), (235, 220, 205), edge=(30, 18, 18), edge_width=0.08, bold=0.1, slant=0.12)
ROWS = 7
STEP_EVERY = 0.42  # seconds between two moves of the list
SETTLED = 1.2  # seconds before the end at which the song is chosen


def select(canvas: Image, scene: Scene, kit: Kit) -> None:
    """A list of songs that runs until the next one is chosen, a cover, and a timer."""
    _banner(canvas, kit, "SELECT MUSIC")
    chosen = next(i for i, (title, _) in enumerate(TITLES) if title == scene.match.title)
    moves = max(0.0, (scene.length - SETTLED - scene.t) / STEP_EVERY)
    step = round(moves)
    glide = (moves - step) * 0.9 if moves > 0 else 0.0
    row_height = kit.px(42)
    x, middle = 0.54 * kit.width, 0.54 * kit.height
    for row in range(-(ROWS // 2), ROWS // 2 + 1):
        title, artist = TITLES[(chosen - step + row) % len(TITLES)]
        y = middle + (row + glide) * row_height
        left = x + abs(row) * kit.px(9)
        focus = row == 0
        blend(canvas, (left, y - row_height * 0.44, kit.width - left, row_height * 0.88), (14, 10, 10), 0.62)
        if focus:
            blend(canvas, (left, y - row_height * 0.44, kit.px(5), row_height * 0.88), kit.theme.players[0], 1.0)
        tall, ink = (12, WHITE) if focus else (10, QUIET)
        kit.say(canvas, title, At(left + kit.px(14), y - kit.px(6), 0.0), tall, ink)
        kit.say(canvas, artist, At(left + kit.px(16), y + kit.px(11), 0.0), 6, QUIET)
    _cover(canvas, kit, (chosen - step) % len(TITLES), 0.26 * kit.width, 0.46 * kit.height)
    kit.say(canvas, f"BPM {scene.match.chart.bpm:.0f}", At(0.26 * kit.width, 0.79 * kit.height), 10, WHITE)
    kit.say(canvas, f"LEVEL {scene.match.chart.meter}", At(0.26 * kit.width, 0.85 * kit.height), 10, WHITE)
    kit.say(canvas, f"{max(0, int(scene.length - scene.t)):02}", At(0.95 * kit.width, 0.075 * kit.height), 22, TITLE)


def stage(canvas: Image, scene: Scene, kit: Kit) -> None:
    """Which stage, which song, who against whom."""
    slide = (1.0 - min(1.0, scene.t / 0.35)) ** 2 * kit.width
    middle = kit.height * 0.42
    blend(canvas, (0, middle - kit.px(74), kit.width, kit.px(148)), (10, 8, 8), 0.66)
    kit.say(canvas, f"STAGE {scene.match.number + 1}", At(kit.width / 2 - slide, middle - kit.px(22)), 46, TITLE)
    kit.say(canvas, scene.match.title, At(kit.width / 2 + slide, middle + kit.px(32)), 16, WHITE)
    kit.say(canvas, scene.match.artist, At(kit.width / 2 + slide, middle + kit.px(56)), 9, QUIET)
    for player in kit.theme.dancing:
        side = scene.match.sides[player]
        colour = kit.theme.players[player]
        ink = Ink((255, 255, 255), colour, edge=(20, 14, 14), bold=0.12, slant=0.12)
        kit.say(canvas, side.player.name, At(kit.mirrored(0.28, player), 0.74 * kit.height + slide * 0.3), 30, ink)
    if kit.theme.alone is None:
        kit.say(canvas, "VS", At(kit.width / 2, 0.74 * kit.height), 18, WHITE)


def _banner(canvas: Image, kit: Kit, text: str) -> None:
    blend(canvas, (0, 0, kit.width, kit.px(58)), (12, 9, 9), 0.66)
    blend(canvas, (0, kit.px(58), kit.width, kit.px(3)), kit.theme.players[0], 0.9)
    kit.say(canvas, text, At(kit.px(28), kit.px(30), 0.0), 20, TITLE)


def _cover(canvas: Image, kit: Kit, number: int, x: float, y: float) -> None:
    """A cover made of a few shapes that the song's place in the list decides."""
    side = kit.px(190)
    rng = np.random.default_rng([number, 5])
    first, second, third = (tuple(int(v) for v in rng.integers(30, 235, 3)) for _ in range(3))
    art = np.ascontiguousarray(gradient(side, side, (first[0], first[1], first[2]), (second[0], second[1], second[2])))
    for _ in range(5):
        at = (int(rng.integers(0, side)), int(rng.integers(0, side)))
        radius = int(rng.integers(side // 10, side // 3))
        shade = tuple(int(v * rng.uniform(0.6, 1.2)) % 256 for v in third)
        cv2.circle(art, at, radius, shade, max(2, side // 40), cv2.LINE_AA)
    cv2.line(art, (0, int(rng.integers(0, side))), (side, int(rng.integers(0, side))), third, side // 12, cv2.LINE_AA)
    frame = slab(side + kit.px(8), side + kit.px(8), 0.0, kit.px(8))
    centred(canvas, layer((245, 240, 235), frame), x, y)
    blit(canvas, layer(art, slab(side, side, 0.0, kit.px(6))), x - side / 2, y - side / 2)
