"""How good probabilities are: rows of one match share one outcome, so intervals come from drawing matches anew."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

CERTAIN = 1e-6  # probabilities are kept this far from 0 and 1 where a logarithm is taken
BINS = 10  # of equal mass
DRAWS = 200  # of the bootstrap
EDGES = (0.025, 0.975)


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured number and its 95 % interval over matches."""

    value: float
    low: float
    high: float


def log_losses(p: Floats, outcome: Floats) -> Floats:
    """The log loss of each row; a tie (0.5) counts half either way."""
    p = np.clip(p, CERTAIN, 1.0 - CERTAIN)
    losses: Floats = -(outcome * np.log(p) + (1.0 - outcome) * np.log(1.0 - p))
    return losses


def log_loss(p: Floats, outcome: Floats) -> float:
    """Mean log loss."""
    return float(log_losses(p, outcome).mean())


def brier(p: Floats, outcome: Floats) -> float:
    """Mean squared error."""
    return float(((p - outcome) ** 2).mean())


def skill(p: Floats, reference: Floats, outcome: Floats) -> float:
    """The share of the reference's Brier score that `p` takes away."""
    return 1.0 - brier(p, outcome) / max(brier(reference, outcome), 1e-12)


def ece(p: Floats, outcome: Floats) -> float:
    """Expected calibration error over `BINS` bins of equal mass."""
    parts = np.array_split(np.argsort(p, kind="stable"), BINS)
    return float(sum(abs(p[part].mean() - outcome[part].mean()) * len(part) for part in parts if len(part)) / len(p))


def slope(p: Floats, outcome: Floats) -> float:
    """The calibration slope: the factor that a logistic regression without intercept puts on the logits; 1 is best."""
    p = np.clip(p, CERTAIN, 1.0 - CERTAIN)
    logit = np.log(p / (1.0 - p))
    factor = 0.0  # where Newton's method sets out safely, however sure the logits are
    for _ in range(25):
        fitted = 1.0 / (1.0 + np.exp(np.clip(-factor * logit, -30.0, 30.0)))
        curvature = float((logit**2 * fitted * (1.0 - fitted)).sum())
        if curvature < CERTAIN:
            break
        change = float((logit * (outcome - fitted)).sum()) / curvature
        factor += change
        if abs(change) < CERTAIN:
            break
    return factor


def auc(p: Floats, outcome: Floats) -> float:
    """Area under the ROC curve over decided matches; equal probabilities count half."""
    won, lost = p[outcome > 0.5], np.sort(p[outcome < 0.5])  # noqa: PLR2004 - a tie is neither
    if not len(won) or not len(lost):
        return float("nan")
    below, upto = np.searchsorted(lost, won, "left"), np.searchsorted(lost, won, "right")
    return float((below + upto).mean() / 2.0 / len(lost))


def verdicts(p: Floats, outcome: Floats) -> dict[str, float]:
    """Accuracy, precision, recall and F1 of calling player 1 the winner, over decided matches; p = 0.5 counts half."""
    decided = outcome != 0.5  # noqa: PLR2004 - a tie is neither
    called = np.where(p == 0.5, 0.5, p > 0.5)[decided]  # noqa: PLR2004 - a coin
    won = outcome[decided]
    hits = float((called * won).sum())
    precision, recall = hits / max(float(called.sum()), 1e-12), hits / max(float(won.sum()), 1e-12)
    return {
        "accuracy": float((called * won + (1 - called) * (1 - won)).mean()),
        "precision": precision,
        "recall": recall,
        "f1": 2.0 * precision * recall / max(precision + recall, 1e-12),
    }


def bootstrap(
    match: NDArray[np.int64], measure: Callable[[NDArray[np.int64]], Mapping[str, float]], seed: int = 1
) -> dict[str, Figure]:
    """What `measure` finds in all rows, and its intervals when matches are drawn anew with replacement.

    Args:
        match: which match each row belongs to.
        measure: takes the indices of rows.
        seed: of the drawing.
    """
    rng = np.random.default_rng(seed)
    order = np.argsort(match, kind="stable")
    _, starts = np.unique(match[order], return_index=True)
    groups = np.split(order, starts[1:])
    drawn = [
        measure(np.concatenate([groups[i] for i in rng.integers(len(groups), size=len(groups))])) for _ in range(DRAWS)
    ]
    whole = measure(np.arange(len(match)))
    edges = {name: np.nanquantile([one[name] for one in drawn], EDGES) for name in whole}
    return {name: Figure(value, float(edges[name][0]), float(edges[name][1])) for name, value in whole.items()}


def mean_figure(match: NDArray[np.int64], values: Floats, seed: int = 1) -> Figure:
    """The mean of `values` with its interval over matches; quicker than `bootstrap` for what is a mean."""
    _, group = np.unique(match, return_inverse=True)
    sums, sizes = np.bincount(group, values), np.bincount(group)
    rng = np.random.default_rng(seed)
    drawn = rng.integers(len(sums), size=(DRAWS, len(sums)))
    low, high = np.quantile(sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1), EDGES)
    return Figure(float(values.mean()), float(low), float(high))
