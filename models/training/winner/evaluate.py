"""Measure a predictor beside every baseline: on simulated matches of what was left out, and on recorded games."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from models import metrics
from models.recorded import replay
from models.stern import NoteBudgetStern
from models.training.winner.compare import compare, martingale
from models.training.winner.contenders import baselines
from models.training.winner.data import (
    LEFT_OUT_FAMILIES,
    LEFT_OUT_KINDS,
    MARKS,
    TRAIN_FAMILIES,
    TRAIN_KINDS,
    simulate,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from models.metrics import Figure
    from models.training.winner.compare import Row
    from models.training.winner.contenders import Floats
    from models.training.winner.data import Data
    from models.winner import TrainedWinner

    Told = Callable[[str, int, int], None]

OWN = "7 kubeddr"
REFERENCE = "4 note-budget stern, told all"
FROM_SCORES = "note-budget stern, scores alone"
LOOKS = 8  # rows of each match that baselines learn from


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """A comparison.

    Attributes:
        data: the rows measured on.
        said: what each predictor said of them.
        rows: the table.
        changes: the martingale check.
        missing: baselines that could not be learned here.
    """

    data: Data
    said: dict[str, Floats]
    rows: Sequence[Row]
    changes: dict[str, Figure]
    missing: tuple[str, ...] = ()


def on_simulated(predictor: TrainedWinner, learn: int, judge: int, seed: int, told: Told) -> Measured:
    """Baselines learn from `learn` matches of the training's families and dancers; all are judged on `judge` others."""
    families, kinds = TRAIN_FAMILIES, TRAIN_KINDS
    train = simulate([seed, 3], families, kinds, learn, LOOKS, progress=lambda *at: told("matches to learn from", *at))
    families, kinds = LEFT_OUT_FAMILIES, LEFT_OUT_KINDS
    data = simulate([seed, 4], families, kinds, judge, MARKS, progress=lambda *at: told("matches to judge", *at))
    said, missing = {}, []
    for number, (name, contender) in enumerate(baselines(train), start=1):
        told("baselines", number, 6)
        if contender is None:
            missing.append(name)
        else:
            said[name] = contender(data)
    said[OWN] = 0.5 + 0.5 * predictor.winner(data.values)[:, 0].astype(np.float64)
    return Measured(data, said, compare(data, said, OWN, REFERENCE), martingale(data, said[OWN]), tuple(missing))


def on_recordings(predictor: TrainedWinner, files: Sequence[Path], told: Told) -> dict[str, dict[str, float]]:
    """Log losses at each mark and over all of them, by predictor; the number of matches under "matches"."""
    losses: dict[str, dict[str, list[float]]] = {}
    matches = 0
    for number, file in enumerate(files, start=1):
        told("recordings", number, len(files))
        match = replay(file, MARKS)
        if match is None or match.outcome == 0.5:  # a tie has no winner to call
            continue
        matches += 1
        for moment in match.moments:
            says = {
                REFERENCE: moment.told,
                FROM_SCORES: NoteBudgetStern().predict(moment.state).p1_win,
                OWN: predictor.predict(moment.state).p1_win,
            }
            for name, p in says.items():
                loss = metrics.log_loss(np.array([p]), np.array([match.outcome]))
                losses.setdefault(name, {}).setdefault(f"{moment.mark:.0%}", []).append(loss)
    means = {name: {mark: float(np.mean(each)) for mark, each in marks.items()} for name, marks in losses.items()}
    return {**means, "matches": {"": float(matches)}} if matches else {}
