"""Spoil a picture as cables, screens and compression do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from vision.frame import Floats, Image


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
