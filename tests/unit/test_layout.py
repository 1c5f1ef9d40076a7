from __future__ import annotations

import pytest

from game.reading import ScoreUnit
from vision.digits import Glyph
from vision.geometry import Box, TextLine
from vision.layout import parse

LINE = TextLine(0, 200, 50, 20)


def glyphs(text: str, pitch: float = 12.0) -> list[Glyph]:
    return [Glyph(c, 10 + pitch * i, 0.99) for i, c in enumerate(text) if c != " "]


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("038,779,576", 38_779_576, ScoreUnit.POINTS),
        ("84057780", 84_057_780, ScoreUnit.POINTS),
        ("1,234,567", 1_234_567, ScoreUnit.POINTS),
        ("1.234.567", 1_234_567, ScoreUnit.POINTS),
        ("00000", 0, ScoreUnit.POINTS),
        ("98.76", 9_876, ScoreUnit.PERCENT),
        ("98.76%", 9_876, ScoreUnit.PERCENT),
        ("98,76%", 9_876, ScoreUnit.PERCENT),
        ("100.00", 10_000, ScoreUnit.PERCENT),
        (",038,779,576,", 38_779_576, ScoreUnit.POINTS),
    ],
)
def test_a_score_is_read_in_every_notation(text: str, value: int, unit: ScoreUnit) -> None:
    (number,) = parse(LINE, glyphs(text))
    assert (number.value, number.unit) == (value, unit)
    assert len(number.cells) == sum(c.isdigit() for c in text)


@pytest.mark.parametrize(
    "text", ["", "16", "999", "1234", "210.00", "1:59", "12,34", "1,23,456", "1234567890", "0123/0456"]
)
def test_counters_timers_and_tempos_are_no_scores(text: str) -> None:
    assert parse(LINE, glyphs(text)) == []


@pytest.mark.parametrize(("text", "score"), [("1337 1656", False), ("13 371 656", True), ("1 3371656", False)])
def test_a_gap_is_a_separator_of_thousands_or_no_score(text: str, score: bool) -> None:
    assert bool(parse(LINE, glyphs(text))) is score


def test_what_stands_apart_is_left_out() -> None:
    far = [Glyph("8", 500.0, 0.99)]
    (number,) = parse(LINE, glyphs("012345") + far)
    assert number.text == "012345"


def test_faint_characters_do_not_count() -> None:
    assert parse(LINE, [Glyph(c, 12.0 * i, 0.3) for i, c in enumerate("012345")]) == []


def test_boxes_overlap_by_their_shared_area() -> None:
    assert Box(0, 0, 10, 10).overlap(Box(0, 0, 10, 10)) == 1
    assert Box(0, 0, 10, 10).overlap(Box(5, 0, 10, 10)) == pytest.approx(1 / 3)
    assert Box(0, 0, 10, 10).overlap(Box(20, 0, 10, 10)) == 0


@pytest.mark.parametrize(
    ("other", "near"),
    [
        (TextLine(5, 205, 52, 21), True),
        (TextLine(0, 200, 70, 20), False),
        (TextLine(300, 500, 50, 20), False),
        (TextLine(0, 200, 50, 40), False),
    ],
)
def test_a_line_is_known_again_when_it_hardly_moved(other: TextLine, near: bool) -> None:
    assert LINE.near(other) is near
    assert other.near(LINE) is near


def test_two_displays_side_by_side_are_two_numbers() -> None:
    one, two = parse(LINE, glyphs("03630") + [Glyph(g.character, g.x + 100, 0.99) for g in glyphs("04020")])
    assert (one.value, two.value) == (3630, 4020)
    assert one.line.right < two.line.left
