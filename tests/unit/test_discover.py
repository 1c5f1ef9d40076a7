from __future__ import annotations

import numpy as np
import pytest

from game.reading import ScoreUnit
from vision.discover import Discoverer
from vision.geometry import TextLine
from vision.layout import Layout, Number

STEP = 0.2


def number(value: int, *, x: float = 100, y: float = 40, height: float = 20, digits: int = 9) -> Number:
    line = TextLine(x, x + 13 * digits, y, height)
    cells = tuple(x + 6 + 13 * i for i in range(digits))
    return Number(line, f"{value:0{digits}d}", value, ScoreUnit.POINTS, cells, 0.99)


def watch(pictures: list[list[Number]]) -> Layout | None:
    discoverer = Discoverer()
    found = None
    for index, numbers in enumerate(pictures):
        found = discoverer.observe(index * STEP, numbers)
        if found:
            return found
    return found


def test_two_resting_zeros_are_a_match_about_to_start() -> None:
    layout = watch([[number(0), number(0, x=700)]] * 8)
    assert layout is not None
    assert layout.p1 is not None
    assert layout.p2 is not None
    assert layout.p1.line.left < layout.p2.line.left
    assert len(layout.p1.cells) == 9


def test_a_match_that_runs_is_found_by_its_growth() -> None:
    layout = watch([[number(1000 + 700 * i), number(2000 + 650 * i, x=700)] for i in range(40)])
    assert layout is not None


def test_players_may_stand_above_each_other() -> None:
    layout = watch([[number(0, y=400), number(0, y=40)]] * 8)
    assert layout is not None
    assert layout.p1 is not None
    assert layout.p2 is not None
    assert layout.p1.line.middle < layout.p2.line.middle


@pytest.mark.parametrize(
    "pictures",
    [
        [[number(84_057_780), number(83_681_336, x=700)]] * 60,
        [[number(99_999 - 10 * i, digits=5), number(99_999 - 10 * i, x=700, digits=5)] for i in range(60)],
        [[number(int(v)), number(int(w), x=700)] for v, w in np.random.default_rng(1).integers(0, 10**9, (60, 2))],
        [[number(0, height=20), number(0, x=700, height=40)]] * 60,
        [[number(0), number(0, x=700, y=300)]] * 60,
        [[number(700 * i)] for i in range(60)],
        [[number(0, y=40 + 12 * i), number(0, x=700, y=40 + 12 * i)] for i in range(6)],
    ],
    ids=["results", "countdown", "noise", "other size", "elsewhere", "alone", "still moving"],
)
def test_what_does_not_behave_like_scores_is_left_alone(pictures: list[list[Number]]) -> None:
    assert watch(pictures) is None


def test_results_that_count_up_for_two_seconds_are_no_match() -> None:
    count_up = [[number(min(10**6 * i, 8 * 10**6)), number(min(10**6 * i, 8 * 10**6), x=700)] for i in range(60)]
    assert watch(count_up) is None


def test_cells_are_the_median_of_the_usual_sights() -> None:
    odd = number(0, digits=8)
    usual = [number(0), number(0, x=700)]
    layout = watch([usual] * 3 + [[odd, number(0, x=700)]] + [usual] * 8)
    assert layout is not None
    assert layout.p1 is not None
    assert layout.p1.cells == number(0).cells


def test_zeros_overlooked_on_one_side_are_taken_from_the_other() -> None:
    layout = watch([[number(0, x=139, digits=6), number(0, x=700)]] * 10)
    assert layout is not None
    assert layout.p1 is not None
    assert layout.p1.cells == pytest.approx(number(0, x=100).cells)
    assert layout.p1.line.left == pytest.approx(number(0, x=100).line.left, abs=1)
