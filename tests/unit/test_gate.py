from __future__ import annotations

import math
from functools import reduce
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.rollout import TERMS, trial
from control_plane.domain.gate import (
    NORMAL,
    Evidence,
    Terms,
    Verdict,
    detectable,
    judge,
    radius,
    student,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

DIFFERENCES = st.lists(st.floats(-3, 3), max_size=30)
FLEET = st.lists(DIFFERENCES, max_size=12)


def told(differences: Sequence[float], bound: float = TERMS.bound) -> Evidence:
    return reduce(lambda have, one: have.plus(one, bound), differences, Evidence())


def spread(mean: float, count: int, by: float = 0.02) -> Evidence:
    """A device whose matches lie on both sides of a mean."""
    return told([mean + by * (-1) ** n for n in range(count)])


@pytest.mark.parametrize(
    ("freedom", "quantile"), [(3, 2.3534), (5, 2.0150), (7, 1.8946), (11, 1.7959), (30, 1.6973)]
)  # of printed tables, 95 %
def test_student_is_that_of_the_tables(freedom: int, quantile: float) -> None:
    assert student(NORMAL.inv_cdf(0.95), freedom) == pytest.approx(quantile, rel=0.01)


@given(FLEET, st.booleans())
def test_what_passes_has_enough_devices_with_enough_matches(fleet: list[list[float]], over: bool) -> None:
    said = judge(TERMS, [told(each) for each in fleet], over=over)
    if said.verdict in {Verdict.PROMOTE, Verdict.ABORT}:
        assert said.devices >= TERMS.devices
        assert said.matches >= TERMS.devices * TERMS.matches
        assert said.low is not None
        assert said.high is not None
        assert (said.high < TERMS.margin) == (said.verdict is Verdict.PROMOTE)
    else:
        assert said.verdict is (Verdict.INCONCLUSIVE if over else Verdict.HOLD)


@given(FLEET)
def test_the_order_of_devices_and_matches_does_not_matter(fleet: list[list[float]]) -> None:
    shuffled = [list(reversed(each)) for each in reversed(fleet)]
    one, two = (judge(TERMS, [told(each) for each in order]) for order in (fleet, shuffled))
    assert (one.verdict, one.devices, one.matches) == (two.verdict, two.devices, two.matches)
    assert one.mean == pytest.approx(two.mean, abs=1e-9)


@pytest.mark.parametrize("over", [False, True])
def test_no_data_never_passes(over: bool) -> None:
    for fleet in ([], [Evidence()] * 50, [spread(-0.4, 500)], [spread(-0.4, TERMS.matches - 1)] * 50):
        assert judge(TERMS, fleet, over=over).verdict in {Verdict.HOLD, Verdict.INCONCLUSIVE}


def test_two_devices_cannot_decide_however_much_they_play() -> None:
    few = Terms(margin=0.02, devices=2)
    assert judge(few, [spread(0.0, 10_000), spread(0.001, 10_000)]).verdict is Verdict.HOLD
    assert math.isinf(detectable(TERMS, 2, 10_000, (0.06, 0.01)))


def test_a_good_one_passes_a_bad_one_does_not_and_the_horizon_ends_it() -> None:
    assert judge(TERMS, [spread(0.001 * n, 40) for n in range(-6, 6)]).verdict is Verdict.PROMOTE
    assert judge(TERMS, [spread(0.08 + 0.001 * n, 40) for n in range(-6, 6)]).verdict is Verdict.ABORT
    close = [spread(0.02 + 0.001 * n, 40) for n in range(-6, 6)]
    assert judge(TERMS, close).verdict is Verdict.HOLD
    assert judge(TERMS, close, over=True).verdict is Verdict.INCONCLUSIVE


def test_one_device_that_plays_all_day_does_not_speak_for_the_others() -> None:
    others = [spread(0.08 + 0.001 * n, 10) for n in range(7)]
    assert judge(TERMS, [*others, spread(-0.01, 5_000)]).verdict is not Verdict.PROMOTE


def test_what_never_differed_yet_does_not_pass_at_once() -> None:
    least = [told([0.0] * TERMS.matches)] * TERMS.devices
    assert judge(TERMS, least).verdict is Verdict.HOLD


@given(st.floats(1e-8, 1.0), st.integers(3, 50))
def test_the_bound_is_wider_than_that_of_one_look(variance: float, freedom: int) -> None:
    once = student(NORMAL.inv_cdf(0.95), freedom) * math.sqrt(variance)
    assert radius(variance, freedom, 0.02, 0.05) > once


def test_more_devices_and_matches_detect_less() -> None:
    spreads = (0.06, 0.01)
    assert detectable(TERMS, 24, 40, spreads) < detectable(TERMS, 12, 40, spreads) < detectable(TERMS, 12, 10, spreads)


def _noise(chance: np.random.Generator, count: int) -> NDArray[np.float64]:
    return 0.06 * chance.standard_normal(count)


def test_looking_all_the_time_is_allowed() -> None:
    """The short form of `kubeddr bench rollout`."""
    assert trial(_noise, TERMS.margin, 60).promoted <= 0.1
    equal = trial(_noise, 0.0, 60)
    assert equal.aborted <= 0.1
    assert equal.promoted >= 0.6
    assert trial(_noise, 4 * TERMS.margin, 30).aborted >= 0.6
