"""The predictor's data: glimpses of simulated matches, named by their content."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from models.features import NAMES, features
from models.simulate.bouts import FAMILIES, tournament
from models.simulate.glimpses import gather, glimpse
from models.simulate.population import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from models.simulate.glimpses import Glimpses
    from models.simulate.steps import Steps

LEFT_OUT_FAMILIES = ("ddr-3rd", "ddr-supernova", "stepmania-percent")
LEFT_OUT_KINDS = ("stamina", "erratic")
TRAIN_FAMILIES = ("stepmania", *(name for name in FAMILIES if name not in LEFT_OUT_FAMILIES))  # the first one twice
TRAIN_KINDS = tuple(name for name in KINDS if name not in LEFT_OUT_KINDS)
MARKS = (0.10, 0.25, 0.50, 0.75, 0.90)  # shares of the budget at which predictors are compared
EVENLY = tuple((2 * part + 1) / 20 for part in range(10))  # at which calibration is measured over the whole budget
COUNTED = 0.7  # share of matches in which objects are counted, where the rule lets anybody count


@dataclass(frozen=True, slots=True, eq=False)
class Data:
    """r rows, one a glimpse.

    Attributes:
        values: features by `models.features.NAMES`, (r, f).
        gain: what player 1 still gains on player 2, in sigmas, (r,).
        outcome: 1, 0, or 0.5 for a tie, (r,).
        rest: what either player still earns, in what is left of the budget, (r, 2).
        failed: whether either player fails in the end, (r, 2).
        match: numbers of matches; all rows of one share it, (r,).
        share: the true share of the budget that is decided, (r,).
        told: what a note-budget Stern says who is told every judgement, (r,).
        uneven: how much more of player 1's chart is over than of player 2's, as a share of the budget, (r,).
        family, kind: names, (r,).
    """

    values: NDArray[np.float32]
    gain: NDArray[np.float32]
    outcome: NDArray[np.float32]
    rest: NDArray[np.float32]
    failed: NDArray[np.float32]
    match: NDArray[np.int64]
    share: NDArray[np.float64]
    told: NDArray[np.float64]
    uneven: NDArray[np.float64]
    family: NDArray[np.str_]
    kind: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.values)

    def take(self, which: NDArray[np.bool_] | NDArray[np.int64]) -> Data:
        """These rows only."""
        return Data(**{field.name: getattr(self, field.name)[which] for field in fields(self)})

    @property
    def version(self) -> str:
        """The first sixteen hexadecimal digits of the content's SHA-256."""
        digest = hashlib.sha256(",".join(NAMES).encode())
        for field in fields(self):
            digest.update(np.ascontiguousarray(getattr(self, field.name)).tobytes())
        return digest.hexdigest()[:16]


def simulate(
    seed: Sequence[int],
    families: Sequence[str],
    kinds: Sequence[str],
    matches: int,
    looks: int | Sequence[float],
    *,
    songs: Sequence[Steps] = (),
    alone: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Data:
    """Rows from simulated matches; the same arguments give the same rows.

    Args:
        seed: decides everything.
        families: names in `models.simulate.bouts.FAMILIES`.
        kinds: names in `models.simulate.population.KINDS`.
        matches: how many.
        looks: how many rows of each match, or at which shares of the budget.
        songs: charts to dance besides generated ones.
        alone: whether player 2 stays out of sight.
        progress: hears of matches done and in all.
    """
    rng = np.random.default_rng([*seed, 1])
    parts, done = [], 0
    for bouts in tournament([*seed, 0], families, kinds, matches, songs):
        parts.append(glimpse(rng, bouts, looks, COUNTED))
        done += len(bouts)
        if progress:
            progress(done, matches)
    glimpses = gather(parts)
    return rows(glimpses.alone() if alone else glimpses)


def rows(glimpses: Glimpses) -> Data:
    """What glimpses teach."""
    seen = features(glimpses.course)
    lead = glimpses.finals[:, 0] - glimpses.finals[:, 1] - (glimpses.course.now[:, 0] - glimpses.course.now[:, 1])
    left = np.maximum(seen.left, 1e-3)[:, None]
    return Data(
        values=seen.values,
        gain=(lead / seen.sigma).astype(np.float32),
        outcome=glimpses.outcome.astype(np.float32),
        rest=((glimpses.finals - glimpses.course.now) / left).astype(np.float32),
        failed=glimpses.failed.astype(np.float32),
        match=glimpses.match,
        share=glimpses.share,
        told=glimpses.told,
        uneven=glimpses.uneven,
        family=glimpses.family,
        kind=glimpses.kind,
    )
