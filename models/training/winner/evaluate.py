"""Measure a predictor beside every baseline: on simulated matches of what was left out, and on recorded games."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from models.features import course_of, features, stack
from models.recorded import replay
from models.stern import NoteBudgetStern
from models.training.winner.compare import compare, martingale, quarters
from models.training.winner.contenders import baselines
from models.training.winner.data import (
    EVENLY,
    LEFT_OUT_FAMILIES,
    LEFT_OUT_KINDS,
    MARKS,
    TRAIN_FAMILIES,
    TRAIN_KINDS,
    Data,
    simulate,
)
from models.winner import counts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from models.metrics import Figure
    from models.recorded import Recorded
    from models.training.winner.compare import Row
    from models.training.winner.contenders import Contender, Floats
    from models.winner import TrainedWinner

    Told = Callable[[str, int, int], None]

OWN = "7 kubeddr"
REFERENCE = "4 note-budget stern, told all"
FROM_SCORES = "4 note-budget stern, scores alone"
LOOKS = 8  # rows of each match that baselines learn from


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """A comparison.

    Attributes:
        data: the rows measured on.
        said: what each predictor said of them.
        rows: the table.
        changes: the martingale check.
        quarters: the calibration error in each quarter of the budget and in all of it.
    """

    data: Data
    said: Mapping[str, Floats]
    rows: Sequence[Row]
    changes: Mapping[str, Figure]
    quarters: Mapping[str, Figure] = field(default_factory=dict)


def learned(matches: int, seed: int, told: Told) -> dict[str, Contender | None]:
    """Baselines that have learned from simulated matches of the training's families and dancers; None cannot here."""
    families, kinds = TRAIN_FAMILIES, TRAIN_KINDS
    data = simulate([seed, 3], families, kinds, matches, LOOKS, progress=lambda *at: told("matches to learn from", *at))
    found = {}
    for number, (name, contender) in enumerate(baselines(data), start=1):
        told("baselines", number, 6)
        found[name] = contender
    return found


def on_simulated(
    predictor: TrainedWinner, others: Mapping[str, Contender | None], matches: int, seed: int, told: Told
) -> Measured:
    """All of them on matches of families and dancers that were left out of training."""
    families, kinds = LEFT_OUT_FAMILIES, LEFT_OUT_KINDS
    data = simulate([seed, 4], families, kinds, matches, MARKS, progress=lambda *at: told("matches to judge", *at))
    said = {name: contender(data) for name, contender in others.items() if contender}
    said[OWN] = _says(predictor, data)
    even = simulate([seed, 5], families, kinds, matches, EVENLY, progress=lambda *at: told("calibration", *at))
    calibration = quarters(even, _says(predictor, even))
    return Measured(data, said, compare(data, said, OWN, REFERENCE), martingale(data, said[OWN]), calibration)


def on_recordings(
    predictor: TrainedWinner, others: Mapping[str, Contender | None], files: Sequence[Path], told: Told
) -> Measured | None:
    """All of them on recorded games, a game filmed twice counted once; None when there is no match to call."""
    games: dict[tuple[int, int], Recorded] = {}
    for number, file in enumerate(files, start=1):
        told("recordings", number, len(files))
        game = replay(file, MARKS)
        if game and game.moments and game.outcome != 0.5:
            games.setdefault(game.finals, game)
    if not games:
        return None
    data = _rows(list(games.values()))
    states = [moment.state for game in games.values() for moment in game.moments]
    said = {name: contender(data) for name, contender in others.items() if contender}
    said[FROM_SCORES] = np.array([NoteBudgetStern().predict(state).p1_win for state in states])
    said[OWN] = np.array([predictor.predict(state).p1_win for state in states])
    return Measured(data, said, compare(data, said, OWN, REFERENCE), martingale(data, said[OWN]))


def _says(predictor: TrainedWinner, data: Data) -> Floats:
    return 0.5 + 0.5 * predictor.winner(data.values)[:, 0].astype(np.float64)


def _rows(games: Sequence[Recorded]) -> Data:
    """Recorded moments as rows; what only training asks of rows is left at zero."""
    moments = [(number, game, moment) for number, game in enumerate(games) for moment in game.moments]
    zeros = np.zeros(len(moments))
    seen = features(stack([course_of(moment.state, counts(moment.state)) for _, _, moment in moments]))
    return Data(
        values=seen.values,
        gain=zeros.astype(np.float32),
        outcome=np.array([game.outcome for _, game, _ in moments], np.float32),
        rest=np.zeros((len(moments), 2), np.float32),
        failed=np.zeros((len(moments), 2), np.float32),
        match=np.array([number for number, _, _ in moments]),
        share=np.array([moment.mark for _, _, moment in moments]),
        told=np.array([moment.told for _, _, moment in moments]),
        uneven=zeros,
        family=np.full(len(moments), "recorded"),
        kind=np.full(len(moments), "recorded"),
    )
