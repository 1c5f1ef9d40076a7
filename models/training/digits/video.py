"""Frames through a real video codec and back, so that blocks, blur and late colours are what they are."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vision.frame import Image

SAY_ERRORS = ("ffmpeg", "-v", "error")


def codec(rng: np.random.Generator) -> list[str]:
    """Options of a codec as recordings, streams and capture cards use them."""
    kind = rng.random()
    if kind < 0.8:
        preset = str(rng.choice(["ultrafast", "superfast", "veryfast", "faster"]))
        return ["-c:v", "libx264", "-preset", preset, "-crf", str(rng.integers(17, 36)), "-g", "60"]
    name = "mjpeg" if kind < 0.9 else "mpeg4"
    return ["-c:v", name, "-q:v", str(rng.integers(2, 12))]


def coded(frames: Image, options: Sequence[str]) -> Image:
    """The frames (n, h, w, 3) as they look after a codec; sides are multiples of two.

    Raises:
        FileNotFoundError: ffmpeg is not installed.
        subprocess.CalledProcessError: ffmpeg lacks the codec; its standard error says so.
    """
    _, height, width, _ = frames.shape
    raw = ("-f", "rawvideo", "-pix_fmt", "bgr24")
    read = (*raw, "-s", f"{width}x{height}", "-r", "30", "-i", "-")
    colour = "yuvj420p" if "mjpeg" in options else "yuv420p"
    encode = (*SAY_ERRORS, *read, *options, "-pix_fmt", colour, "-threads", "1", "-f", "nut", "-")
    decode = (*SAY_ERRORS, "-threads", "1", "-f", "nut", "-i", "-", *raw, "-")
    try:
        film = subprocess.run(encode, input=frames.tobytes(), capture_output=True, check=True).stdout  # noqa: S603
        back = subprocess.run(decode, input=film, capture_output=True, check=True).stdout  # noqa: S603
    except FileNotFoundError:
        raise FileNotFoundError("ffmpeg is not installed; install it as `make train` does") from None
    return np.frombuffer(back, dtype=np.uint8).reshape(-1, height, width, 3)
