"""Predictors side by side: every figure at every mark, with intervals over matches."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from models import metrics
from models.training.winner.data import MARKS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from models.training.winner.data import Data

    Floats = NDArray[np.float64]

ALL = "all"


@dataclass(frozen=True, slots=True)
class Row:
    """One predictor at one mark.

    Attributes:
        mark: share of the budget, or "all".
        figures: by name.
        spread: figures with their 95 % intervals over matches; of baselines, the log loss alone.
        beats: log loss of this one less the best baseline's, with its interval; None for baselines.
    """

    name: str
    mark: float | str
    figures: Mapping[str, float]
    spread: Mapping[str, metrics.Figure]
    beats: metrics.Figure | None = None


def compare(data: Data, said: Mapping[str, Floats], own: str, reference: str) -> list[Row]:
    """Measure what each predictor said of `data`, which was looked at at `MARKS`.

    Args:
        data: the rows.
        said: probabilities by predictor.
        own: the predictor that has to beat all others.
        reference: the predictor whose Brier score skill is measured against.
    """
    at = nearest(data.share)
    table = []
    for mark in (*MARKS, ALL):
        which = np.arange(len(data)) if mark == ALL else np.flatnonzero(at == mark)
        outcome, match = data.outcome[which].astype(np.float64), data.match[which]
        losses = {name: metrics.log_losses(p[which], outcome) for name, p in said.items()}
        best = min((name for name in said if name != own), key=lambda name: losses[name].mean())
        for name, p in said.items():
            figures, beats = measure(p[which], said[reference][which], outcome), None
            spread = {"log_loss": metrics.mean_figure(match, losses[name])}
            if name == own:
                spread = metrics.bootstrap(match, partial(_measured, p[which], said[reference][which], outcome))
                beats = metrics.mean_figure(match, losses[name] - losses[best])
            table.append(Row(name, mark, figures, spread, beats))
    return table


def quarters(data: Data, p: Floats) -> dict[str, metrics.Figure]:
    """The calibration error in each quarter of the budget and in all of it, of rows that lie evenly over it."""
    outcome, found = data.outcome.astype(np.float64), {}
    quarter = np.minimum((data.share * 4.0).astype(np.int64), 3)
    for name, which in [(f"{25 * n}% to {25 * n + 25}%", quarter == n) for n in range(4)] + [(ALL, quarter >= 0)]:
        errors = metrics.bootstrap(data.match[which], partial(_error, p[which], outcome[which]))
        found[name] = errors["ece"]
    return found


def _measured(p: Floats, reference: Floats, outcome: Floats, rows: NDArray[np.int64]) -> dict[str, float]:
    return measure(p[rows], reference[rows], outcome[rows])


def _error(p: Floats, outcome: Floats, rows: NDArray[np.int64]) -> dict[str, float]:
    return {"ece": metrics.ece(p[rows], outcome[rows])}


def nearest(share: Floats) -> Floats:
    """The mark that each share belongs to."""
    marks = np.array(MARKS)
    return np.asarray(marks[np.abs(share[:, None] - marks).argmin(axis=1)])


def measure(p: Floats, reference: Floats, outcome: Floats) -> dict[str, float]:
    """All figures of one predictor."""
    return {
        "log_loss": metrics.log_loss(p, outcome),
        "brier": metrics.brier(p, outcome),
        "skill": metrics.skill(p, reference, outcome),
        "ece": metrics.ece(p, outcome),
        "slope": metrics.slope(p, outcome),
        "auc": metrics.auc(p, outcome),
        **metrics.verdicts(p, outcome),
    }


def martingale(data: Data, p: Floats) -> dict[str, metrics.Figure]:
    """The mean change of p from mark to mark, signed for the one who leads then; honest probabilities have none."""
    at, changes = nearest(data.share), {}
    for before, after in itertools.pairwise(MARKS):
        one, two = np.flatnonzero(at == before), np.flatnonzero(at == after)
        one, two = one[np.argsort(data.match[one])], two[np.argsort(data.match[two])]
        shared = np.intersect1d(data.match[one], data.match[two])
        one, two = one[np.isin(data.match[one], shared)], two[np.isin(data.match[two], shared)]
        change = np.sign(p[one] - 0.5) * (p[two] - p[one])
        changes[f"{before:.0%} to {after:.0%}"] = metrics.mean_figure(data.match[one], change)
    return changes
