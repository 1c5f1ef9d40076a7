"""Displays whose digits come and go, seen through a line reader that says what the test writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from game.reading import ScoreUnit
from vision import loose
from vision.digits import ALPHABET, BLANK, CLASSES, STRIDE, Glyph, Strip
from vision.geometry import TextLine
from vision.layout import Display
from vision.loose import LONGER, SHORTER, LooseEye, digits_of

if TYPE_CHECKING:
    from vision.frame import Floats

FRAME = 1 / 30
PITCH = 14.0
LINE = TextLine(100.0, 170.0, 40.0, 20.0)
PICTURE = np.zeros((80, 400, 3), np.uint8)


class Written:
    """Stands in for picture and networks: the characters of a text, a column each, with some of them covered."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.text, self.left, self.covered = "", 100.0, set[int]()
        monkeypatch.setattr(loose, "cut", lambda _image, _line: Strip(np.zeros((32, 320, 3), np.uint8), 0.0, 1.0))
        monkeypatch.setattr(loose, "posteriors", lambda _strip, _reader: self._columns())

    def _columns(self) -> Floats:
        columns = np.full((80, CLASSES), 1e-4, dtype=np.float32)
        columns[:, BLANK] = 1.0
        for place, character in enumerate(self.text):
            column = round((self.left + PITCH * place) / STRIDE)
            if place not in self.covered:
                columns[column] = 1e-4
                columns[column, ALPHABET.index(character)] = 0.999
        return np.asarray(columns / columns.sum(axis=1, keepdims=True))


def reader_of_nothing(_: Floats) -> Floats:
    raise AssertionError("the test stands in for it")


class Watched:
    """An eye on a written display, a frame at a time."""

    def __init__(self, written: Written, unit: ScoreUnit = ScoreUnit.POINTS) -> None:
        self.written, self.frame = written, 0
        self.eye = LooseEye(Display(LINE, (107.0, 121.0, 135.0, 149.0, 163.0), unit, grows=True))

    def see(self, text: str, frames: int = 1, covered: tuple[int, ...] = ()) -> int | None:
        self.written.text, self.written.covered = text, set(covered)
        value = None
        for _ in range(frames):
            value = self.eye.read(self.frame * FRAME, PICTURE, reader_of_nothing).value
            self.frame += 1
        return value


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Written:
    return Written(monkeypatch)


def test_a_growing_number_is_read_at_every_length(written: Written) -> None:
    watched = Watched(written)
    frames = round(LONGER / FRAME) + 2
    for text in ("12340", "13,990", "104,220", "1,250,400", "99,000,100"):
        assert watched.see(text, frames) == int(text.replace(",", ""))


def test_a_digit_too_many_for_a_moment_is_no_number(written: Written) -> None:
    watched = Watched(written)
    watched.see("13990", 5)
    assert watched.see("139907") in {13990, None}
    assert watched.see("14050") == 14050


def test_a_covered_digit_of_a_number_at_rest_is_remembered(written: Written) -> None:
    watched = Watched(written)
    watched.see("13990", 10)
    assert watched.see("13990", 3, covered=(1,)) == 13990
    assert watched.see("13990", 20, covered=(0,)) in {13990, None}


def test_points_never_lose_a_digit_while_they_are_in_sight(written: Written) -> None:
    watched = Watched(written)
    watched.see("913990", 10)
    seen = {watched.see("13990") for _ in range(3 * round(SHORTER / FRAME))}
    assert seen <= {913990, None}


def test_the_next_song_begins_at_one_digit(written: Written) -> None:
    watched = Watched(written)
    watched.see("913990", 10)
    assert watched.see("0", round(SHORTER / FRAME) + 3) == 0


def test_a_percent_is_followed_down_and_loses_a_digit(written: Written) -> None:
    watched = Watched(written, ScoreUnit.PERCENT)
    steps = round(SHORTER / FRAME) + 3
    assert [watched.see(text, steps) for text in ("100.00%", "99.53%", "98.80%", "10.02%", "9.98%", "0.00%")] == [
        10000,
        9953,
        9880,
        1002,
        998,
        0,
    ]


def test_a_display_that_comes_back_must_stay_for_a_moment(written: Written) -> None:
    watched = Watched(written)
    watched.see("13990", 5)
    assert watched.see("", 30) is None
    assert not watched.eye.in_sight
    assert watched.see("7") is None
    assert not watched.eye.in_sight
    watched.see("", 10)
    assert watched.see("15000", 12) == 15000


def glyphs(text: str, left: float = 100.0) -> list[Glyph]:
    return [Glyph(c, left + PITCH * i, 0.99) for i, c in enumerate(text) if c != " "]


@pytest.mark.parametrize(
    ("text", "unit", "expected"),
    [
        ("12,340", ScoreUnit.POINTS, "12340"),
        ("0", ScoreUnit.POINTS, "0"),
        ("903,38", ScoreUnit.POINTS, ""),
        ("1,2345", ScoreUnit.POINTS, ""),
        ("12:34", ScoreUnit.POINTS, ""),
        ("1234567890", ScoreUnit.POINTS, ""),
        ("98.76%", ScoreUnit.PERCENT, "9876"),
        ("98.7696", ScoreUnit.PERCENT, "9876"),
        ("100.00", ScoreUnit.PERCENT, "10000"),
        ("98.7", ScoreUnit.PERCENT, ""),
        ("9876", ScoreUnit.PERCENT, ""),
        ("1 8.76", ScoreUnit.PERCENT, ""),
        ("", ScoreUnit.POINTS, ""),
    ],
)
def test_what_is_no_whole_number_gives_no_digits(text: str, unit: ScoreUnit, expected: str) -> None:
    assert "".join(g.character for g in digits_of(glyphs(text), LINE, unit)) == expected


def test_of_several_numbers_the_one_on_the_line_counts() -> None:
    both = glyphs("555", 10.0) + glyphs("12,340")
    assert "".join(g.character for g in digits_of(both, LINE, ScoreUnit.POINTS)) == "12340"
