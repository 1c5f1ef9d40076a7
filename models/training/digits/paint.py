"""Colours, busy backgrounds and the shapes that fly over them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from vision.frame import Floats


def colour(rng: np.random.Generator, *, light: bool | None = None) -> Floats:
    """A colour in blue green red, 0 to 255: vivid, pale, grey or white; light or dark where asked for."""
    hue, kind = rng.uniform(0, 180), rng.random()
    saturation = 0.0 if kind < 0.25 else rng.uniform(60, 255)
    value = rng.uniform(150, 255) if light or (light is None and rng.random() < 0.6) else rng.uniform(0, 130)
    pixel = np.array([[[hue, saturation, value]]], dtype=np.uint8)
    return np.asarray(cv2.cvtColor(pixel, cv2.COLOR_HSV2BGR)[0, 0], dtype=np.float32)


def texture(rng: np.random.Generator, height: int, width: int) -> Floats:
    """A background as (height, width, 3) floats: flat, gradient, clouds, lines, shapes or all of them."""
    base = np.empty((height, width, 3), dtype=np.float32)
    kind = rng.random()
    if kind < 0.2:
        base[:] = colour(rng)
    else:
        pitch = rng.choice([8, 16, 40, 120]) * rng.uniform(0.7, 1.4)
        rows, columns = max(2, round(height / pitch)), max(2, round(width / pitch))
        few = np.stack([colour(rng) for _ in range(int(rng.integers(2, 7)))])
        seeds = few[rng.integers(0, len(few), (rows, columns))]
        flag = cv2.INTER_NEAREST if rng.random() < 0.15 else cv2.INTER_CUBIC
        base[:] = cv2.resize(seeds, (width, height), interpolation=flag)
        if rng.random() < 0.5:
            grain = rng.normal(0, rng.uniform(4, 40), (max(2, height // 4), max(2, width // 4), 3)).astype(np.float32)
            base += cv2.resize(grain, (width, height), interpolation=cv2.INTER_LINEAR)
    if rng.random() < 0.55:
        for _ in range(int(rng.integers(1, 8))):
            shape(rng, base)
    if rng.random() < 0.5:
        base *= rng.uniform(0.25, 0.9)  # games dim the film behind the notes
    return np.clip(base, 0, 255, out=base)


def shape(
    rng: np.random.Generator,
    canvas: Floats,
    size: float | None = None,
    centre: tuple[float, float] | None = None,
    paint: Floats | None = None,
) -> None:
    """Draw one arrow, hold, disc, plate or line with a border on `canvas`, in place.

    Where no size, centre or colour is given, `rng` chooses.
    """
    height, width = canvas.shape[:2]
    size = size or float(rng.uniform(0.3, 2.2)) * min(height, 40)
    anywhere = np.array([rng.uniform(0, width), rng.uniform(0, height)])
    at = anywhere if centre is None else np.array(centre)
    kind = rng.integers(0, 5)
    fill, edge = colour(rng).tolist(), colour(rng).tolist()
    if paint is not None:
        fill = paint.tolist()
    thick = int(rng.integers(1, 4))
    if kind <= 1:
        arrow = np.array([[0, -1], [1, 0], [0.45, 0.1], [0.4, 1], [-0.4, 1], [-0.45, 0.1], [-1, 0]], dtype=np.float32)
        turn = np.pi / 2 * rng.integers(0, 4) + (rng.uniform(-0.5, 0.5) if rng.random() < 0.2 else 0)
        spin = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        points = (arrow @ spin.T * size + at).astype(np.int32)
        cv2.fillPoly(canvas, [points], fill, cv2.LINE_AA)
        cv2.polylines(canvas, [points], isClosed=True, color=edge, thickness=thick, lineType=cv2.LINE_AA)
    elif kind == 2:
        corner = at.astype(int)
        far = (at + np.array([size * 0.9, size * rng.uniform(0.5, 8)])).astype(int)
        cv2.rectangle(canvas, corner.tolist(), far.tolist(), fill, -1)
        cv2.rectangle(canvas, corner.tolist(), far.tolist(), edge, thick)
    elif kind == 3:
        radius = int(size * 0.7) + 1
        cv2.circle(canvas, at.astype(int).tolist(), radius, fill, -1, cv2.LINE_AA)
        cv2.circle(canvas, at.astype(int).tolist(), radius, edge, thick, cv2.LINE_AA)
    else:
        far = (at + rng.uniform(-3, 3, 2) * size).astype(int)
        cv2.line(canvas, at.astype(int).tolist(), far.tolist(), edge, thick, cv2.LINE_AA)


def blend(canvas: Floats, mask: Floats, paint: Floats, alpha: float = 1.0) -> None:
    """Put `paint`, a colour or a picture, over `canvas` in place where `mask` is."""
    weight = (mask * np.float32(alpha))[..., None]
    canvas += weight * (np.asarray(paint, dtype=np.float32) - canvas)
