from __future__ import annotations

import pytest

from game.reading import UNREAD, ScoreReading, ScoreUnit
from vision.geometry import TextLine
from vision.layout import Display, Layout
from vision.trust import CERTAIN, LEFT, LONELY, PROVEN, Moves


def display(x: float, y: float = 40.0, digits: int = 7, *, grows: bool = False) -> Display:
    line = TextLine(x, x + 13.0 * digits, y, 20.0)
    return Display(line, tuple(x + 13.0 * i for i in range(digits)), ScoreUnit.POINTS, grows)


PAIR = Layout(display(100), display(700))
ELSEWHERE = Layout(display(100, 400), display(700, 400))
ALONE = Layout(display(100), None)


def moved(changes: int) -> Moves:
    moves = Moves()
    for step in range(changes + 1):
        moves.watch(float(step), (ScoreReading(step, 1.0), UNREAD), visible=True)
    return moves


def test_a_guess_is_doubted_until_its_numbers_have_moved() -> None:
    assert moved(0).doubt(PAIR) < moved(PROVEN).doubt(ALONE) == LONELY
    assert moved(PROVEN).doubt(PAIR) == CERTAIN
    assert not moved(PROVEN - 1).proven


def test_numbers_that_cannot_be_read_prove_nothing() -> None:
    moves = Moves()
    for step in range(20):
        moves.watch(float(step), (UNREAD, UNREAD), visible=True)
    assert not moves.proven


@pytest.mark.parametrize(
    ("changes", "old", "new", "yields"),
    [
        (0, PAIR, PAIR, False),
        (0, PAIR, ELSEWHERE, True),
        (PROVEN, PAIR, ELSEWHERE, False),
        (0, ALONE, PAIR, True),
        (PROVEN, ALONE, PAIR, True),
        (PROVEN, ALONE, ELSEWHERE, False),
        (0, PAIR, ALONE, False),
        (0, ALONE, Layout(None, display(700)), True),
    ],
)
def test_a_better_guess_takes_the_place_of_one_that_is_not_proven(
    changes: int, old: Layout, new: Layout, yields: bool
) -> None:
    assert moved(changes).yields(changes + 0.1, old, new) is yields


def test_displays_long_out_of_sight_give_way() -> None:
    assert moved(PROVEN).yields(PROVEN + LEFT + 1.0, PAIR, ELSEWHERE)
    assert not moved(PROVEN).yields(PROVEN + LEFT - 1.0, PAIR, ELSEWHERE)
