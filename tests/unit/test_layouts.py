"""What a device remembers of layouts, on disks that are full or damaged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from edge_agent.layouts import MOST, Layouts
from vision.geometry import TextLine
from vision.known import KnownLayout
from vision.layout import Display, Layout

if TYPE_CHECKING:
    from pathlib import Path


def layout(digits: int = 7, width: int = 1280, left: float = 100.0) -> KnownLayout:
    line = TextLine(left, left + 20.0 * digits, 60.0, 30.0)
    return KnownLayout(width, 720, Layout(Display(line, tuple(left + 10 + 20.0 * i for i in range(digits))), None))


def test_a_restart_knows_what_was_kept_newest_first(tmp_path: Path) -> None:
    kept = Layouts(tmp_path / "layouts.json")
    kept.keep(layout(7))
    kept.keep(layout(9))
    assert Layouts(tmp_path / "layouts.json").known == (layout(9), layout(7))


def test_a_better_outline_of_the_same_takes_its_place(tmp_path: Path) -> None:
    kept = Layouts(tmp_path / "layouts.json")
    for left in (100.0, 101.0):
        kept.keep(layout(left=left))
    assert kept.known == (layout(left=101.0),)


def test_only_the_newest_few_are_kept(tmp_path: Path) -> None:
    kept = Layouts(tmp_path / "layouts.json")
    for width in range(1000, 1000 + 2 * MOST):
        kept.keep(layout(width=width))
    assert [each.width for each in kept.known] == list(range(1000 + 2 * MOST - 1, 1000 + MOST - 1, -1))


@pytest.mark.parametrize("content", ["", "{", "3", '["x"]', "[{}]", "\x00"])
def test_a_damaged_file_is_begun_anew(tmp_path: Path, content: str) -> None:
    file = tmp_path / "layouts.json"
    file.write_text(content)
    kept = Layouts(file)
    assert kept.known == ()
    kept.keep(layout())
    assert Layouts(file).known == (layout(),)


def test_a_disk_that_takes_nothing_costs_only_the_memory_of_it(tmp_path: Path) -> None:
    kept = Layouts(tmp_path / "absent" / "layouts.json")
    kept.keep(layout())
    assert kept.known == (layout(),)
