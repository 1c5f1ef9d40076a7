"""Make a winner's bundle: simulate, search, cross-validate, fit, export, measure on what was left out.

The same size, seed and charts give the same bytes on the same machine.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import tensorflow as tf

from models.bundle import Draft, write
from models.features import NAMES
from models.runtime import Network
from models.training.winner.compare import ALL, compare, martingale, quarters
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
from models.training.winner.export import golden, outlook_bytes, winner_bytes
from models.training.winner.fit import Plan, fit_outlook, fit_winners
from models.training.winner.search import cross_validate, search
from models.winner import OUTLOOK, OWN_COLUMNS, SHARED_COLUMNS, WIN

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from models.bundle import Bundle
    from models.metrics import Figure
    from models.simulate.steps import Steps
    from models.training.winner.compare import Row
    from models.training.winner.contenders import Floats

    Told = Callable[[str, int, int, str], None]

GOLDENS = 16  # rows
ALONE = 3  # matches for one of a player alone
OWN = "7 kubeddr"
REFERENCE = "4 note-budget stern, told all"


@dataclass(frozen=True, slots=True)
class Size:
    """How much to simulate and learn.

    Attributes:
        matches: to learn from.
        looks: rows of each.
        left_out: matches of left-out families and kinds, to judge by.
        search_matches: of those learned from, how many the search sees.
        trials: of the search.
        folds: of the cross-validation.
        boosting: whether the gradient boosting is learned and measured too, which takes as long as all the rest.
    """

    matches: int = 100_000
    looks: int = 4
    left_out: int = 20_000
    search_matches: int = 40_000
    trials: int = 8
    folds: int = 3
    boosting: bool = True
    plan: Plan = field(default_factory=Plan)


SMOKE = Size(
    matches=640,
    looks=4,
    left_out=320,
    search_matches=320,
    trials=2,
    folds=2,
    boosting=False,
    plan=Plan(epochs=2, batch=512, members=2),
)


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """A bundle and all that was found out on the way.

    Attributes:
        bundle: as it was written.
        plan: what the search found.
        losses: log losses of the cross-validation.
        train: the rows learned from.
        judged: rows of families and kinds that were left out.
        said: what each predictor said of them.
        rows: the comparison.
        changes: the martingale check.
        quarters: the calibration error in each quarter of the budget and in all of it.
    """

    bundle: Bundle
    plan: Plan
    losses: Sequence[float]
    train: Data
    judged: Data
    said: dict[str, Floats]
    rows: Sequence[Row]
    changes: dict[str, Figure]
    quarters: dict[str, Figure]


def train(out: Path, size: Size, version: str, told: Told, songs: Sequence[Steps] = ()) -> Trained:
    """Train the predictor and write its bundle.

    Args:
        out: file to write.
        size: how much of everything.
        version: of the bundle.
        told: hears the stage, how much of it is done and in all, and a word about it.
        songs: charts to dance besides generated ones.
    """
    tf.config.experimental.enable_op_determinism()
    seed = size.plan.seed
    data = simulate(
        [seed, 1],
        TRAIN_FAMILIES,
        TRAIN_KINDS,
        size.matches,
        size.looks,
        songs=songs,
        progress=lambda done, total: told("simulating", done, total, ""),
    )
    told("simulating", size.matches, size.matches, f"data {data.version}, {len(data)} rows")
    few = data.take(data.match < size.search_matches)
    plan = search(few, size.plan, size.trials, lambda n, _, loss: told("search", n + 1, size.trials, f"{loss:.4f}"))
    losses = cross_validate(few, plan, size.folds) if size.folds > 1 else []
    told("cross-validation", size.folds, size.folds, " ".join(f"{loss:.4f}" for loss in losses))
    winners = fit_winners(data, plan, lambda *at: told("winner", at[0], at[1], f"{at[2]:.4f}"))
    alone = simulate([seed, 5], TRAIN_FAMILIES, TRAIN_KINDS, size.matches // ALONE, size.looks, songs=songs, alone=True)
    outlook = fit_outlook(data, alone, plan, 32, lambda *at: told("outlook", at[0], at[1], f"{at[2]:.4f}"))
    networks = {
        WIN: winner_bytes(winners, len(NAMES)),
        OUTLOOK: outlook_bytes(outlook, len(SHARED_COLUMNS) + len(OWN_COLUMNS[0])),
    }
    told("judging", 0, 2, "")
    left_out = LEFT_OUT_FAMILIES, LEFT_OUT_KINDS
    judged = simulate([seed, 2], *left_out, size.left_out, MARKS)
    even = simulate([seed, 6], *left_out, size.left_out // 4, EVENLY)
    told("judging", 1, 2, "")
    said: dict[str, Floats] = {}
    for name, contender in baselines(data, boosted=size.boosting):
        told("baselines", len(said) + 1, 6, name)
        if contender:
            said[name] = contender(judged)
    network = Network(networks[WIN])
    said[OWN], evenly = (0.5 + 0.5 * network(rows.values)[:, 0].astype(np.float64) for rows in (judged, even))
    rows, calibration = compare(judged, said, OWN, REFERENCE), quarters(even, evenly)
    told("judging", 2, 2, "")
    bundle = write(out, _draft(version, networks, data, size, _settings(rows, calibration, losses)))
    bundle.self_test()
    return Trained(bundle, plan, losses, data, judged, said, rows, martingale(judged, said[OWN]), calibration)


def _settings(rows: Sequence[Row], calibration: dict[str, Figure], losses: Sequence[float]) -> dict[str, float]:
    mine = {f"log_loss_{row.mark}": round(row.figures["log_loss"], 4) for row in rows if row.name == OWN}
    folds = {"log_loss_cv": round(float(np.mean(losses)), 4)} if losses else {}
    return {**mine, "ece": round(calibration[ALL].value, 4), **folds}


def _draft(version: str, networks: dict[str, bytes], data: Data, size: Size, figures: dict[str, float]) -> Draft:
    given = data.values[:: max(1, len(data) // GOLDENS)][:GOLDENS]
    return Draft(
        kind="winner",
        name="winner",
        version=version,
        networks=networks,
        goldens=[
            golden(WIN, networks[WIN], given),
            golden(OUTLOOK, networks[OUTLOOK], given[:, [*SHARED_COLUMNS, *OWN_COLUMNS[0]]]),
        ],
        settings={"features": list(NAMES), **figures},
        created_from={"data": data.version, "size": json.dumps(asdict(size), sort_keys=True)},
    )
