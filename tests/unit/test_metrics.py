"""Figures against what is known of them."""

from __future__ import annotations

import numpy as np
import pytest

from models import metrics

RNG = np.random.default_rng(1)
P = RNG.uniform(0.02, 0.98, 20_000)
WON = (RNG.random(20_000) < P).astype(float)


def test_log_loss_and_brier_of_a_coin() -> None:
    half = np.full(4, 0.5)
    outcome = np.array([1.0, 0.0, 0.5, 1.0])
    assert metrics.log_loss(half, outcome) == pytest.approx(np.log(2))
    assert metrics.brier(np.array([0.8]), np.array([1.0])) == pytest.approx(0.04)
    assert metrics.skill(np.array([1.0, 0.0]), half[:2], outcome[:2]) == 1.0


def test_honest_probabilities_are_calibrated_and_sharpened_ones_are_not() -> None:
    odds = P / (1 - P)
    sharp = odds**2 / (1 + odds**2)
    assert metrics.ece(P, WON) < 0.02
    assert metrics.ece(sharp, WON) > 0.05
    assert metrics.slope(P, WON) == pytest.approx(1.0, abs=0.05)
    assert metrics.slope(sharp, WON) == pytest.approx(0.5, abs=0.03)
    assert metrics.auc(P, WON) == pytest.approx(metrics.auc(sharp, WON))


@pytest.mark.parametrize(
    ("p", "won", "area"),
    [
        ([0.1, 0.9], [0, 1], 1.0),
        ([0.9, 0.1], [0, 1], 0.0),
        ([0.5, 0.5], [0, 1], 0.5),
        ([0.2, 0.6, 0.4], [0, 0.5, 1], 1.0),
    ],
)
def test_area_under_the_curve(p: list[float], won: list[float], area: float) -> None:
    assert metrics.auc(np.array(p), np.array(won)) == area


def test_calls_of_the_winner() -> None:
    called = metrics.verdicts(np.array([0.9, 0.6, 0.2, 0.4, 0.5]), np.array([1.0, 0.0, 0.0, 1.0, 0.5]))
    assert called == {"accuracy": 0.5, "precision": 0.5, "recall": 0.5, "f1": 0.5}


def test_intervals_come_from_matches_and_not_from_rows() -> None:
    match = np.arange(100) % 10
    values = np.repeat(RNG.standard_normal(10), 10)[np.argsort(np.argsort(match, kind="stable"), kind="stable")]
    copied = metrics.mean_figure(np.tile(match, 5), np.tile(values, 5))
    once = metrics.mean_figure(match, values)
    assert copied.high - copied.low == pytest.approx(once.high - once.low)
    slow = metrics.bootstrap(match, lambda rows: {"mean": float(values[rows].mean())})["mean"]
    assert slow.value == pytest.approx(once.value)
    assert slow.high - slow.low == pytest.approx(once.high - once.low, rel=0.4)
