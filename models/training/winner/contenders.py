"""The baselines that a predictor is held against, in the order in which it must beat them.

All of them but the network are told the true share of the budget. What they learn, they learn from the same rows as
the network.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from models.features import NAMES
from models.simulate.told import normal_cdf

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from models.training.winner.data import Data

    Floats = NDArray[np.float64]
    Contender = Callable[[Data], Floats]

BINS = 20
ONE, TWO = (np.array([NAMES.index(n) for n in NAMES if n.startswith(side)]) for side in ("one_", "two_"))
BOOSTINGS: tuple[dict[str, Any], ...] = (
    {"learning_rate": 0.06, "max_leaf_nodes": 15, "max_iter": 250, "l2_regularization": 1.0},
    {"learning_rate": 0.1, "max_leaf_nodes": 31, "max_iter": 150, "l2_regularization": 10.0},
)
"""What the boosting is tuned over: kept are the best of these on a fifth of the matches."""


def lead(data: Data) -> Floats:
    """Player 1's lead as a share of the highest score."""
    sigma = np.exp(data.values[:, NAMES.index("log_sigma")].astype(np.float64))
    return np.asarray(data.values[:, NAMES.index("lead")] * sigma, np.float64)


def exchange(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """The features with the players exchanged."""
    turned = values.copy()
    turned[:, :2] *= -1.0
    turned[:, ONE], turned[:, TWO] = values[:, TWO], values[:, ONE]
    return turned


def leader_frequency(train: Data) -> Contender:
    """Baseline 1: how often the leader at this share of the budget goes on to win, smoothed."""
    ahead, bins = np.sign(lead(train)), _bins(train)
    kept = ahead != 0
    won = np.where(ahead > 0, train.outcome, 1.0 - train.outcome)
    frequency = (np.bincount(bins[kept], won[kept], BINS) + 1.0) / (np.bincount(bins[kept], minlength=BINS) + 2.0)
    return lambda data: 0.5 + np.sign(lead(data)) * (frequency[_bins(data)] - 0.5)


def _bins(data: Data) -> NDArray[np.int64]:
    return np.minimum(BINS - 1, (data.share * BINS).astype(np.int64))


def clinch(data: Data) -> Floats:
    """Baseline 2: certain once the lead exceeds all that is left, else open."""
    beyond = np.abs(lead(data)) > 1.0 - data.share
    return np.where(beyond, np.where(lead(data) > 0, 1.0, 0.0), 0.5)


def brownian(train: Data) -> Contender:
    """Baseline 3: Stern's Brownian motion without drift, its spread the best of forty on the training rows.

    Source: H. S. Stern, A Brownian Motion Model for the Progress of Sports Scores, JASA 1994.
    """
    few = train.take(np.arange(0, len(train), max(1, len(train) // 20_000)))

    def says(data: Data, spread: float) -> Floats:
        return normal_cdf(lead(data) / (spread * np.sqrt(np.maximum(1.0 - data.share, 1e-6))))

    spreads = np.geomspace(0.005, 1.0, 40)
    best = min(spreads, key=lambda spread: _loss(says(few, spread), few.outcome))
    return lambda data: says(data, float(best))


def told(data: Data) -> Floats:
    """Baseline 4: note-budget Stern, told every judgement."""
    return data.told


def logistic(train: Data) -> Contender:
    """Baseline 5: a logistic regression, odd in the lead and in the difference of the rates."""
    weights = _newton(_odd(train), train.outcome.astype(np.float64))
    return lambda data: 1.0 / (1.0 + np.exp(-np.clip(_odd(data) @ weights, -30, 30)))


def _odd(data: Data) -> Floats:
    rest = np.sqrt(np.maximum(1.0 - data.share, 1e-3))
    z = np.clip(lead(data) / rest, -3.0, 3.0)
    rates = (data.values[:, NAMES.index(f"one_{name}")] - data.values[:, NAMES.index(f"two_{name}")] for name in RATES)
    return np.stack([z, z * data.share, *(rate * rest for rate in rates)], axis=1).astype(np.float64)


RATES = ("rate", "rate_4")


def _newton(columns: Floats, outcome: Floats) -> Floats:
    weights = np.zeros(columns.shape[1])
    for _ in range(20):
        fitted = 1.0 / (1.0 + np.exp(-np.clip(columns @ weights, -30, 30)))
        slope = columns.T @ (outcome - fitted) - 1e-3 * weights
        bend = (columns * (fitted * (1.0 - fitted))[:, None]).T @ columns + 1e-3 * np.eye(len(weights))
        weights += np.linalg.solve(bend, slope)
    return weights


def boosting(train: Data, seed: int = 7) -> Contender:
    """Baseline 6: gradient boosting on the network's own features, monotone in the lead, tuned, and made antisymmetric.

    Raises:
        ImportError: scikit-learn is not installed; it comes with the training's requirements.
    """
    held = np.unique(train.match)[::5]
    mine = ~np.isin(train.match, held)
    rest, judge = train.take(mine), train.take(~mine)
    losses = [_loss(_boost(rest, settings, seed)(judge), judge.outcome) for settings in BOOSTINGS]
    return _boost(train, BOOSTINGS[int(np.argmin(losses))], seed)


def _boost(train: Data, settings: dict[str, Any], seed: int) -> Contender:
    from sklearn.ensemble import HistGradientBoostingClassifier  # noqa: PLC0415 - of the training's requirements

    decided = train.outcome != 0.5
    values, won = train.values[decided], train.outcome[decided]
    monotone = np.zeros(len(NAMES), int)
    monotone[NAMES.index("lead")] = 1
    model = HistGradientBoostingClassifier(
        **settings, monotonic_cst=monotone, early_stopping=False, min_samples_leaf=200, random_state=seed
    ).fit(np.concatenate([values, exchange(values)]), np.concatenate([won, 1.0 - won]))

    def says(data: Data) -> Floats:
        here, there = (model.predict_proba(values)[:, 1] for values in (data.values, exchange(data.values)))
        return np.asarray((here + 1.0 - there) / 2.0)

    return says


def _loss(p: Floats, outcome: NDArray[np.float32]) -> float:
    p = np.clip(p, 1e-6, 1.0 - 1e-6)
    return float(-(outcome * np.log(p) + (1.0 - outcome) * np.log(1.0 - p)).mean())


def baselines(train: Data, *, boosted: bool = True) -> Iterator[tuple[str, Contender | None]]:
    """Baselines 1 to 6 by name, learned one after the other; None for one left out, or without its library."""
    yield "1 leader frequency", leader_frequency(train)
    yield "2 clinch", clinch
    yield "3 stern", brownian(train)
    yield "4 note-budget stern, told all", told
    yield "5 logistic", logistic(train)
    try:
        yield "6 gradient boosting", boosting(train) if boosted else None
    except ImportError:
        yield "6 gradient boosting", None
