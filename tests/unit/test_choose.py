from __future__ import annotations

import pytest

from game.reading import ScoreUnit
from vision.choose import scores
from vision.geometry import TextLine
from vision.layout import Number


def number(text: str, x: float, y: float, height: float = 20.0, sure: float = 0.99) -> Number:
    digits = [c for c in text if c.isdigit()]
    unit = ScoreUnit.PERCENT if text.removesuffix("%")[-3:-2] == "." else ScoreUnit.POINTS
    cells = tuple(x + 0.65 * height * i for i in range(len(digits)))
    return Number(TextLine(x, cells[-1], y, height), text, int("".join(digits)), unit, cells, sure)


def test_two_alike_are_the_players_and_what_is_smaller_is_not() -> None:
    one, two = number("038,779", 100, 40), number("041,002", 700, 40)
    others = [number("912,400", 50, 300, 10), number("888,230", 800, 300, 10), number("80.50", 420, 200, 11)]
    assert scores([one, *others, two]) == [one, two]


def test_a_like_number_may_be_a_little_smaller_and_a_single_one_not() -> None:
    one, two, clock = number("98.76", 100, 40), number("87.10", 700, 40, 17), number("83.20", 400, 400, 17)
    assert scores([one, two, clock]) == [one, two]


def test_one_player_alone_is_read_though_smaller_numbers_have_their_like() -> None:
    one = number("16,362,333", 100, 440, 30)
    assert scores([one, number("12,340", 900, 300, 14), number("1,204", 900, 360, 14)]) == [one]


def test_noise_does_not_say_how_large_scores_are() -> None:
    one, noise = number("0038779", 100, 40), number("00000", 300, 300, 70, sure=0.52)
    assert one in scores([one, noise])


@pytest.mark.parametrize(("left", "right"), [("98.76%", "87.10"), ("0038779", "038,779")])
def test_players_scores_are_written_alike(left: str, right: str) -> None:
    large, small = number(left, 100, 40), number(right, 700, 40, 17)
    assert scores([large, small]) == [large]


def test_nothing_is_no_score() -> None:
    assert scores([]) == []
