"""A recording shown at its own speed, again and again, so that an agent can watch it like a camera."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from edge_agent.capture.recording import Recording
from edge_agent.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from edge_agent.capture.source import Source
    from vision.frame import Frame, Image


class PacedRecording:
    """A grabber over a recording: `read` returns when the picture is due; after the last one it starts over."""

    __slots__ = ("_clock", "_frames", "_sleep", "_source", "_start")

    def __init__(
        self,
        source: Source,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._source, self._clock, self._sleep = source, clock, sleep
        self._frames: Iterator[Frame] = Recording(source).frames()
        self._start: float | None = None

    def read(self) -> Image | None:
        """The next picture, once it is due; None when the recording cannot be read any more."""
        frame = self._next()
        if frame is None:
            return None
        now = self._clock()
        if self._start is None:
            self._start = now - frame.t
        ahead = self._start + frame.t - now
        if ahead > 0:
            self._sleep(ahead)
        return frame.image

    def release(self) -> None:
        """Nothing to close: the file closes with its iterator."""
        self._frames = iter(())

    def _next(self) -> Frame | None:
        frame = next(self._frames, None)
        if frame is None:
            self._frames, self._start = Recording(self._source).frames(), None
            frame = next(self._frames, None)
        return frame


def open_paced(source: Source) -> PacedRecording:
    """Open a recording for pacing.

    Raises:
        SourceError: not one picture of it can be decoded.
    """
    frames = Recording(source).frames()
    if next(frames, None) is None:
        raise SourceError(f"{source.name} holds no pictures.")
    return PacedRecording(source)
