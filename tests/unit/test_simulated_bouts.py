"""Many matches at once, against the same thing done one judgement at a time."""

from __future__ import annotations

import math

import numpy as np
import pytest

from game.rules import RULES, Growth, Rule
from game.rules.rule import decided
from models.simulate.bouts import FAMILIES, Bouts, bouts, tournament
from models.simulate.charts import compose
from models.simulate.crowd import dance
from models.simulate.glimpses import gather, glimpse
from models.simulate.population import KINDS, pairs
from models.simulate.scoring import CODES, HELD, LET_GO, MISS, scores
from models.simulate.steps import steps_of
from models.simulate.told import Told


def song(seed: int = 1, seconds: float = 40.0) -> Bouts:
    rng = np.random.default_rng(seed)
    steps = steps_of(compose(rng, seconds, 6))
    return bouts(rng, "stepmania", "dancer", (steps, steps), 20)


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_scores_are_those_of_the_rule_object_by_object(rule: Rule) -> None:
    rng = np.random.default_rng(3)
    codes = rng.choice(len(CODES), (6, 37), p=(0.4, 0.2, 0.1, 0.05, 0.05, 0.1, 0.05, 0.05)).astype(np.uint8)
    failed_at = np.array([37, 5, 20, 37, 1, 36])
    shown, points = scores(rule, codes, failed_at)
    for player in range(len(codes)):
        tally = rule.start(37)
        for n in range(37):
            tally = rule.award(tally.fail() if n >= failed_at[player] else tally, CODES[codes[player, n]])
            assert points[player, n + 1] == tally.points
            assert shown[player, n + 1] == rule.shown(tally)


def test_a_chart_as_arrays_has_the_same_objects_in_order_of_time() -> None:
    chart = compose(np.random.default_rng(2), 50.0, 8)
    steps = steps_of(chart)
    assert steps.objects == chart.objects
    assert (np.diff(steps.t) >= 0).all()
    assert steps.hold.sum() == sum(bool(note.hold) for note in chart.notes)
    assert not steps.hold[steps.head].any()
    assert (steps.head[steps.hold] < np.flatnonzero(steps.hold)).all()
    assert (steps.head[~steps.hold] == np.flatnonzero(~steps.hold)).all()


@pytest.mark.parametrize("kind", KINDS)
def test_holds_are_judged_as_holds_and_lost_with_their_heads(kind: str) -> None:
    rng = np.random.default_rng(4)
    steps = steps_of(compose(rng, 60.0, 7))
    codes = dance(rng, pairs(rng, kind, 50)[0], steps)
    assert set(np.unique(codes[:, steps.hold])) <= {HELD, LET_GO}
    assert codes[:, ~steps.hold].max() <= MISS
    missed = codes[:, steps.head[steps.hold]] == MISS
    assert (codes[:, steps.hold][missed] == LET_GO).all()


def test_better_dancers_win() -> None:
    rng = np.random.default_rng(5)
    steps = steps_of(compose(rng, 60.0, 6))
    one, two = pairs(rng, "dancer", 400)
    codes = [dance(rng, crowd, steps) for crowd in (one, two)]
    finals = [scores(RULES["stepmania"], each)[0][:, -1] for each in codes]
    apart = np.abs(np.log(one.spread / two.spread)) > 0.3
    assert apart.sum() > 20
    right = (finals[0] > finals[1]) == (one.spread < two.spread)
    assert right[apart].mean() > 0.8


def test_one_player_is_like_himself_from_one_half_of_the_song_to_the_next() -> None:
    rng = np.random.default_rng(6)
    steps = steps_of(compose(rng, 90.0, 7))
    best = dance(rng, pairs(rng, "steady", 600)[0], steps) == 0
    half = steps.objects // 2
    assert np.corrcoef(best[:, :half].mean(axis=1), best[:, half:].mean(axis=1))[0, 1] > 0.5


def test_the_same_seed_gives_the_same_matches_and_another_one_others() -> None:
    one, again, other = (next(tournament([seed], ["ddr-a"], ["moody"], 10)) for seed in (1, 1, 2))
    assert (one.finals == again.finals).all()
    assert one.finals.shape != other.finals.shape or (one.finals != other.finals).any()


def test_failed_players_of_the_million_games_stand_still() -> None:
    found = 0
    for match in tournament([8], ["ddr-a"], ["erratic"], 320):
        for side in match.sides:
            for row in np.flatnonzero(side.failed_at < side.steps.objects):
                found += 1
                assert side.shown[row, -1] == side.shown[row, side.failed_at[row]]
    assert found


def test_every_family_is_played_within_its_bounds() -> None:
    for name in FAMILIES:
        match = next(tournament([9], [name], ["computer"], 30))
        top = match.rule.maximum(match.sides[0].steps.objects)
        assert 0 <= match.finals.min() <= match.finals.max() <= top
        assert 0.05 < match.outcomes.mean() < 0.95


def test_the_one_who_is_told_everything_knows_the_start_and_the_end() -> None:
    match = song()
    told, n = Told(match), match.sides[0].steps.objects
    whole = told.p1_win(np.full((2, 20), n))
    assert whole == pytest.approx(match.outcomes)
    assert told.p1_win(np.zeros((2, 20), int)) == pytest.approx(0.5)
    late = told.p1_win(np.full((2, 20), int(0.95 * n)))
    assert (np.abs(late - match.outcomes) < 0.5).mean() > 0.7


def test_glimpses_see_what_the_displays_showed() -> None:
    match, rng = song(2), np.random.default_rng(1)
    seen = glimpse(rng, match, (0.25, 0.9), counted=1.0)
    assert len(seen) == 40
    assert seen.share == pytest.approx(np.repeat((0.25, 0.9), 20), abs=0.03)
    assert (seen.course.now <= seen.finals + 1e-12).all()
    late = seen.take(seen.share > 0.5)
    assert np.corrcoef(late.course.now[:, 0], late.finals[:, 0])[0, 1] > 0.9
    for row, side in ((0, 0), (25, 1)):
        n = np.searchsorted(match.sides[side].steps.t, seen.course.at[row], side="right")
        objects = match.sides[side].steps.objects
        assert seen.course.share[row, side] == pytest.approx(decided(Growth.TRIANGULAR, int(n), objects), rel=0.5)
        assert seen.course.objects[row, side] == objects
        top = seen.course.top[row]
        assert round(seen.course.now[row, side] * top) == match.sides[side].shown[row % 20, n]
    both = gather([seen, seen])
    assert both.match.max() == 39
    assert math.isnan(glimpse(rng, match, (0.5,), counted=0.0).course.share[0, 0])
