"""The predictor that comes with the project."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from game.match import IDLE, MatchState
from game.rules import RULES
from game.track import Track
from models.bundle import BundleError, Draft, Golden, builtin, decode, encode, open_bundle
from models.checks import conform, follow
from models.features import NAMES
from models.matches import simulate
from models.predictor import default
from models.stern import NoteBudgetStern
from models.winner import TrainedWinner, trained

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def predictor() -> TrainedWinner:
    return trained()


def states(rule: str = "stepmania", seed: int = 3) -> list[MatchState]:
    return list(follow(simulate(RULES[rule], random.Random(seed))))  # noqa: S311


def test_it_conforms(predictor: TrainedWinner) -> None:
    conform(predictor, matches=2)


def test_the_bundle_gives_its_golden_answers() -> None:
    builtin("winner").self_test()


def test_the_network_is_odd_and_rises_with_the_lead_whatever_it_is_shown(predictor: TrainedWinner) -> None:
    from models.training.winner.contenders import exchange  # noqa: PLC0415

    values = np.random.default_rng(2).normal(0.0, 3.0, (2_000, len(NAMES))).astype(np.float32)
    said = predictor.winner(values)[:, 0]
    assert np.abs(said + predictor.winner(exchange(values))[:, 0]).max() <= 1e-6
    more = values.copy()
    more[:, 0] += 0.5
    assert (predictor.winner(more)[:, 0] - said).min() >= -1e-6


@pytest.mark.parametrize("doubt", ["old", "unsure", "gainsaid"])
def test_doubtful_readings_widen_the_range_and_leave_the_probability(predictor: TrainedWinner, doubt: str) -> None:
    match = states()[200]
    match_ = {
        "old": replace(match, t=(match.t or 0.0) + 4.0),
        "unsure": replace(match, p1=replace(match.p1, confidence=0.6)),
        "gainsaid": replace(match, p2=replace(match.p2, doubt=5)),
    }[doubt]
    here, there = predictor.predict(match), predictor.predict(match_)
    assert there.p1_win == here.p1_win
    assert there.low < here.low
    assert there.high > here.high


def test_one_player_alone_has_an_outlook_and_no_rival(predictor: TrainedWinner) -> None:
    match = states()[300]
    alone = predictor.predict(replace(match, p2=Track()))
    assert (alone.p1_win, alone.low, alone.high) == (0.5, 0.0, 1.0)
    assert alone.p2 is None
    assert alone.p2_final is None
    assert alone.p1 is not None
    assert (match.p1.value or 0) <= alone.p1.final.low <= alone.p1.middle <= alone.p1.final.high <= 100_000_000
    assert 0 <= alone.p1.fail <= 1
    assert predictor.predict(replace(match, p2=Track()).swapped()) == alone.swapped()
    assert 0 < alone.progress < 1


def test_nobody_has_no_outlook(predictor: TrainedWinner) -> None:
    said = predictor.predict(IDLE)
    assert (said.p1_win, said.p1, said.p2) == (0.5, None, None)


@pytest.mark.parametrize("players", [1, 2])
@pytest.mark.parametrize("rule", ["stepmania", "ddr-a", "itg"])
def test_final_scores_lie_in_their_ranges_about_nine_times_in_ten(
    predictor: TrainedWinner, rule: str, players: int
) -> None:
    inside = total = 0
    for seed in range(24):
        match = simulate(RULES[rule], random.Random(seed))  # noqa: S311
        course = list(follow(match, players))
        for at in (0, len(course) // 4, len(course) * 2 // 3):
            look = predictor.predict(course[at]).p1
            assert look is not None
            total += 1
            inside += look.final.low <= match.moments[-1].scores[0] <= look.final.high
    assert inside / total >= 0.75


def test_where_there_is_no_bundle_stern_predicts(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> TrainedWinner:
        raise BundleError("there is none")

    default.cache_clear()
    assert default().name == trained().name
    monkeypatch.setattr("models.winner.trained", none)
    default.cache_clear()
    assert default().name == NoteBudgetStern().name
    default.cache_clear()


def test_other_bundles_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="not a winner"):
        TrainedWinner.of(builtin("reader"))
    bundle = builtin("winner")
    members = {role: bundle.members[f"{role}.tflite"] for role in bundle.roles}
    other = encode(Draft("winner", "w", "1", members, bundle.goldens, settings={"features": ["lead"]}))
    with pytest.raises(BundleError, match="other features"):
        TrainedWinner.of(decode(other))
    assert isinstance(bundle.goldens[0], Golden)
    with pytest.raises(BundleError, match="cannot read"):
        open_bundle(tmp_path / "none.kubeddr")
