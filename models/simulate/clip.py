"""A film of the cabinet, and its truth beside it."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

import cv2

from models.simulate import truth
from models.simulate.cabinet import Cabinet, CabinetError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CODEC = "mp4v"  # what every build of OpenCV can write


@dataclass(frozen=True, slots=True)
class Take:
    """What to film.

    Attributes:
        path: the video, .mp4.
        truth: JSON lines that say what the video truly shows, or None for none.
        matches: how many, each from song selection to results, beginning with the evening's first.
        fps: frames a second.
        begin: seconds of the evening that are left out at the front.
    """

    path: Path
    truth: Path | None = None
    matches: int = 1
    fps: float = 30.0
    begin: float = 0.0


def film(cabinet: Cabinet, take: Take, progress: Callable[[int, int], None] = lambda _done, _all: None) -> int:
    """Write a video and its truth; the number of frames comes back.

    Args:
        cabinet: what to film.
        take: how much of it, and where to.
        progress: called about once for each second filmed, with frames done and frames in all.

    Raises:
        CabinetError: a file cannot be written, or there is nothing to film.
    """
    if take.matches < 1 or take.fps <= 0:
        raise CabinetError(f"nothing to film: {take.matches} matches at {take.fps:g} frames a second")
    for path in filter(None, (take.path, take.truth)):
        if not path.parent.is_dir():
            raise CabinetError(f"cannot write {path}: there is no folder {path.parent}")
    frames = int((cabinet.session.begins(take.matches) - take.begin) * take.fps)
    if take.begin < 0 or frames < 1:
        raise CabinetError(f"nothing to film: the evening's matches do not reach beyond {take.begin:g} seconds")
    try:
        with take.truth.open("w") if take.truth else contextlib.nullcontext() as lines:
            _put(lines, truth.header(cabinet, take.path.stem, take.fps, frames, take.matches))
            for row in truth.changes(cabinet, take.matches):
                _put(lines, row | {"t": round(row["t"] - take.begin, 3)})
            _frames(cabinet, take, lines, frames, progress)
    except OSError as error:
        raise CabinetError(f"cannot write {take.truth}: {error.strerror}") from error
    return frames


def _frames(
    cabinet: Cabinet, take: Take, lines: TextIO | None, frames: int, progress: Callable[[int, int], None]
) -> None:
    writer = cv2.VideoWriter(str(take.path), cv2.VideoWriter.fourcc(*CODEC), take.fps, cabinet.size)
    if not writer.isOpened():
        raise CabinetError(f"cannot write {take.path}: give it a name that ends in .mp4")
    try:
        for index in range(frames):
            scene = cabinet.scene(take.begin + index / take.fps)
            writer.write(cabinet.renderer.frame(scene))
            _put(lines, truth.frame(cabinet, scene, index) | {"t": round(index / take.fps, 4)})
            if index % round(max(1.0, take.fps)) == 0:
                progress(index, frames)
    finally:
        writer.release()


def _put(lines: TextIO | None, row: truth.Row) -> None:
    if lines is not None:
        lines.write(json.dumps(row, separators=(",", ":")) + "\n")
