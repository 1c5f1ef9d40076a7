"""What lies under and behind the pads: floors, walls, clutter. Some of it has tiles, and none of it is a pad."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from models.simulate.pads.view import View
    from vision.frame import Floats, Image

REACH = 4.0  # metres of floor to every side
SCALE = 100  # pixels a metre
WALL = 1.1  # metres from the pads' middle to what stands before them, at least


def paint_floor(rng: np.random.Generator) -> Image:
    """A floor from above: plain, carpet, planks or tiles, with cables, rugs and boxes on it."""
    side = round(2 * REACH * SCALE)
    kind = str(rng.choice(["plain", "carpet", "planks", "tiles", "checks", "blots"]))
    colour = rng.uniform(20, 220) * (1 + 0.3 * rng.uniform(-1, 1, 3))
    small = rng.normal(0, 1, (side // 16, side // 16, 1 if rng.integers(2) else 3)).astype(np.float32)
    soft = cv2.resize(small, (side, side), interpolation=cv2.INTER_CUBIC).reshape(side, side, -1)
    field = np.asarray(colour, np.float32) + soft * np.float32(rng.uniform(1, 9))
    if kind == "carpet":
        field = field + rng.normal(0, rng.uniform(4, 25), (side, side, 1)).astype(np.float32)
    if kind == "blots":
        field = field + soft * np.float32(rng.uniform(10, 35))
    if kind == "checks":
        step = rng.uniform(0.1, 0.6) * SCALE
        row, column = np.mgrid[0:side, 0:side]
        odd = ((row // step + column // step) % 2).astype(np.float32)
        field = field * (1 - np.float32(rng.uniform(0.1, 0.7)) * odd[..., None])
    picture = np.clip(field, 0, 255).astype(np.uint8)
    if kind in {"planks", "tiles"}:
        dark = tuple(int(c * rng.uniform(0.3, 0.8)) for c in np.clip(colour, 0, 255))
        step = float(rng.uniform(0.08, 0.6)) * SCALE
        for at in np.arange(0, side, step):
            cv2.line(picture, (0, int(at)), (side, int(at)), dark, 1 + int(step > 25), cv2.LINE_AA)  # noqa: PLR2004
            if kind == "tiles":
                cv2.line(picture, (int(at), 0), (int(at), side), dark, 1 + int(step > 25), cv2.LINE_AA)  # noqa: PLR2004
    for _ in range(int(rng.integers(0, 9))):
        _clutter(picture, rng)
    return picture


def _clutter(picture: Image, rng: np.random.Generator) -> None:
    side = picture.shape[0]
    colour = tuple(int(c) for c in rng.integers(0, 256, 3))
    at = rng.uniform(0, side, 2)
    kind = int(rng.integers(4))
    if kind == 0:
        points = at + np.cumsum(rng.normal(0, 30, (12, 2)), axis=0)
        cv2.polylines(picture, [points.astype(np.int32)], isClosed=False, color=colour, thickness=2)
    elif kind == 1:
        size = (float(rng.uniform(10, 150)), float(rng.uniform(10, 150)))
        corners = cv2.boxPoints(((float(at[0]), float(at[1])), size, float(rng.uniform(0, 90))))
        cv2.fillPoly(picture, [corners.astype(np.int32)], colour, cv2.LINE_AA)
    elif kind == 2:  # noqa: PLR2004 - the next of four kinds
        axes = (int(rng.integers(3, 70)), int(rng.integers(3, 70)))
        cv2.ellipse(picture, (int(at[0]), int(at[1])), axes, float(rng.uniform(0, 180)), 0, 360, colour, cv2.FILLED)
    else:
        pane = int(rng.integers(12, 60))
        for row in range(int(rng.integers(1, 5))):  # panes, such as those of a crate or a window
            for column in range(int(rng.integers(1, 5))):
                corner = (int(at[0]) + column * pane, int(at[1]) + row * pane)
                far = (corner[0] + pane - 3, corner[1] + pane - 3)
                cv2.rectangle(picture, corner, far, colour, cv2.FILLED if rng.integers(2) else 2)


def lay(view: View, texture: Image, place: Floats, picture: Image) -> None:
    """Lay a picture on the floor.

    Args:
        view: the camera.
        texture: from above.
        place: (3, 3), from the texture's pixels to metres.
        picture: changed in place.
    """
    high, wide = texture.shape[:2]
    corners = np.array([[0, 0, 1], [wide, 0, 1], [wide, high, 1], [0, high, 1]]) @ place.T
    left, top, width, height = view.box(np.c_[corners[:, :2], np.zeros(4)]).rounded()
    if min(width, height) < 1:
        return
    way = np.array([[1, 0, -left], [0, 1, -top], [0, 0, 1]]) @ view.floor @ place
    seen = cv2.warpPerspective(texture, way, (width, height), borderMode=cv2.BORDER_REPLICATE)
    mask = cv2.warpPerspective(np.full((high, wide), 255, np.uint8), way, (width, height))
    under = picture[top : top + height, left : left + width]
    cover = cv2.merge([mask] * 3)
    under[:] = cv2.add(cv2.multiply(seen, cover, scale=1 / 255), cv2.multiply(under, 255 - cover, scale=1 / 255))


def paint_back(rng: np.random.Generator, view: View, picture: Image) -> None:
    """What stands before the pads: a wall or a cabinet with its screen."""
    near = float(rng.uniform(WALL, 2.5))
    wall = np.array([[-9, near, 0], [9, near, 0], [9, near, 4], [-9, near, 4]])
    base = tuple(int(c) for c in rng.integers(0, 160, 3))
    cv2.fillConvexPoly(picture, _pixels(view, wall), base, cv2.LINE_AA)
    for _ in range(int(rng.integers(0, 6))):
        left, low = rng.uniform(-2.5, 2), rng.uniform(0, 1.4)
        wide, tall = rng.uniform(0.1, 1.4, 2)
        colour = tuple(int(c) for c in rng.integers(0, 256, 3))
        pane = [[left, near, low], [left + wide, near, low], [left + wide, near, low + tall], [left, near, low + tall]]
        cv2.fillConvexPoly(picture, _pixels(view, np.array(pane)), colour, cv2.LINE_AA)


def _pixels(view: View, points: Floats) -> Floats:
    return np.asarray(np.round(np.clip(view.project(points), -4000, 4000)).astype(np.int32))
