from __future__ import annotations

from dataclasses import replace

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


def percent(value: int, *, x: float = 100, y: float = 40, height: float = 20) -> Number:
    text = f"{value / 100:.2f}"
    digits = [c for c in text if c.isdigit()]
    cells = tuple(x + 13 * i for i in range(len(digits)))
    return Number(TextLine(x, cells[-1] + 6, y, height), text, value, ScoreUnit.PERCENT, cells, 0.99)


def grown(value: int, *, x: float = 100, y: float = 40) -> Number:
    """A number without leading zeros whose right end stays in place."""
    digits = len(str(value))
    return replace(number(value, x=x + 13 * (9 - digits), y=y, digits=digits), text=str(value))


def danced(pictures: int, seed: int, most: int) -> list[int]:
    """A score that notes raise by fits and starts."""
    rng = np.random.default_rng(seed)
    return [int(v) for v in np.cumsum(rng.integers(0, 3, pictures) * rng.integers(most // 2, most, pictures))]


@pytest.mark.parametrize("start", [0, 10_000])
def test_percents_are_found_at_rest_where_they_begin(start: int) -> None:
    layout = watch([[percent(start), percent(start, x=700)]] * 8)
    assert layout is not None
    assert layout.unit is ScoreUnit.PERCENT
    assert layout.p1 is not None
    assert layout.p1.grows


@pytest.mark.parametrize("sign", [1, -1])
def test_percents_are_found_by_their_small_steps_either_way(sign: int) -> None:
    ways = [danced(30, seed, 90) for seed in (1, 2)]
    layout = watch([[percent(5000 + sign * a), percent(5000 + sign * b, x=700)] for a, b in zip(*ways, strict=True)])
    assert layout is not None


def test_growing_numbers_are_found_within_three_seconds() -> None:
    ways = [danced(14, seed, 9000) for seed in (1, 2)]
    layout = watch([[grown(700 + a), grown(700 + b, x=700)] for a, b in zip(*ways, strict=True)])
    assert layout is not None
    assert layout.p1 is not None
    assert layout.p2 is not None
    assert layout.p1.grows
    assert layout.p2.grows


def test_a_player_alone_is_found_moving_or_resting() -> None:
    assert watch([[number(5000 + v, digits=7)] for v in danced(30, 1, 9000)]) is not None
    layout = watch([[number(0, digits=7)]] * 15)
    assert layout is not None
    assert layout.p2 is None


@pytest.mark.parametrize(
    "pictures",
    [
        [[percent(20 * i)] for i in range(60)],
        [[percent(100 + 20 * i + (i % 2)), percent(7350, y=90)] for i in range(60)],
        [[grown(100 + v), grown(100 + w, x=700)] for v, w in zip(danced(60, 1, 4), danced(60, 2, 4), strict=True)],
        [[replace(number(0, digits=3), text="000"), replace(number(0, x=700, digits=3), text="000")]] * 40,
        [[number(8_000_000 - 8_000_000 // (1 + i), digits=7)] for i in range(60)],
        [[number(912_400, digits=7), number(888_230, x=700, digits=7)]] * 60,
        [[number(5000 + v, digits=7), number(412_000, x=700, digits=7)] for v in danced(60, 1, 9000)],
    ],
    ids=["clock", "clock and tempo", "combos", "counts of misses", "final count", "records", "one that stands still"],
)
def test_what_only_looks_like_scores_is_left_alone(pictures: list[list[Number]]) -> None:
    assert watch(pictures) is None


def test_scores_are_found_among_clocks_tempos_records_and_notes_left() -> None:
    one, two = danced(60, 1, 9000), danced(60, 2, 9000)
    layout = watch(
        [
            [
                number(912_400, y=300, height=12, digits=7),
                number(888_230, x=700, y=300, height=12, digits=7),
                percent(20 * i, x=400, y=200),
                percent(7350, x=400, y=240),
                number(500 - i, x=400, y=280, digits=5),
                number(a, digits=7),
                number(b, x=700, digits=7),
            ]
            for i, (a, b) in enumerate(zip(one, two, strict=True))
        ]
    )
    assert layout is not None
    for display, x in ((layout.p1, 100), (layout.p2, 700)):
        assert display is not None
        assert display.line.left == pytest.approx(x, abs=1)
        assert display.line.middle == 40
