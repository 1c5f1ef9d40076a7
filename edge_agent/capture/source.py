"""What the user named: a camera, a file, pictures, or a stream."""

from __future__ import annotations

import glob
import re
import stat
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from edge_agent.errors import SourceError

_PICTURES = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp"})
_RECORDINGS = frozenset({".avi", ".m4v", ".mkv", ".mov", ".mp4", ".webm"})
_SCHEMES = frozenset({"http", "https", "rtmp", "rtp", "rtsp", "rtsps", "srt", "tcp", "udp"})
_PRINTF = re.compile(r"%0?\d*d")
_WAYS = "a camera number, a device such as /dev/video0, a video file, a directory or pattern of pictures, or a URL"


class SourceKind(StrEnum):
    """How a source behaves."""

    CAMERA = "camera"
    STREAM = "stream"
    FILE = "file"
    PICTURES = "pictures"


@dataclass(frozen=True, slots=True)
class Source:
    """A source by kind and address.

    Attributes:
        name: what the user wrote, for messages.
        address: camera number, or path or URL as OpenCV takes it.
        pictures: the files of a sequence, in order; empty for the other kinds.
    """

    kind: SourceKind
    name: str
    address: int | str
    pictures: tuple[Path, ...] = ()

    @property
    def live(self) -> bool:
        """Whether the source goes on by itself, so that an unread frame is lost."""
        return self.kind in (SourceKind.CAMERA, SourceKind.STREAM)


def parse_source(text: str) -> Source:
    """Tell what `text` names.

    Raises:
        SourceError: it names nothing that can be watched; the text says why.
    """
    if text.isdecimal():
        return Source(SourceKind.CAMERA, f"camera {int(text)}", int(text))
    if "://" in text:
        return _from_url(text)
    path = Path(text)
    if path.is_dir():
        return _pictures(text, tuple(sorted(p for p in path.iterdir() if _is_picture(p))))
    if path.exists() or text.startswith("/dev/"):
        return _from_path(text, path)
    if _PRINTF.search(path.name):
        return _pictures(text, _numbered(path))
    if glob.has_magic(text):
        found = (Path(p) for p in glob.glob(text))  # noqa: PTH207 - an absolute pattern is fine here and not there
        return _pictures(text, tuple(sorted(p for p in found if _is_picture(p))))
    raise SourceError(f"There is no {text}. Give {_WAYS}.")


def _from_url(text: str) -> Source:
    parts = urlsplit(text)
    if parts.scheme == "file":
        return parse_source(parts.path)
    if parts.scheme not in _SCHEMES:
        known = ", ".join(sorted(_SCHEMES))
        raise SourceError(f"{parts.scheme}:// is no address this can watch. Known are {known}.")
    finite = parts.scheme in ("http", "https") and Path(parts.path).suffix.lower() in _RECORDINGS
    return Source(SourceKind.FILE if finite else SourceKind.STREAM, text, text)


def _from_path(text: str, path: Path) -> Source:
    if text.startswith("/dev/video"):
        return Source(SourceKind.CAMERA, text, text)
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise SourceError(f"{text} cannot be read ({error.strerror}). Give {_WAYS}.") from error
    if stat.S_ISFIFO(mode):
        return Source(SourceKind.STREAM, text, text)
    if not stat.S_ISREG(mode):
        raise SourceError(f"{text} is no video. Give {_WAYS}.")
    if path.stat().st_size == 0:
        raise SourceError(f"{text} is empty: nothing was recorded in it.")
    if path.suffix.lower() in _PICTURES:
        return _pictures(text, (path,))
    return Source(SourceKind.FILE, text, text)


def _pictures(text: str, found: tuple[Path, ...]) -> Source:
    if not found:
        raise SourceError(f"{text} holds no pictures (looked for {', '.join(sorted(_PICTURES))}).")
    return Source(SourceKind.PICTURES, text, text, found)


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in _PICTURES and path.is_file()


def _numbered(pattern: Path) -> tuple[Path, ...]:
    """The files that a printf pattern such as shot_%04d.png stands for, by number."""
    before, after = _PRINTF.split(pattern.name, maxsplit=1)
    shape = re.compile(re.escape(before) + r"(\d+)" + re.escape(after))
    if not pattern.parent.is_dir():
        return ()
    hits = ((shape.fullmatch(p.name), p) for p in pattern.parent.iterdir())
    return tuple(p for _, p in sorted((int(hit.group(1)), p) for hit, p in hits if hit))
