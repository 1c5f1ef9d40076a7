"""The picture of a comparison."""

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
TOP = 0.75  # log loss: a coin's is 0.69
STILL = {"Software": None}  # the library's version would be a stranger in the file


def draw(path: Path, data: Data, p: NDArray[np.float64], rows: Sequence[Row]) -> None:
    """What was said against what came true at each mark, and the log loss of every predictor over the budget.

    Args:
        path: picture to write.
        data: the rows measured on.
        p: what the own predictor said of them.
        rows: the comparison of all.
    """
    import matplotlib as mpl  # noqa: PLC0415 - of the training's requirements

    mpl.use("agg")
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(10, 4.2), dpi=90, layout="constrained")
    calibration, losses = figure.subplots(1, 2)
    for axes in (calibration, losses):
        axes.spines[["top", "right"]].set_visible(False)
    _calibration(calibration, data, p)
    _losses(losses, rows)
    figure.savefig(path, metadata=STILL)


def _calibration(axes: Any, data: Data, p: NDArray[np.float64]) -> None:
    """In bins of equal mass."""
    axes.plot([0, 1], [0, 1], color="#999999", linewidth=1)
    at = nearest(data.share)
    for mark in MARKS:
        rows = np.flatnonzero(at == mark)
        parts = np.array_split(rows[np.argsort(p[rows], kind="stable")], BINS)
        said, true = zip(*((p[part].mean(), data.outcome[part].mean()) for part in parts if len(part)), strict=True)
        axes.plot(said, true, marker="o", markersize=4, linewidth=1, label=f"{mark:.0%} of the budget")
    axes.set(xlabel="said: player 1 wins", ylabel="came true", xlim=(0, 1), ylim=(0, 1))
    axes.legend(frameon=False, fontsize=8)


def _losses(axes: Any, rows: Sequence[Row]) -> None:
    """With 95 % intervals over matches."""
    for name in dict.fromkeys(row.name for row in rows):
        mine = [row for row in rows if row.name == name and isinstance(row.mark, float)]
        marks, spread = [row.mark for row in mine], [row.spread["log_loss"] for row in mine]
        axes.plot(marks, [figure.value for figure in spread], marker="o", markersize=4, linewidth=1, label=name)
        axes.fill_between(marks, [figure.low for figure in spread], [figure.high for figure in spread], alpha=0.15)
    axes.set(xlabel="share of the budget that is decided", ylabel="log loss", ylim=(0, TOP))
    axes.legend(frameon=False, fontsize=8)
