"""Recordings: every frame, in media time, the same on every machine."""

from __future__ import annotations

import hashlib
import math
from pathlib import Path
from typing import TYPE_CHECKING

from edge_agent.capture.opencv import open_video, read_picture
from edge_agent.capture.source import Source, SourceKind
from edge_agent.errors import SourceError
from vision.frame import Frame

if TYPE_CHECKING:
    from collections.abc import Iterator

PICTURES_FPS = 30.0
"""Frames a second of a sequence of pictures, which carries no times of its own."""

_FASTEST = 1000.0  # a container that claims more frames a second gives its time base, not its rate
_FAILED_READS = 100  # a damaged stretch gives failed reads before the next whole picture comes
_MISSING_SHARE = 0.03  # containers estimate their frame count; less than this missing is no news
_EDGE_BYTES = 1 << 20


class Recording:
    """A file or a sequence of pictures.

    Attributes:
        fps: frames a second that give `Frame.t`.
        expected: how many frames the container promises, or None.
        note: after the last frame, a sentence about what was missing, or None.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.note: str | None = None
        self.expected: int | None = len(source.pictures) or None
        self.fps = PICTURES_FPS

    def frames(self) -> Iterator[Frame]:
        """Every frame in order.

        Raises:
            SourceError: before the first frame, when not one picture can be decoded.
        """
        return self._from_pictures() if self.source.kind is SourceKind.PICTURES else self._from_video()

    def digest(self) -> bytes:
        """32 bytes that tell this recording from others by its contents, whatever it is called."""
        total = hashlib.sha256()
        paths = self.source.pictures or (Path(str(self.source.address)),)
        for path in paths:
            total.update(_fingerprint(path))
        return total.digest()

    def _from_pictures(self) -> Iterator[Frame]:
        broken = 0
        for index, path in enumerate(self.source.pictures):
            image = read_picture(str(path))
            if image is None:
                broken += 1
                continue
            yield Frame(image, index / self.fps, index)
        if broken == len(self.source.pictures):
            raise SourceError(f"{self.source.name}: none of the {broken} pictures can be decoded.")
        if broken:
            self.note = f"{broken} of {len(self.source.pictures)} pictures could not be decoded and were left out"

    def _from_video(self) -> Iterator[Frame]:
        grabber = open_video(self.source)
        if grabber is None:
            raise SourceError(f"{self.source.name} is not a video that can be opened: damaged, incomplete or no video.")
        try:
            stated = grabber.fps
            self.fps = stated if math.isfinite(stated) and 0 < stated <= _FASTEST else PICTURES_FPS
            self.expected = grabber.frames if grabber.frames > 0 else None
            index, failed, last, first = 0, 0, -math.inf, 0.0
            while failed < _FAILED_READS:
                image = grabber.read()
                if image is None:
                    failed += 1
                    if self.expected is None or index >= self.expected:
                        break
                    continue
                failed = 0
                first = grabber.position if index == 0 else first
                last = media_time(index, self.fps, grabber.position - first, last)
                yield Frame(image, last, index)
                index += 1
            self._conclude(index, last)
        finally:
            grabber.release()

    def _conclude(self, read: int, last: float) -> None:
        if read == 0:
            raise SourceError(f"{self.source.name} opens, but not one picture in it can be decoded.")
        if self.expected is not None and read < self.expected * (1 - _MISSING_SHARE) - 1:
            whole = self.expected / self.fps
            self.note = (
                f"the recording is damaged or ended early: {read} of {self.expected} frames, "
                f"the last at {last:.1f} of {whole:.1f} s"
            )


def media_time(index: int, fps: float, stamp: float, previous: float) -> float:
    """Seconds of frame `index`, never going back.

    A constant frame rate gives the exact grid index / fps. Where the container's stamp departs from it by more
    than two frames (variable rate, or a damaged stretch), the stamp is right.
    """
    grid = index / fps
    t = grid if not math.isfinite(stamp) or abs(stamp - grid) <= 2.0 / fps else stamp
    return t if t > previous else previous + 1e-6


def _fingerprint(path: Path) -> bytes:
    """Hash of the size and both edges of a file; of the address where there is no file."""
    if not path.is_file():
        return hashlib.sha256(str(path).encode()).digest()
    size = path.stat().st_size
    total = hashlib.sha256(str(size).encode())
    with path.open("rb") as file:
        total.update(file.read(_EDGE_BYTES))
        file.seek(max(0, size - _EDGE_BYTES))
        total.update(file.read(_EDGE_BYTES))
    return total.digest()
