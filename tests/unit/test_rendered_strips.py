"""What the digit reader learns from: numbers as displays write them, bars for digits, and films cut to strips."""

from __future__ import annotations

import shutil
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pytest

from models.training.digits.reels import TAKEN, reel
from models.training.digits.segments import SegmentFace
from models.training.digits.strings import Notation, compose, notation, score_value
from models.training.digits.strips import IGNORED, WIDTH, columns
from vision.digits import ALPHABET, BLANK, STRIDE, STRIP_HEIGHT

if TYPE_CHECKING:
    from models.training.digits.glyphs import Face
    from models.training.digits.strips import Sample


@pytest.mark.parametrize(
    ("way", "value", "text", "dimmed"),
    [
        (Notation(9, padded=True, separator=",", dims=True), 12345, "000,012,345", 5),
        (Notation(9, padded=True, separator=","), 12345, "000,012,345", 0),
        (Notation(7, padded=True, dims=True), 0, "0000000", 6),
        (Notation(8, padded=False, separator="."), 1234567, "1.234.567", 0),
        (Notation(3, padded=False, decimals=2, sign="%"), 9876, "98.76%", 0),
        (Notation(2, padded=True, decimals=2), 5, "00.05", 0),
    ],
)
def test_a_notation_writes_numbers_as_displays_do(way: Notation, value: int, text: str, dimmed: int) -> None:
    assert way.write(value) == (text, dimmed)


def test_every_notation_can_write_its_largest_number() -> None:
    rng = np.random.default_rng(4)
    for _ in range(200):
        way = notation(rng)
        assert score_value(rng, way.most()) <= way.most()
        assert sum(c.isdigit() for c in way.write(way.most())[0]) in range(5, 10)


@pytest.mark.parametrize("seed", range(12))
def test_bars_make_ten_digits_that_differ(seed: int) -> None:
    face = SegmentFace(np.random.default_rng(seed))
    masks = [face.glyph(str(digit)).mask for digit in range(10)]
    for one, two in combinations(masks, 2):
        assert np.abs(one - two).sum() > 0.04 * (one.sum() + two.sum())


def test_letters_of_a_display_of_bars_are_no_digits() -> None:
    face = SegmentFace(np.random.default_rng(1))
    digits = [face.glyph(str(digit)).mask for digit in range(10)]
    for letter in "ABCOIZS":
        assert min(float(np.abs(face.glyph(letter).mask - digit).sum()) for digit in digits) > 1


def test_decimals_may_be_smaller_and_stand_on_the_same_line() -> None:
    face = SegmentFace(np.random.default_rng(2))
    line = compose(np.random.default_rng(0), face, "98.76", small=0.6)
    rows = [np.flatnonzero(line.bright[:, round(x) - 4 : round(x) + 5].max(axis=1) > 0.5) for x in line.centres]
    assert np.ptp(rows[3]) < 0.75 * np.ptp(rows[0])
    assert abs(int(rows[3][-1]) - int(rows[0][-1])) <= 1


def test_two_equal_digits_side_by_side_stay_two() -> None:
    labels = columns("11", [30.0, 46.0])
    spoken = np.flatnonzero(labels < BLANK)
    assert labels[round(38 / STRIDE - 0.5)] == BLANK
    assert set(labels[spoken]) == {1}
    assert (np.diff(spoken) > 1).sum() == 1


def film(seed: int) -> list[Sample]:
    faces: list[Face] = [SegmentFace(np.random.default_rng(seed)) for seed in range(3)]
    return list(reel(np.random.default_rng(seed), faces, np.full(3, 1 / 3, dtype=np.float32)))


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="films need ffmpeg")
def test_a_reel_gives_strips_whose_labels_are_numbers_and_the_same_ones_again() -> None:
    samples = film(5)
    assert 0 < len(samples) <= TAKEN
    assert {sample.image.shape for sample in samples} == {(STRIP_HEIGHT, WIDTH, 3)}
    labels = np.stack([sample.labels for sample in samples])
    assert set(np.unique(labels)) <= {*range(len(ALPHABET)), BLANK, IGNORED}
    assert ((labels < len("0123456789")).sum(axis=1) > 0).mean() > 0.7
    again = film(5)
    assert all((one.image == two.image).all() for one, two in zip(samples, again, strict=True))
