"""Many samples, rendered side by side; the same seed gives the same samples whatever the number of workers."""

from __future__ import annotations

from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import chain, count, islice
from multiprocessing import get_context
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from models.training.digits.glyphs import Face, FontFace, find_faces
from models.training.digits.segments import SegmentFace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from vision.frame import Floats

    Maker: TypeAlias = Callable[[np.random.Generator, list[Face], Floats], Iterable[tuple[np.ndarray, ...]]]

CHUNK = 250
SEGMENT_FACES, SEGMENT_SHARE = 200, 0.08  # seven-segment looks, and how often one is drawn
HOLD_OUT_EVERY = 12  # whole font families are kept for validation


def load_faces(*, held_out: bool) -> tuple[list[Face], Floats]:
    """The legible faces of one side of the split and the probabilities with which to draw them.

    Families (folders) are kept together, so that a held-out font has no sister in training.
    """
    families = sorted({path.parent for path, _ in find_faces()})
    kept = {family for index, family in enumerate(families) if (index % HOLD_OUT_EVERY == 5) == held_out}
    faces: list[Face] = []
    weights = []
    for path, weight in find_faces():
        if path.parent not in kept:
            continue
        try:
            face = FontFace(path)
            usable = face.legible()
        except (OSError, ValueError):  # a font that the rasteriser refuses
            continue
        if usable:
            faces.append(face)
            weights.append(weight)
    faces += [SegmentFace(np.random.default_rng([index, int(held_out)])) for index in range(SEGMENT_FACES)]
    share = np.asarray(weights, dtype=np.float32)
    share *= (1 - SEGMENT_SHARE) / share.sum()
    return faces, np.concatenate([share, np.full(SEGMENT_FACES, SEGMENT_SHARE / SEGMENT_FACES, dtype=np.float32)])


_faces: dict[bool, tuple[list[Face], Floats]] = {}  # one load a worker process


def _chunk(make: Maker, held_out: bool, seed: int, index: int) -> tuple[np.ndarray, ...]:
    if held_out not in _faces:
        _faces[held_out] = load_faces(held_out=held_out)
    rng = np.random.default_rng([seed, index, int(held_out)])
    samples = islice(chain.from_iterable(make(rng, *_faces[held_out]) for _ in count()), CHUNK)
    return tuple(np.stack(column) for column in zip(*samples, strict=True))


@contextmanager
def studio(workers: int) -> Iterator[Studio]:
    """Processes that render; each loads the fonts once."""
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield Studio(pool)


@dataclass(frozen=True, slots=True)
class Studio:
    """Renders samples in `pool`."""

    pool: Executor

    def render(
        self, make: Maker, wanted: int, *, seed: int, held_out: bool = False
    ) -> Iterator[tuple[np.ndarray, ...]]:
        """Yield chunks of CHUNK stacked samples in a fixed order, `wanted` samples rounded up to whole chunks.

        `make` is called as often as a chunk needs it, and gives one sample or several at a time.
        """
        yield from self.pool.map(partial(_chunk, make, held_out, seed), range(-(-wanted // CHUNK)))
