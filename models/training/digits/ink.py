"""How a line of text is painted: fill, gradient, outline, glow, shadow, dimmed part, see-through."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from models.training.digits.glyphs import LINE_HEIGHT
from models.training.digits.paint import blend, colour

if TYPE_CHECKING:
    from models.training.digits.strings import Line
    from vision.frame import Floats

LUMA = np.array([0.114, 0.587, 0.299], dtype=np.float32)  # Rec. 601, blue green red


@dataclass(frozen=True, slots=True, eq=False)
class Ink:
    """A way of painting; lengths are shares of the line's height in the picture.

    Attributes:
        fill, fade: colours of the upper and lower end.
        edge, edge_width: of the outline; 0 for none.
        shadow, shadow_x, shadow_y, shadow_blur: opacity, 0 for none, and where in pixels.
        glow: opacity of a halo in the fill's colour.
        alpha: opacity of the whole.
        faint, faded: brightness of the dimmed part, and whether it is made see-through instead of dark.
        unlit: opacity of segments that are not lit.
    """

    fill: Floats
    fade: Floats
    edge: Floats
    edge_width: float
    shadow: float
    shadow_x: float
    shadow_y: float
    shadow_blur: float
    glow: float
    alpha: float
    faint: float
    faded: bool
    unlit: float


def choose(rng: np.random.Generator, under: Floats, *, by_hue: bool = False) -> Ink:
    """An ink for a background of mean colour `under`: told apart from it by brightness, or by hue alone.

    Where `by_hue` is asked for, it is always hue, and closely: red digits over brown.
    """
    light = float(under @ LUMA)
    close = by_hue or rng.random() < 0.35
    if close:
        fill = _of_luma(colour(rng), light + rng.normal(0, 7 if by_hue else 14))
    else:
        fill = colour(rng, light=light < 110)
        if abs(float(fill @ LUMA) - light) < 35:
            fill = np.clip(fill + (70 if light < 128 else -70), 0, 255)
    fades = rng.random() < 0.35
    shadowed = rng.random() < (0.7 if close else 0.3)
    edge = colour(rng, light=bool(fill.mean() < 110)) if rng.random() < 0.7 else colour(rng, light=False) * 0.4
    return Ink(
        fill=fill,
        fade=np.clip(fill + rng.uniform(-110, 110, 3), 0, 255).astype(np.float32) if fades else fill,
        edge=edge.astype(np.float32),
        edge_width=rng.uniform(0.02, 0.12) if rng.random() < 0.45 else 0.0,
        shadow=rng.uniform(0.2, 1) if shadowed else 0.0,
        shadow_x=rng.uniform(-0.04, 0.1),
        shadow_y=rng.uniform(0.0, 0.1),
        shadow_blur=rng.uniform(0.03, 0.15) if rng.random() < 0.4 else 0.0,
        glow=rng.uniform(0.2, 0.9) if rng.random() < 0.15 else 0.0,
        alpha=1.0 if rng.random() < 0.75 else rng.uniform(0.5, 1),
        faint=rng.uniform(0.3, 0.75),
        faded=rng.random() < 0.3,
        unlit=rng.uniform(0.04, 0.22) if rng.random() < 0.5 else 0.0,
    )


@dataclass(frozen=True, slots=True, eq=False)
class Coat:
    """One layer of paint: where (mask times alpha), and a colour or a picture."""

    mask: Floats
    paint: Floats


def coats(ink: Ink, line: Line, matrix: Floats, height: int, width: int) -> list[Coat]:
    """The layers, lowest first, that paint `line` on a picture of (height, width), moved there by `matrix`."""
    bright, dim = (warp(mask, matrix, height, width) for mask in (line.bright, line.dim))
    whole = np.maximum(bright, dim)
    size = float(np.hypot(matrix[1, 0], matrix[1, 1])) * LINE_HEIGHT / 2
    found = []
    if ink.edge_width:
        thick = max(1, round(size * ink.edge_width))
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * thick + 1, 2 * thick + 1))
        found.append(Coat(np.asarray(cv2.dilate(whole, kernel)) * np.float32(ink.alpha), ink.edge))
    if ink.shadow:
        shift = np.array([[1, 0, ink.shadow_x * size], [0, 1, ink.shadow_y * size]], dtype=np.float32)
        cast = cv2.warpAffine(whole, shift, (width, height))
        if ink.shadow_blur:
            cast = np.minimum(1, 1.3 * cv2.GaussianBlur(cast, (0, 0), max(0.3, ink.shadow_blur * size)))
        found.insert(0, Coat(np.asarray(cast, dtype=np.float32) * np.float32(ink.shadow), np.zeros(3, np.float32)))
    if ink.glow:
        halo = np.clip(1.5 * cv2.GaussianBlur(whole, (0, 0), size * 0.2), 0, 1)
        found.append(Coat(np.asarray(halo, dtype=np.float32) * np.float32(ink.glow), ink.fill))
    if line.unlit is not None and ink.unlit:
        found.append(Coat(warp(line.unlit, matrix, height, width) * np.float32(ink.unlit), ink.fill))
    paint = _ramp(ink, whole)
    found.append(Coat(bright * np.float32(ink.alpha), paint))
    if line.dim.any():
        alpha, shade = (ink.alpha * ink.faint, 1.0) if ink.faded else (ink.alpha, ink.faint)
        found.append(Coat(dim * np.float32(alpha), paint * np.float32(shade)))
    return found


def apply(canvas: Floats, layers: list[Coat]) -> None:
    """Paint `layers` on `canvas` in place."""
    for coat in layers:
        blend(canvas, coat.mask, coat.paint)


def lay(rng: np.random.Generator, canvas: Floats, line: Line, matrix: Floats) -> None:
    """Paint `line` over `canvas` in place with an ink that suits what is there."""
    height, width = canvas.shape[:2]
    apply(canvas, coats(choose(rng, mean_under(canvas, line, matrix)), line, matrix, height, width))


def mean_under(canvas: Floats, line: Line, matrix: Floats) -> Floats:
    """The mean colour of `canvas` where `line` will be."""
    height, width = canvas.shape[:2]
    mask = warp(np.maximum(line.bright, line.dim), matrix, height, width)
    total = float(mask.sum())
    if total <= 0:
        return np.full(3, 128, dtype=np.float32)
    return np.asarray(np.einsum("hwc,hw->c", canvas, mask) / total, dtype=np.float32)


def warp(layer: Floats, matrix: Floats, height: int, width: int) -> Floats:
    """Move a mask from render units into the picture, without aliasing when it shrinks."""
    scale = float(np.hypot(matrix[1, 0], matrix[1, 1]))
    if scale < 0.6:
        layer = np.asarray(cv2.GaussianBlur(layer, (0, 0), 0.35 / scale), dtype=np.float32)
    return np.asarray(cv2.warpAffine(layer, matrix, (width, height), flags=cv2.INTER_LINEAR), dtype=np.float32)


def _ramp(ink: Ink, whole: Floats) -> Floats:
    """The fill as one colour, or as a picture that goes from `fill` to `fade` over the rows that have ink."""
    if ink.fade is ink.fill:
        return ink.fill
    rows = np.flatnonzero(whole.max(axis=1) > 0.3)
    first, last = (rows[0], rows[-1]) if len(rows) else (0, 1)
    share = np.clip((np.arange(len(whole), dtype=np.float32) - first) / max(1, last - first), 0, 1)[:, None, None]
    return np.asarray(ink.fill * (1 - share) + ink.fade * share, dtype=np.float32)


def _of_luma(paint: Floats, luma: float) -> Floats:
    """The same hue at another brightness as the eye sees it."""
    return np.clip(paint + np.float32(luma - float(paint @ LUMA)), 0, 255)
