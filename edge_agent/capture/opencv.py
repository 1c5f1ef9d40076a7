"""The one door to OpenCV's capture, with its chatter turned off."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol

import cv2
import numpy as np

from edge_agent.capture.source import Source, SourceKind

if TYPE_CHECKING:
    from vision.frame import Image

# FFmpeg inside OpenCV writes to stderr by itself; what matters is said by our own errors.
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)

_COLOUR_IMAGE_DIMENSIONS = 3
_OPEN_TIMEOUT_MS = 5_000
_READ_TIMEOUT_MS = 3_000


class Grabber(Protocol):
    """Something that gives one picture after the other."""

    def read(self) -> Image | None:
        """The next picture, or None when there is none; may hang."""

    def release(self) -> None:
        """Let go of the device."""


class VideoGrabber:
    """A grabber over cv2.VideoCapture."""

    __slots__ = ("_capture",)

    def __init__(self, capture: cv2.VideoCapture) -> None:
        self._capture = capture

    @property
    def fps(self) -> float:
        """Frames a second as the container says; 0 or nonsense when it does not say."""
        return float(self._capture.get(cv2.CAP_PROP_FPS))

    @property
    def frames(self) -> int:
        """How many frames the container promises; 0 or less when it does not say."""
        count = float(self._capture.get(cv2.CAP_PROP_FRAME_COUNT))
        return int(count) if np.isfinite(count) else 0

    @property
    def position(self) -> float:
        """Seconds of the picture that was read last, by the container's own stamps."""
        return float(self._capture.get(cv2.CAP_PROP_POS_MSEC)) / 1000.0

    def read(self) -> Image | None:
        """The next picture as (height, width, 3) bytes, or None."""
        ok, image = self._capture.read()
        if not ok or image is None or image.ndim != _COLOUR_IMAGE_DIMENSIONS:
            return None
        return np.asarray(image, dtype=np.uint8)

    def release(self) -> None:
        """Close the device or the file."""
        self._capture.release()


def open_video(source: Source) -> VideoGrabber | None:
    """Open a source through the fitting backend; None when it does not open. May hang on a dead network."""
    if source.kind is SourceKind.CAMERA:
        capture = cv2.VideoCapture(source.address, cv2.CAP_V4L2)
        # One buffered frame, so that the newest is never seconds old.
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
    else:
        limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, _OPEN_TIMEOUT_MS, cv2.CAP_PROP_READ_TIMEOUT_MSEC, _READ_TIMEOUT_MS]
        capture = cv2.VideoCapture(str(source.address), cv2.CAP_FFMPEG, limits)
    if capture.isOpened():
        return VideoGrabber(capture)
    capture.release()
    return None


def read_picture(path: str) -> Image | None:
    """One picture file, or None when it cannot be decoded."""
    image = cv2.imread(path, cv2.IMREAD_COLOR)
    return None if image is None else np.asarray(image, dtype=np.uint8)
