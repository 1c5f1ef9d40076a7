from __future__ import annotations

import itertools

import numpy as np
import pytest

from game.judgement import Judgement
from game.rules.million import A
from game.rules.stepmania import StepManiaDefault
from models.simulate.charts import LANES, LEAD_IN, compose
from models.simulate.match import CHAIN, LATE, WINDOWS, Match, judge, play
from models.simulate.players import Player, dance
from models.simulate.session import LEAVE_AFTER, OUTRO, SLIDE, Screen, Session, lengths

SEEDS = range(6)
STEPMANIA = StepManiaDefault()
WEIGHT = {Judgement.W1: 10, Judgement.W2: 9, Judgement.W3: 5, Judgement.HELD: 10}


def match(seed: int, seconds: float = 30.0) -> Match:
    return play((seed,), 0, STEPMANIA, 0.2, seconds)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_chart_can_be_danced(seed: int) -> None:
    chart = compose(np.random.default_rng(seed), 40.0, 4 + seed)
    times = [note.t for note in chart.notes]
    assert times == sorted(times)
    assert chart.first == times[0] == pytest.approx(LEAD_IN)
    assert 35 < chart.last - chart.first < 45
    assert chart.objects == len(times) + sum(note.hold > 0 for note in chart.notes)
    free = [0.0] * LANES
    for note in chart.notes:
        assert 1 <= len(note.lanes) == len(set(note.lanes)) <= 2
        for lane in note.lanes:
            assert free[lane] <= note.t, "an arrow inside a hold of its own lane"
            free[lane] = note.t + note.hold


def test_higher_meters_are_denser() -> None:
    def notes(meter: int) -> float:
        return float(np.mean([len(compose(np.random.default_rng(s), 40.0, meter).notes) for s in range(8)]))

    assert notes(3) < notes(6) < notes(9)


def test_a_wider_spread_gives_fewer_of_the_best_judgements() -> None:
    chart = compose(np.random.default_rng(1), 120.0, 5)

    def best(spread: float) -> float:
        errors = dance(np.random.default_rng(2), Player("A", spread=spread, slip=0.0, miss=0.0), chart).errors
        return float(np.mean([judge(error) is Judgement.W1 for error in errors]))

    assert best(0.010) > best(0.020) > best(0.040) > 0.1


def test_errors_hang_together() -> None:
    chart = compose(np.random.default_rng(1), 300.0, 5)

    def correlation(memory: float) -> float:
        player = Player("A", memory=memory, slip=0.0, miss=0.0, fatigue=0.0, strain=0.0)
        errors = np.array(dance(np.random.default_rng(2), player, chart).errors, dtype=float)
        return float(np.corrcoef(errors[:-1], errors[1:])[0, 1])

    assert correlation(0.6) == pytest.approx(0.6, abs=0.1)
    assert correlation(0.0) == pytest.approx(0.0, abs=0.1)


@pytest.mark.parametrize(
    ("error", "expected"),
    [(0.0, Judgement.W1), (-0.03, Judgement.W2), (0.08, Judgement.W3), (-0.17, Judgement.W5), (0.2, Judgement.MISS)],
)
def test_timing_windows(error: float, expected: Judgement) -> None:
    assert judge(error) is expected


def test_no_step_is_a_miss() -> None:
    assert judge(None) is Judgement.MISS
    assert WINDOWS[-1][0] <= LATE


@pytest.mark.parametrize("seed", SEEDS)
def test_every_score_is_what_the_published_formula_gives(seed: int) -> None:
    played = match(seed)
    n = played.chart.objects
    units = n * (n + 1) // 2
    for side in played.sides:
        score, failed = 0, False
        assert len(side.course) == n + 1
        for number, now in enumerate(side.course[1:], start=1):
            assert now.judgement is not None
            weight = WEIGHT.get(now.judgement, 0)
            if failed:
                score = score + weight if weight == 0 else (score + weight + 2) // 5 * 5
            else:
                score += weight * number * 10_000_000 // units
                if number == n and now.judgement in {Judgement.W1, Judgement.W2, Judgement.HELD}:
                    score += 100_000_000 - sum(10 * k * 10_000_000 // units for k in range(1, n + 1))
            failed = now.failed
            assert now.score == score


@pytest.mark.parametrize("seed", SEEDS)
def test_counts_combo_and_life_follow_the_judgements(seed: int) -> None:
    for side in match(seed).sides:
        combo = best = 0
        for before, now in itertools.pairwise(side.course):
            assert before.t <= now.t
            assert sum(now.steps) + sum(now.holds) == sum(before.steps) + sum(before.holds) + 1
            if now.judgement not in {Judgement.HELD, Judgement.LET_GO}:
                combo = combo + 1 if now.judgement in CHAIN else 0
                best = max(best, combo)
            assert (now.combo, now.max_combo) == (combo, best)
            assert 0.0 <= now.life <= 1.0
            assert now.failed or not before.failed
            assert now.life == 0.0 or not now.failed


@pytest.mark.parametrize("seed", SEEDS)
def test_a_rolling_number_never_falls_and_comes_to_rest_on_the_score(seed: int) -> None:
    played = match(seed)
    for side in played.sides:
        shown = [side.at(t).rolled(t, played.roll) for t in np.arange(0.0, played.last + 1.0, 0.01)]
        assert all(a <= b for a, b in itertools.pairwise(shown))
        assert shown[-1] == side.final.score
        rolling = sum(a != b for a, b in itertools.pairwise(shown)) / len(shown)
        assert rolling > 0.2, "it hardly rolls"


def test_rolling_is_linear_over_its_time() -> None:
    side = match(1).sides[0]
    now = next(
        s for s, after in itertools.pairwise(side.course[1:]) if after.t - s.t > 0.2 and s.score > s.rolling_from
    )
    half = (now.rolling_from + now.score) / 2
    assert now.rolled(now.t, 0.2) == pytest.approx(now.rolling_from)
    assert now.rolled(now.t + 0.1, 0.2) == pytest.approx(half)
    assert now.rolled(now.t + 0.2, 0.2) == now.score


def test_the_same_seed_plays_the_same_match_and_another_another() -> None:
    assert match(4) == match(4)
    assert match(4).sides[0].course != match(5).sides[0].course


def test_leads_change_in_most_matches() -> None:
    changes = 0
    for seed in range(10):
        played = match(seed)
        times = np.arange(0.0, played.last, 0.25)
        leads = [played.sides[0].at(t).score - played.sides[1].at(t).score for t in times]
        signs = [lead > 0 for lead in leads if lead]
        changes += any(a != b for a, b in itertools.pairwise(signs[len(signs) // 4 :]))
    assert changes >= 5


def test_somebody_fails_now_and_then_and_then_hardly_scores() -> None:
    fallen = [side for seed in range(40) for side in match(seed).sides if side.final.failed]
    assert fallen
    for side in fallen:
        at = next(now for now in side.course if now.failed)
        assert side.final.score - at.score <= 15 * len(side.course)


def test_a_million_rule_ends_at_or_below_a_million() -> None:
    played = play((3,), 0, A, 0.1, 20.0)
    for side in played.sides:
        assert side.final.score % 10 == 0
        assert 300_000 < side.final.score <= 1_000_000


def test_an_evening_goes_from_screen_to_screen_without_gaps() -> None:
    session = Session(2, STEPMANIA, song=8.0)
    t = 0.0
    for number in range(3):
        assert session.begins(number) == pytest.approx(t)
        for screen, length in lengths(session.match(number)):
            scene = session.at(t + 1e-6)
            assert (scene.screen, scene.match.number) == (screen, number)
            assert session.at(t + length - 1e-3).screen is screen
            t += length


def test_looking_back_gives_the_same_match_although_few_are_kept() -> None:
    session = Session(2, STEPMANIA, song=3.0)
    first = session.at(1.0)
    session.at(session.begins(9) + 1.0)
    assert session.at(1.0) == first
    assert len(session._recent) <= 4


def test_displays_come_in_after_play_begins_and_leave_a_second_after_the_end() -> None:
    session = Session(2, STEPMANIA, song=8.0)
    played = session.match(0)
    start = sum(length for _, length in lengths(played)[:2])
    assert session.at(start + 0.2).displays == 0.0
    assert session.at(start + LEAD_IN - 2.0).displays == 1.0
    assert session.at(start + played.last + LEAVE_AFTER - 0.01).displays == 1.0
    assert session.at(start + played.last + LEAVE_AFTER + SLIDE + 0.01).displays == 0.0
    assert LEAVE_AFTER + SLIDE < OUTRO
    assert session.at(start + played.last + OUTRO + 0.5).screen is Screen.RESULTS
