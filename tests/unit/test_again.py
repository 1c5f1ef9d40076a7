"""Finding displays again after a knock, by what they show."""

from __future__ import annotations

import pytest

from game.reading import ScoreUnit
from vision.again import again
from vision.geometry import TextLine
from vision.layout import Display, Layout, Number


def cells(left: float, pitch: float = 12.0) -> tuple[float, ...]:
    return tuple(left + pitch * (index + 0.5) for index in range(7))


def display(left: float, middle: float, *, grows: bool = False) -> Display:
    return Display(TextLine(left, left + 84, middle, 20), cells(left), grows=grows)


def number(value: int, left: float, middle: float, height: float = 20.0, digits: int = 7) -> Number:
    text = f"{value:0{digits}d}"
    return Number(TextLine(left, left + 84, middle, height), text, value, ScoreUnit.POINTS, cells(left)[:digits], 0.99)


LAYOUT = Layout(display(200, 50), display(700, 50))
VALUES = (120_000, 118_000)
MOVED = [number(120_000, 230, 80), number(121_500, 730, 82)]


def test_numbers_that_go_on_growing_elsewhere_are_the_displays() -> None:
    move = again(LAYOUT, VALUES, [number(5, 30, 400), *MOVED[::-1]])
    assert move is not None
    there = LAYOUT.moved(move)
    assert there.p1 is not None
    assert there.p2 is not None
    assert (there.p1.line.centre, there.p1.line.middle) == pytest.approx((272, 80))
    assert (there.p2.line.centre, there.p2.line.middle) == pytest.approx((772, 82))
    assert there.p2.cells[0] - there.p1.cells[0] == pytest.approx(500, abs=0.1)


@pytest.mark.parametrize(
    "numbers",
    [
        pytest.param([], id="nothing"),
        pytest.param(MOVED[:1], id="one alone"),
        pytest.param([MOVED[0], number(118_000, 730, 82)], id="not grown, as on results"),
        pytest.param([number(90_000, 230, 80), MOVED[1]], id="fallen"),
        pytest.param([number(9_120_000, 230, 80), MOVED[1]], id="leapt"),
        pytest.param([MOVED[0], number(121_500, 500, 82)], id="nearer to each other"),
        pytest.param([number(120_000, 230, 80, height=40), MOVED[1]], id="larger"),
        pytest.param([number(120_000, 230, 80, digits=6), MOVED[1]], id="fewer digits"),
        pytest.param([number(120_000, 730, 82), number(118_000, 230, 80)], id="exchanged"),
    ],
)
def test_other_numbers_are_not(numbers: list[Number]) -> None:
    assert again(LAYOUT, VALUES, numbers) is None


def test_without_both_displays_and_both_values_nothing_is_said() -> None:
    assert again(Layout(LAYOUT.p1, None), VALUES, MOVED) is None
    assert again(LAYOUT, (None, 118_000), MOVED) is None
