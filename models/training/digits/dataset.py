"""Many samples, rendered side by side; the same seed gives the same samples whatever the number of workers."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from typing import TYPE_CHECKING

import numpy as np

from models.training.digits.glyphs import Face, find_faces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vision.frame import Floats

CHUNK = 250
HOLD_OUT_EVERY = 12  # whole font families are kept for validation


def load_faces(*, held_out: bool) -> tuple[list[Face], Floats]:
    """The legible faces of one side of the split and the probabilities with which to draw them.

    Families (folders) are kept together, so that a held-out font has no sister in training.
    """
    families = sorted({path.parent for path, _ in find_faces()})
    kept = {family for index, family in enumerate(families) if (index % HOLD_OUT_EVERY == 5) == held_out}
    faces, weights = [], []
    for path, weight in find_faces():
        if path.parent not in kept:
            continue
        try:
            face = Face(path)
            usable = face.legible()
        except (OSError, ValueError):  # a font that the rasteriser refuses
            continue
        if usable:
            faces.append(face)
            weights.append(weight)
    share = np.asarray(weights, dtype=np.float32)
    return faces, share / share.sum()


_faces: dict[bool, tuple[list[Face], Floats]] = {}  # one load a worker process


def _chunk(
    make: Callable[[np.random.Generator, list[Face], Floats], tuple[np.ndarray, ...]],
    held_out: bool,
    seed: int,
    index: int,
) -> tuple[np.ndarray, ...]:
    if held_out not in _faces:
        _faces[held_out] = load_faces(held_out=held_out)
    faces, weights = _faces[held_out]
    rng = np.random.default_rng([seed, index, int(held_out)])
    samples = [make(rng, faces, weights) for _ in range(CHUNK)]
    return tuple(np.stack(column) for column in zip(*samples, strict=True))


def render(
    make: Callable[[np.random.Generator, list[Face], Floats], tuple[np.ndarray, ...]],
    count: int,
    *,
    seed: int,
    held_out: bool = False,
    workers: int = 2,
) -> Iterator[tuple[np.ndarray, ...]]:
    """Yield chunks of CHUNK stacked samples in a fixed order, `count` samples rounded up to whole chunks."""
    chunks = -(-count // CHUNK)
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from pool.map(partial(_chunk, make, held_out, seed), range(chunks))
