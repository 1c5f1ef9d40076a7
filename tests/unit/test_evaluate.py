"""Predictors side by side: the baselines, the comparison, and the command."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from typer.testing import CliRunner

from kubeddr.cli import app
from models import metrics
from models.training.winner.compare import ALL, compare, martingale, nearest
from models.training.winner.contenders import baselines, exchange, lead
from models.training.winner.data import LEFT_OUT_FAMILIES, LEFT_OUT_KINDS, MARKS, TRAIN_FAMILIES, TRAIN_KINDS, simulate

if TYPE_CHECKING:
    from pathlib import Path

    from models.training.winner.data import Data


@pytest.fixture(scope="module")
def train() -> Data:
    return simulate([1], TRAIN_FAMILIES, TRAIN_KINDS, 640, 4)


@pytest.fixture(scope="module")
def data() -> Data:
    return simulate([2], LEFT_OUT_FAMILIES, LEFT_OUT_KINDS, 640, MARKS)


def test_nothing_left_out_is_trained_on(train: Data, data: Data) -> None:
    assert not set(train.family) & set(data.family)
    assert not set(train.kind) & set(data.kind)


def test_data_is_named_by_its_content(train: Data) -> None:
    again = simulate([1], TRAIN_FAMILIES, TRAIN_KINDS, 640, 4)
    assert again.version == train.version
    assert train.take(np.arange(len(train) - 1)).version != train.version


def test_baselines_are_antisymmetric_and_get_better_as_the_match_goes_on(train: Data, data: Data) -> None:
    at, outcome = nearest(data.share), data.outcome.astype(float)
    early, late = at == MARKS[0], at == MARKS[-1]
    for name, contender in baselines(train, boosted=False):
        if contender is None:
            assert name.startswith("6")
            continue
        p = contender(data)
        assert ((p >= 0) & (p <= 1)).all()
        assert metrics.log_loss(p[late], outcome[late]) < metrics.log_loss(p[early], outcome[early])
        if not name.startswith("4"):  # that one is told judgements, and not scores
            turned = data.take(np.arange(len(data)))
            turned.values[:] = exchange(data.values)
            assert contender(turned) == pytest.approx(1.0 - p, abs=1e-6)
            assert lead(turned) == pytest.approx(-lead(data))


def test_the_comparison_finds_the_best(data: Data) -> None:
    outcome = data.outcome.astype(float)
    said = {"oracle": 0.1 + 0.8 * outcome, "coin": np.full(len(data), 0.5), "ours": 0.2 + 0.6 * outcome}
    rows = compare(data, said, "ours", "coin")
    assert [row.mark for row in rows if row.name == "ours"] == [*MARKS, ALL]
    for row in rows:
        assert all(
            figure.low - 1e-9 <= row.figures[name] <= figure.high + 1e-9
            for name, figure in row.spread.items()
            if name in {"log_loss", "brier", "auc"}
        )
        if row.name == "ours":
            assert row.beats is not None
            assert row.beats.low > 0
            assert row.figures["skill"] > 0.5
        else:
            assert row.beats is None


def test_a_martingale_passes_its_check_and_wishful_thinking_does_not(data: Data) -> None:
    honest = martingale(data, data.told)
    certain = martingale(data, np.where(nearest(data.share) > 0.5, data.outcome, 0.5 + 0.01 * np.sign(lead(data))))
    assert set(honest) == {"10% to 25%", "25% to 50%", "50% to 75%", "75% to 90%"}
    assert certain["50% to 75%"].low > 0


@pytest.fixture
def _here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep the command in this process, wherever the training's requirements are."""
    monkeypatch.setattr("kubeddr.evaluate.APART", tmp_path / "none")


@pytest.mark.usefixtures("_here")
def test_the_command_says_all_figures_for_programs() -> None:
    done = CliRunner().invoke(app, ["evaluate", "--matches", "64", "--learn", "128", "--json"])
    assert done.exit_code == 0, done.output
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    figures = {(line.get("predictor"), line.get("at"), line["figure"]) for line in lines}
    for mark in (*MARKS, ALL):
        assert ("7 kubeddr", mark, "log_loss") in figures
        assert ("1 leader frequency", mark, "ece") in figures
    assert ("7 kubeddr", "10% to 25%", "mean_change") in figures
    assert {("7 kubeddr", quarter, "ece_evenly") for quarter in ("0% to 25%", "75% to 100%", ALL)} <= figures
    assert (None, None, "matches") in figures


@pytest.mark.usefixtures("_here")
def test_what_is_no_bundle_and_where_no_recordings_are_is_said_clearly(tmp_path: Path) -> None:
    nothing = CliRunner().invoke(app, ["evaluate", "--recordings", str(tmp_path)])
    assert nothing.exit_code == 1
    assert "no recordings" in nothing.output
