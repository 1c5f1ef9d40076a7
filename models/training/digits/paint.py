"""Paint lines of text over busy backgrounds, and spoil the picture as cables and cameras do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from models.training.digits.glyphs import LINE_HEIGHT

if TYPE_CHECKING:
    from models.training.digits.strings import Line
    from vision.frame import Floats, Image

Colour = tuple[float, float, float]


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


def shape(rng: np.random.Generator, canvas: Floats, size: float | None = None) -> None:
    """Draw one arrow, hold, disc, plate or line with a border somewhere on `canvas`, in place."""
    height, width = canvas.shape[:2]
    size = size or float(rng.uniform(0.3, 2.2)) * min(height, 40)
    centre = np.array([rng.uniform(0, width), rng.uniform(0, height)])
    kind = rng.integers(0, 5)
    fill, edge = colour(rng).tolist(), colour(rng).tolist()
    thick = int(rng.integers(1, 4))
    if kind <= 1:
        arrow = np.array([[0, -1], [1, 0], [0.45, 0.1], [0.4, 1], [-0.4, 1], [-0.45, 0.1], [-1, 0]], dtype=np.float32)
        turn = np.pi / 2 * rng.integers(0, 4) + (rng.uniform(-0.5, 0.5) if rng.random() < 0.2 else 0)
        spin = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        points = (arrow @ spin.T * size + centre).astype(np.int32)
        cv2.fillPoly(canvas, [points], fill, cv2.LINE_AA)
        cv2.polylines(canvas, [points], isClosed=True, color=edge, thickness=thick, lineType=cv2.LINE_AA)
    elif kind == 2:
        corner = centre.astype(int)
        far = (centre + np.array([size * 0.9, size * rng.uniform(0.5, 8)])).astype(int)
        cv2.rectangle(canvas, corner.tolist(), far.tolist(), fill, -1)
        cv2.rectangle(canvas, corner.tolist(), far.tolist(), edge, thick)
    elif kind == 3:
        radius = int(size * 0.7) + 1
        cv2.circle(canvas, centre.astype(int).tolist(), radius, fill, -1, cv2.LINE_AA)
        cv2.circle(canvas, centre.astype(int).tolist(), radius, edge, thick, cv2.LINE_AA)
    else:
        far = (centre + rng.uniform(-3, 3, 2) * size).astype(int)
        cv2.line(canvas, centre.astype(int).tolist(), far.tolist(), edge, thick, cv2.LINE_AA)


def warp(layer: Floats, matrix: Floats, height: int, width: int) -> Floats:
    """Move a mask from render units into the picture, without aliasing when it shrinks."""
    scale = float(np.hypot(matrix[1, 0], matrix[1, 1]))
    if scale < 0.6:
        layer = cv2.GaussianBlur(layer, (0, 0), 0.35 / scale)
    return cv2.warpAffine(layer, matrix, (width, height), flags=cv2.INTER_LINEAR)


def lay(rng: np.random.Generator, canvas: Floats, line: Line, matrix: Floats) -> None:
    """Paint `line` over `canvas` in place: fill, gradient, outline, glow, shadow, dimmed part, see-through."""
    height, width = canvas.shape[:2]
    bright, dim = warp(line.bright, matrix, height, width), warp(line.dim, matrix, height, width)
    whole = np.maximum(bright, dim)
    size = float(np.hypot(matrix[1, 0], matrix[1, 1])) * LINE_HEIGHT / 2
    under = _mean_under(canvas, whole)
    close = rng.random() < 0.45  # red digits over brown: told apart by hue alone
    fill = _of_luma(colour(rng), under + rng.normal(0, 12)) if close else colour(rng, light=bool(under < 110))
    if not close and np.abs(float(fill.mean()) - under) < 35:
        fill = np.clip(fill + (70 if under < 128 else -70), 0, 255)
    if rng.random() < 0.45:  # outline
        thick = max(1, round(size * rng.uniform(0.04, 0.12)))
        edge = cv2.dilate(whole, np.ones((2 * thick + 1, 2 * thick + 1), dtype=np.uint8))
        blend(canvas, edge, colour(rng, light=fill.mean() < 110), rng.uniform(0.5, 1))
    if rng.random() < (0.7 if close else 0.25):  # shadow
        shift = np.array([[1, 0, rng.uniform(-1, 3)], [0, 1, rng.uniform(0, 3)]], dtype=np.float32)
        blend(canvas, cv2.warpAffine(whole, shift, (width, height)), np.zeros(3, np.float32), rng.uniform(0.4, 1))
    if rng.random() < 0.12:  # glow
        blend(canvas, np.clip(1.5 * cv2.GaussianBlur(whole, (0, 0), size * 0.2), 0, 1), fill, rng.uniform(0.2, 0.7))
    paint: Floats = fill
    if rng.random() < 0.3:  # gradient
        ramp = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
        paint = fill * (1 - ramp) + np.clip(fill + rng.uniform(-90, 90, 3), 0, 255).astype(np.float32) * ramp
    alpha = 1.0 if rng.random() < 0.75 else rng.uniform(0.55, 1)
    blend(canvas, bright, paint, alpha)
    if dim.any():
        faint = rng.uniform(0.3, 0.75)
        if rng.random() < 0.7:
            blend(canvas, dim, paint * faint, alpha)
        else:
            blend(canvas, dim, paint, alpha * faint)


def _of_luma(paint: Floats, luma: float) -> Floats:
    """The same hue at another brightness as the eye sees it (Rec. 601 weights)."""
    weights = np.array([0.114, 0.587, 0.299], dtype=np.float32)
    return np.clip(paint + np.float32(luma - float(paint @ weights)), 0, 255)


def _mean_under(canvas: Floats, mask: Floats) -> float:
    total = float(mask.sum())
    return float((canvas.mean(axis=2) * mask).sum() / total) if total > 0 else 128.0


def blend(canvas: Floats, mask: Floats, paint: Floats, alpha: float) -> None:
    """Put `paint`, a colour or a picture, over `canvas` in place where `mask` is."""
    weight = (mask * alpha)[..., None]
    canvas += weight * (paint - canvas)


def spoil(rng: np.random.Generator, canvas: Floats) -> Image:
    """What happens between the game and the reader: scaling, blur, noise, light, compression."""
    height, width = canvas.shape[:2]
    if rng.random() < 0.45:
        shrink = rng.uniform(0.45, 1.0)
        small = cv2.resize(
            canvas, (max(8, int(width * shrink)), max(8, int(height * shrink))), interpolation=cv2.INTER_AREA
        )
        canvas = cv2.resize(small, (width, height), interpolation=int(rng.choice([cv2.INTER_LINEAR, cv2.INTER_CUBIC])))
    if rng.random() < 0.3:
        canvas = cv2.GaussianBlur(canvas, (0, 0), rng.uniform(0.3, 1.1))
    if rng.random() < 0.12:
        reach = int(rng.integers(2, 5))
        canvas = cv2.blur(canvas, (reach, 1) if rng.random() < 0.5 else (1, reach))
    if rng.random() < 0.35:
        gain, lift = rng.uniform(0.45, 1.25), rng.uniform(-20, 45)
        canvas = canvas * (gain * rng.uniform(0.85, 1.15, 3)).astype(np.float32) + np.float32(lift)
    if rng.random() < 0.15:
        canvas = 255 * np.power(np.clip(canvas, 0, 255) / 255, rng.uniform(0.6, 1.6))
    if rng.random() < 0.35:
        canvas = canvas + rng.normal(0, rng.uniform(1, 14), canvas.shape)
    if rng.random() < 0.06:  # moire and scan lines
        rows = np.sin(np.arange(height) * rng.uniform(0.5, 3) + rng.uniform(0, 6))[:, None, None]
        canvas = canvas + rng.uniform(3, 20) * rows
    image = np.clip(canvas, 0, 255).astype(np.uint8)
    if rng.random() < 0.75:
        image = compress(rng, image)
    return image


def compress(rng: np.random.Generator, image: Image) -> Image:
    """Blocks and half-resolution colour, at times at a larger scale than the reader's, as a recording has them."""
    height, width = image.shape[:2]
    grown = rng.uniform(1.0, 1.7) if rng.random() < 0.5 else 1.0
    larger = cv2.resize(image, (int(width * grown), int(height * grown)), interpolation=cv2.INTER_CUBIC)
    quality = int(rng.integers(12, 60)) if rng.random() < 0.5 else int(rng.integers(40, 96))
    _, data = cv2.imencode(".jpg", larger, [cv2.IMWRITE_JPEG_QUALITY, quality])
    spoiled = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))
    return cv2.resize(spoiled, (width, height), interpolation=cv2.INTER_AREA).astype(np.uint8)
