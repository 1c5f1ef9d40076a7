"""Layouts that are kept: their names, their way to a file and back, and when they are believed."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from game.reading import ScoreUnit
from vision.geometry import TextLine
from vision.known import KnownLayout, from_plain, known
from vision.layout import Display, Layout, Number

PICTURE = np.zeros((720, 1280, 3), np.uint8)


def display(left: float = 100.0, middle: float = 60.0, digits: int = 7) -> Display:
    return Display(
        TextLine(left, left + 20.0 * digits, middle, 30.0), tuple(left + 10 + 20.0 * i for i in range(digits))
    )


def number(place: Display) -> Number:
    return Number(place.line, "0" * len(place.cells), 0, place.unit, place.cells, 0.99)


@pytest.mark.parametrize(
    ("layout", "name"),
    [
        (Layout(display(), display(900.0)), "side by side at the top, 7 digits"),
        (Layout(display(middle=600.0), display(middle=650.0)), "one above the other at the bottom, 7 digits"),
        (Layout(None, display(middle=360.0, digits=9)), "player 2 alone in the middle, 9 digits"),
        (Layout(replace(display(), unit=ScoreUnit.PERCENT), None), "player 1 alone at the top, percent"),
    ],
)
def test_a_layout_has_a_name_and_survives_a_file(layout: Layout, name: str) -> None:
    kept = KnownLayout(1280, 720, layout)
    assert kept.name == name
    assert from_plain(json.loads(json.dumps(kept.plain()))) == kept


def test_it_is_found_among_other_numbers_on_a_picture_of_another_size() -> None:
    kept = KnownLayout(1280, 720, Layout(display(), display(900.0)))
    half = np.diag([0.5, 0.5, 1.0])
    seen = [number(display(400.0, digits=5)), number(display(900.0)), number(display())]
    assert kept.among(seen, PICTURE) == kept.layout
    small = kept.among([one.moved(half) for one in seen], np.zeros((360, 640, 3), np.uint8))
    assert small is not None
    assert small.p1 is not None
    assert small.p1.line.left == pytest.approx(50.0)


@pytest.mark.parametrize(
    "there",
    [
        [],
        [display()],
        [display(), display(900.0, digits=8)],
        [display(), display(900.0, middle=90.0)],
        [display(), display(911.0)],
        [display(), replace(display(900.0), unit=ScoreUnit.PERCENT)],
    ],
)
def test_what_stands_elsewhere_or_is_longer_is_another_layout(there: list[Display]) -> None:
    kept = KnownLayout(1280, 720, Layout(display(), display(900.0)))
    assert kept.among([number(place) for place in there], PICTURE) is None


def test_a_picture_of_another_shape_is_another_game() -> None:
    kept = KnownLayout(1280, 720, Layout(display(), None))
    assert kept.among([number(display())], np.zeros((720, 960, 3), np.uint8)) is None


@pytest.mark.parametrize(
    "layout",
    [
        None,
        Layout(None, None),
        Layout(replace(display(), grows=True), None),
        Layout(Display(TextLine(0, 100, 50, 20, slope=0.1), (10.0, 20.0)), None),
    ],
)
def test_what_moves_is_not_kept(layout: Layout | None) -> None:
    assert known(PICTURE, layout) is None


@pytest.mark.parametrize(
    "damage",
    [
        {"p1": None, "p2": None},
        {"width": 0},
        {"width": "wide"},
        {"p1": 3},
        {"p1": {"left": 1}},
        {"p1": {"left": 9, "right": 1, "middle": 0, "height": 1, "cells": [1], "unit": "points"}},
        {"p1": {"left": 1, "right": 9, "middle": float("nan"), "height": 1, "cells": [1], "unit": "points"}},
        {"p1": {"left": 1, "right": 9, "middle": 0, "height": 1, "cells": [], "unit": "points"}},
        {"p1": {"left": 1, "right": 9, "middle": 0, "height": 1, "cells": [1], "unit": "feet"}},
    ],
)
def test_a_damaged_file_is_said_to_be_one(damage: dict[str, Any]) -> None:
    plain = KnownLayout(1280, 720, Layout(display(), None)).plain()
    with pytest.raises(ValueError, match=r".+"):
        from_plain(plain | damage)
