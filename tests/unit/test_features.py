"""What a network sees of a match."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from game.ledger import Count
from game.match import IDLE, MatchState, Point
from game.track import Track
from models.features import NAMES, OWN, SIGNED, course_of, features, stack

TOP = 100_000_000


def state(
    one: float = 0.9, two: float = 0.8, *, share: float = 0.5, power: float = 2.0, points: int = 40
) -> MatchState:
    """A match of which `share` is over, both players earning steadily, on a trace of one second."""
    points = 40
    course = [share * ((n + 1) / points) ** power for n in range(points)]
    trace = tuple(Point(float(n), round(TOP * one * u), round(TOP * two * u)) for n, u in enumerate(course))
    last, t = trace[-1], float(points - 1)
    return replace(
        IDLE, t=t, started_at=0.0, p1=Track(last.p1, t), p2=Track(last.p2, t), digits=9, fine=True, trace=trace
    )


def value(name: str, match: MatchState, counts: tuple[Count | None, Count | None] = (None, None)) -> float:
    return float(features(course_of(match, counts)).values[0, NAMES.index(name)])


def test_exchanging_the_players_exchanges_their_columns_and_turns_the_signs() -> None:
    here = features(course_of(state()))
    there = features(course_of(state().swapped()))
    signed, own = len(SIGNED), len(OWN)
    assert (there.values[:, :signed] == -here.values[:, :signed]).all()
    assert (there.values[:, -own:] == here.values[:, -2 * own : -own]).all()
    assert (there.values[:, signed : -2 * own] == here.values[:, signed : -2 * own]).all()
    assert (course_of(state()).swapped().one == course_of(state().swapped()).one).all()


def test_the_scores_of_this_moment_move_the_lead_alone() -> None:
    match = state()
    more = replace(match, p1=replace(match.p1, value=(match.p1.value or 0) + 500_000))
    here, there = features(course_of(match)).values[0], features(course_of(more)).values[0]
    changed = [NAMES[i] for i in np.flatnonzero(here != there)]
    assert changed == ["lead"]
    assert there[0] > here[0]


def test_one_at_a_time_is_the_same_as_many_at_once() -> None:
    courses = [course_of(state(share=share)) for share in (0.1, 0.4, 0.9)]
    together = features(stack(courses)).values
    assert together == pytest.approx(
        np.concatenate([features(course).values for course in courses]), rel=1e-5, abs=1e-5
    )


@pytest.mark.parametrize("power", [1.0, 2.0])
def test_rates_are_shares_of_the_budget_whatever_the_pace(power: float) -> None:
    counts = (Count(400, 282.5, 1.0), Count(400, 282.5, 1.0))  # 282.5 of 400 objects decide half of the budget
    match = state(power=power)
    for name in ("one_rate", "one_rate_1", "one_rate_4"):
        assert value(name, match, counts) == pytest.approx(0.9, abs=0.02)
    assert value("two_rate", match, counts) == pytest.approx(0.8, abs=0.02)
    assert value("left", match, counts) == pytest.approx(0.5, abs=0.01)


def test_without_a_count_what_is_left_comes_from_a_prior() -> None:
    assert value("known", state()) == 0.0
    assert 0.3 < value("left", state()) < 0.6
    assert value("left", state(share=0.97)) < 0.1


def test_who_has_failed_is_not_counted_on() -> None:
    alive, failed = Count(400, 300.0, 1.0), Count(400, 12.0, 1.0)
    assert value("left", state(), (alive, failed)) == pytest.approx(value("left", state(), (alive, alive)), abs=1e-6)


def test_different_charts_foretell_what_is_still_to_come() -> None:
    ahead, behind = Count(400, 300.0, 1.0), Count(500, 330.0, 1.0)
    even = value("foretold", state(one=0.8), (ahead, replace(ahead, objects=400)))
    assert even == pytest.approx(0.0, abs=1e-3)
    assert value("foretold", state(one=0.8), (ahead, behind)) < -0.5


def test_a_match_that_just_began_has_features_all_the_same() -> None:
    empty = replace(IDLE, t=1.0, started_at=0.0, p1=Track(0, 1.0), p2=Track(0, 1.0))
    assert np.isfinite(features(course_of(empty)).values).all()
    assert value("lead", empty) == 0.0
