from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from bench import vision
from bench.figure import Figure
from kubeddr.cli import app

KEYS = ["name", "value", "unit", "goal", "ok", "baseline", "ratio"]


@pytest.mark.parametrize(
    ("figure", "ok", "ratio"),
    [
        (Figure("a", 2.0, "ms", 3.0, 300.0), True, 150.0),
        (Figure("a", 4.0, "ms", 3.0, 300.0), False, 75.0),
        (Figure("a", 3.0, "ms", 3.0), True, None),
        (Figure("a", 2.0, "ms"), None, None),
        (Figure("a", None, "ms", 3.0), None, None),
    ],
)
def test_a_figure_is_good_up_to_its_goal(figure: Figure, ok: bool | None, ratio: float | None) -> None:
    line = figure.line()
    assert list(line) == KEYS
    assert (line["ok"], line["ratio"]) == (ok, ratio)


def test_the_command_says_one_figure_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    measured = [Figure("a frame", 2.0, "ms", 1.0, 4.0), Figure("another", None, "ms")]
    monkeypatch.setattr(vision, "figures", lambda: iter(measured))
    done = CliRunner().invoke(app, ["bench", "vision", "--json"])
    assert [json.loads(line) for line in done.stdout.splitlines()] == [figure.line() for figure in measured]
    told = CliRunner().invoke(app, ["bench"]).stdout.splitlines()
    assert told == ["MISS  a frame: 2 ms, goal 1, baseline 4, 2 times as much", "      another: not measured here"]


def test_what_is_found_at_once_is_a_figure_of_discovery() -> None:
    figure = vision._discovery("grove")
    assert figure.ok
    assert figure.unit == "s"
