"""What reading a screen costs, beside what decoding its frames costs and beside tesseract; all as processor time.

Everything runs on one core, on a rendered match of 1280x720, which is read as `kubeddr watch` reads it.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from bench.figure import Figure
from models.bundle import builtin
from models.simulate.cabinet import build
from models.simulate.clip import Take, film
from models.simulate.session import SELECT, SHOW_AFTER, SLIDE, STAGE
from vision.digits import cut
from vision.focus import look_at
from vision.frame import Frame
from vision.locate import locate
from vision.reader import SCALES, Reader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vision.frame import Image
    from vision.layout import Display

SIZE, FPS, SONG = (1280, 720), 30.0, 12.0
HALF = 0.5  # of what decoding costs, vision may cost
CROPS, FRAMES = 50.0, 300.0  # how many times faster than tesseract on crops, and on whole frames
MEGABYTES = 250.0
FOUND = 5.0  # seconds from the displays' coming to the first reading
APART = 10  # frames between those that are kept
SAMPLES = 6  # pictures that tesseract is given; it is slow
# A process that is started counts its parent's memory as its own, so a small one starts it.
LARGEST = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stderr=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
KINDS = ("plates", "grove", "growing", "solo", "crowded-grove")


def figures() -> Iterator[Figure]:
    """Measure one figure after the other.

    Raises:
        OSError: no clip can be written to the temporary folder.
    """
    cores = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    if cores:
        os.sched_setaffinity(0, {min(cores)})
    cv2.setNumThreads(1)
    try:
        with tempfile.TemporaryDirectory() as folder:
            clip = _clip(Path(folder))
            yield from _costs(clip)
            yield _memory(clip, Path(folder))
        yield from (_discovery(theme) for theme in KINDS)
    finally:
        if cores:
            os.sched_setaffinity(0, cores)


def _clip(folder: Path) -> Path:
    """A match as H.264, as most sources are, where ffmpeg is at hand; else as MPEG-4, which decodes faster."""
    plain = folder / "mpeg4.mp4"
    film(build(3, "plates", SIZE, SONG), Take(plain, begin=SELECT + STAGE - 1.0))
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        return plain
    better = folder / "h264.mp4"
    command = [ffmpeg, "-loglevel", "error", "-i", str(plain), "-c:v", "libx264", "-preset", "veryfast", str(better)]
    return better if subprocess.run(command, check=False).returncode == 0 else plain  # noqa: S603 - our own clip


def _costs(clip: Path) -> Iterator[Figure]:
    bundle = builtin("reader")
    locator, line_reader = bundle.network("locator"), bundle.network("line")
    reader = Reader(locator, line_reader)
    decoding, reading, frames = _run(clip, reader)
    name = f"a 720p frame, {clip.stem}"
    yield Figure(f"decoding {name}", decoding, "ms")
    yield Figure(f"all of vision, {name}", reading, "ms", HALF * decoding, decoding)
    sample = frames[-SAMPLES:]
    looking = _spent(lambda: [locate(image, locator, scale) for image in sample for scale in SCALES])
    yield Figure("one look over the whole picture", looking / len(sample) / len(SCALES), "ms")
    layout = reader.layout
    displays = [d for d in (layout.p1, layout.p2) if d is not None] if layout else []
    if not displays:
        return
    ours = _spent(lambda: [look_at(d, image, line_reader) for image in frames for d in displays])
    ours /= len(frames) * len(displays)
    yield Figure("one display of one frame", ours, "ms")
    yield from _tesseract(sample, displays, ours, reading)


def _run(clip: Path, reader: Reader) -> tuple[float, float, list[Image]]:
    """Milliseconds of decoding and of reading a frame, and some frames of the match."""
    decoding = reading = 0.0
    kept: list[Image] = []
    capture = cv2.VideoCapture(str(clip))
    index = 0
    while True:
        before = time.process_time()
        there, image = capture.read()
        decoded = time.process_time()
        if not there:
            return 1000 * decoding / index, 1000 * reading / index, kept
        picture = image.astype(np.uint8, copy=False)
        result = reader.read(Frame(picture, index / FPS, index))
        decoding, reading = decoding + decoded - before, reading + time.process_time() - decoded
        if index % APART == 0 and result.p1.value and result.p2.value:
            kept.append(picture)
        index += 1


def _tesseract(sample: list[Image], displays: list[Display], ours: float, reading: float) -> Iterator[Figure]:
    """The same crops, and whole frames the way of the talk that began it: adaptive threshold, all defaults."""
    if shutil.which("tesseract") is None:
        print("tesseract is not installed (apt-get install tesseract-ocr): compared with nothing", file=sys.stderr)
        yield Figure("one display, beside pytesseract", None, "ms")
        yield Figure("all of vision, beside the whole frame by pytesseract", None, "ms")
        return
    import pytesseract  # noqa: PLC0415 - only here

    crops = [cut(image, display.line).image for image in sample for display in displays]
    theirs = _spent(lambda: [pytesseract.image_to_string(crop, config="--psm 7") for crop in crops]) / len(crops)
    yield Figure("one display, beside pytesseract", ours, "ms", theirs / CROPS, theirs)

    def whole(image: Image) -> str:
        grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
        black = cv2.adaptiveThreshold(grey, 255, cv2.ADAPTIVE_THRESH_GAUSSIAN_C, cv2.THRESH_BINARY, 11, 2)
        return str(pytesseract.image_to_string(np.asarray(black)))

    theirs = _spent(lambda: [whole(image) for image in sample]) / len(sample)
    yield Figure("all of vision, beside the whole frame by pytesseract", reading, "ms", theirs / FRAMES, theirs)


def _memory(clip: Path, folder: Path) -> Figure:
    watch = [sys.executable, "-m", "kubeddr", "watch", str(clip), "--jsonl", str(folder / "watched.jsonl")]
    command = [sys.executable, "-c", LARGEST, *watch]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - this very program
    return Figure("memory of kubeddr watch", float(done.stdout) / 1024, "MB", MEGABYTES)


def _discovery(theme: str) -> Figure:
    """Seconds from the displays' coming to the first reading of every player."""
    cabinet = build(8, theme, (854, 480), SONG)
    bundle = builtin("reader")
    reader = Reader(bundle.network("locator"), bundle.network("line"))
    shown = SHOW_AFTER + SLIDE
    for index in range(round((shown + 2 * FOUND) * FPS)):
        t = index / FPS
        now = reader.read(Frame(cabinet.frame(SELECT + STAGE + t), t, index))
        read = [(now.p1, now.p2)[player].value is not None for player in cabinet.theme.dancing]
        if all(read):
            return Figure(f"discovery, {theme}", max(0.0, t - shown), "s", FOUND)
    return Figure(f"discovery, {theme}", 2 * FOUND, "s", FOUND)


def _spent(work: Callable[[], object]) -> float:
    """Milliseconds of processor time that work takes, its child processes' included."""
    before = _processor()
    work()
    return 1000 * (_processor() - before)


def _processor() -> float:
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)
