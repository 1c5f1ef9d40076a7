"""The two plots of the model card."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from models.training.winner.compare import nearest
from models.training.winner.data import MARKS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from models.training.winner.compare import Row
    from models.training.winner.data import Data

BINS = 10
STILL = {"Software": None}  # the library's version would be a stranger in the file


def calibration_plot(path: Path, data: Data, p: NDArray[np.float64]) -> None:
    """What was said against what came true, in bins of equal mass, at each mark."""
    figure, axes = _figure()
    axes.plot([0, 1], [0, 1], color="#999999", linewidth=1)
    at = nearest(data.share)
    for mark in MARKS:
        rows = np.flatnonzero(at == mark)
        parts = np.array_split(rows[np.argsort(p[rows], kind="stable")], BINS)
        said, true = zip(*((p[part].mean(), data.outcome[part].mean()) for part in parts if len(part)), strict=True)
        axes.plot(said, true, marker="o", markersize=4, linewidth=1, label=f"{mark:.0%} of the budget")
    axes.set(xlabel="said: player 1 wins", ylabel="came true", xlim=(0, 1), ylim=(0, 1))
    axes.legend(frameon=False)
    figure.savefig(path, metadata=STILL)


def loss_plot(path: Path, rows: Sequence[Row]) -> None:
    """Log loss of every predictor over the budget, with 95 % intervals."""
    figure, axes = _figure()
    for name in dict.fromkeys(row.name for row in rows):
        mine = [row for row in rows if row.name == name and isinstance(row.mark, float)]
        marks = [row.mark for row in mine]
        axes.plot(marks, [row.figures["log_loss"] for row in mine], marker="o", markersize=4, linewidth=1, label=name)
        axes.fill_between(marks, [row.low for row in mine], [row.high for row in mine], alpha=0.15)
    axes.set(xlabel="share of the budget that is decided", ylabel="log loss", ylim=(0, 0.9))
    axes.legend(frameon=False, fontsize=8)
    figure.savefig(path, metadata=STILL)


def _figure() -> tuple[Any, Any]:
    import matplotlib as mpl  # noqa: PLC0415 - of the training's requirements

    mpl.use("agg")
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(6, 4.5), dpi=110, layout="constrained")
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes
