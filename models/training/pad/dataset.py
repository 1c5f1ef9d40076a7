"""Pictures of rendered dance floors with what is on them, as arrays; the same seed gives the same arrays."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from typing import TYPE_CHECKING

import cv2
import numpy as np

from models.simulate.pads.scene import Order, draw_scene

if TYPE_CHECKING:
    from collections.abc import Iterator

    from models.simulate.pads.scene import SceneTruth
    from vision.frame import Floats, Image
    from vision.geometry import Box

CHUNK = 100
SHOTS = 2  # of each scene, at different times
MOST = 48  # objects on a picture
FIELDS = 9  # class, x, y, w, h, flag, ball's x and y, whether it counts
PAD, PANEL, FOOT = range(3)
SEEN = {PAD: 0.6, PANEL: 0.3, FOOT: 0.4}  # share that has to be visible to count
LEAST = 5.0  # pixels across; what is smaller does not count


def objects(truth: SceneTruth) -> Floats:
    """What is on a picture, (MOST, FIELDS); rows of -1 where there is nothing.

    The flag is 1 for a panel that is lit and for a foot that stands. What is mostly hidden is there with a last column
    of 0: finding it is neither asked for nor wrong.
    """
    rows: list[list[float]] = []
    for pad in truth.pads:
        rows.append(_row(PAD, pad.box, pad.visible, flag=False, ball=(0.0, 0.0)))
        rows += [_row(PANEL, panel.box, panel.visible, flag=panel.lit, ball=(0.0, 0.0)) for panel in pad.panels]
    rows += [_row(FOOT, foot.box, foot.visible, flag=foot.down, ball=foot.ball) for foot in truth.feet]
    table = np.full((MOST, FIELDS), -1, np.float32)
    rows = [row for row in rows if row[3] > 1 and row[4] > 1][:MOST]
    if rows:
        table[: len(rows)] = rows
    return table


def _row(kind: int, box: Box, visible: float, *, flag: bool, ball: tuple[float, float]) -> list[float]:
    x, y, w, h = box.x, box.y, box.w, box.h
    counts = visible >= SEEN[kind] and min(w, h) >= LEAST
    return [kind, x, y, w, h, float(flag), *ball, float(counts)]


def render(wanted: int, *, seed: int, held_out: bool, workers: int) -> Iterator[tuple[Image, Floats]]:
    """Yield chunks of pictures (CHUNK, h, w, 3) and their objects (CHUNK, MOST, FIELDS)."""
    work = partial(_chunk, seed, held_out)
    chunks = range(-(-wanted // CHUNK))
    if workers < 2:
        yield from map(work, chunks)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from pool.map(work, chunks)


def _chunk(seed: int, held_out: bool, index: int) -> tuple[Image, Floats]:
    cv2.setNumThreads(1)
    pictures, tables = [], []
    for number in range(CHUNK // SHOTS):
        name = seed * 1_000_000 + index * CHUNK + number
        scene = draw_scene(name, Order(held_out=held_out))
        for t in np.random.default_rng([name, 2]).uniform(0.2, 5.8, SHOTS):
            picture, truth = scene.shot(float(t))
            pictures.append(picture)
            tables.append(objects(truth))
    return np.stack(pictures), np.stack(tables)
