"""`kubeddr predict` from outside."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from game.reading import ScoreUnit
from game.rules import RULES
from kubeddr.cli import app
from kubeddr.readings import FaultyLineError, Parser
from models.checks import readings
from models.matches import simulate

if TYPE_CHECKING:
    from pathlib import Path

RUNNER = CliRunner()


def events(rule: str, seed: int = 2) -> list[dict[str, Any]]:
    match = simulate(RULES[rule], random.Random(seed))  # noqa: S311

    def number(value: int | None) -> float | None:
        return value if value is None or match.rule.unit is ScoreUnit.POINTS else value / 100

    return [
        {
            "type": "reading",
            "t": shot.t,
            "p1": {"score": number(shot.p1.value), "confidence": 0.99},
            "p2": {"score": number(shot.p2.value), "confidence": 0.99},
        }
        for shot in readings(match)
    ]


def lines(values: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(value) + "\n" for value in values)


@pytest.mark.parametrize("rule", ["stepmania", "ddr-a", "itg"])
def test_predictions_from_a_file(tmp_path: Path, rule: str) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    told = events(rule)
    source.write_text(lines([{"type": "match", "phase": "started", "t": 0.0}, *told, {"type": "prediction", "t": 1.0}]))
    result = RUNNER.invoke(app, ["predict", str(source), "--jsonl", str(target)])
    assert result.exit_code == 0, result.output
    said = [json.loads(line) for line in target.read_text().splitlines()]
    assert all(set(one) >= {"type", "t", "p1_win", "low", "high", "progress", "model"} for one in said)
    top = {"stepmania": 100_000_000, "ddr-a": 1_000_000, "itg": 100}[rule]
    for player in ("p1", "p2"):
        looks = [one[player] for one in said if player in one]
        assert all(0 <= look["final"][0] <= look["final"][1] <= 10 * top and 0 <= look["fail"] <= 1 for look in looks)
        assert looks[-1]["final"][1] <= top
        assert (looks[-1]["grade"] is None) == (rule == "stepmania")
    assert all(0 <= one["low"] <= one["p1_win"] <= one["high"] <= 1 for one in said)
    one, two = told[-1]["p1"]["score"], told[-1]["p2"]["score"]
    assert said[-1]["p1_win"] == float(one > two)
    assert said[-2]["progress"] > 0.75


def test_exchanged_players_give_exactly_the_rest(tmp_path: Path) -> None:
    told = events("stepmania")
    mirrored = [{**event, "p1": event["p2"], "p2": event["p1"]} for event in told]
    said = []
    for name, text in (("a", lines(told)), ("b", lines(mirrored))):
        (tmp_path / name).write_text(text)
        RUNNER.invoke(app, ["predict", str(tmp_path / name), "--jsonl", str(tmp_path / (name + "o"))])
        said.append([json.loads(line)["p1_win"] for line in (tmp_path / (name + "o")).read_text().splitlines()])
    assert said[0] == [1.0 - p for p in said[1]]


def test_standard_input_and_output() -> None:
    result = RUNNER.invoke(app, ["predict", "-", "--jsonl", "-"], input=lines(events("stepmania")))
    assert result.exit_code == 0
    assert json.loads(result.stdout.splitlines()[-1])["type"] == "prediction"


def test_faulty_lines_are_named_counted_and_left_out() -> None:
    good = events("stepmania")
    text = "nonsense\n" + lines(good[:50]) + '[1]\n{"type": "reading"}\n' + lines(good[50:])
    result = RUNNER.invoke(app, ["predict", "-", "--jsonl", "-"], input=text)
    assert result.exit_code == 0
    assert "line 1: not JSON" in result.stderr
    assert "line 52: not a JSON object" in result.stderr
    assert "line 53: a reading needs its time" in result.stderr
    assert "left out 3 faulty lines" in result.stderr
    clean = RUNNER.invoke(app, ["predict", "-", "--jsonl", "-"], input=lines(good))
    assert result.stdout == clean.stdout


def test_mistakes_get_a_sentence(tmp_path: Path) -> None:
    missing = RUNNER.invoke(app, ["predict", str(tmp_path / "none"), "--jsonl", "-"])
    assert (missing.exit_code, missing.stderr) == (1, f"cannot open {tmp_path / 'none'}: No such file or directory\n")
    noise = tmp_path / "noise"
    noise.write_bytes(bytes(range(256)) * 20)
    result = RUNNER.invoke(app, ["predict", str(noise), "--jsonl", str(tmp_path / "out")])
    assert result.exit_code == 1
    assert "no reading events" in result.stderr
    same = RUNNER.invoke(app, ["predict", str(noise), "--jsonl", str(noise)])
    assert same.exit_code == 1
    assert noise.stat().st_size == 256 * 20
    empty = RUNNER.invoke(app, ["predict", "-", "--jsonl", "-"], input='{"type": "match", "t": 1.0}\n')
    assert empty.exit_code == 0


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"type": "reading", "t": "1"}', "time"),
        ('{"type": "reading", "t": NaN}', "time"),
        ('{"type": "reading", "t": true}', "time"),
        ('{"type": "reading", "t": 1, "p1": 5}', "object"),
        ('{"type": "reading", "t": 1, "p1": {"score": "5"}}', "score"),
        ('{"type": "reading", "t": 1, "p1": {"score": -5}}', "score"),
        ('{"type": "reading", "t": 1, "p1": {"score": Infinity}}', "score"),
        ('{"type": "reading", "t": 1, "p1": {"score": 5, "confidence": 2}}', "confidence"),
        ("[" * 100_000, "JSON"),
    ],
)
def test_lines_that_are_no_reading(line: str, reason: str) -> None:
    with pytest.raises(FaultyLineError, match=reason):
        Parser().parse(line)


def test_decimals_mean_percent() -> None:
    parser = Parser()
    first = parser.parse('{"type": "reading", "t": 1, "p1": {"score": 12.34}, "p2": {"score": null}}')
    assert first is not None
    assert (first.p1.value, first.p2.value, first.unit) == (1234, None, ScoreUnit.PERCENT)
    then = parser.parse('{"type": "reading", "t": 2, "p1": {"score": 13}, "p2": null}')
    assert then is not None
    assert (then.p1.value, then.unit) == (1300, ScoreUnit.PERCENT)
    points = Parser().parse('{"type": "reading", "t": 1, "p1": {"score": 84057776}, "p2": {"score": 0}}')
    assert points is not None
    assert (points.p1.value, points.p2.value, points.unit) == (84_057_776, 0, ScoreUnit.POINTS)


def test_displays_in_view_and_their_width_are_taken_when_they_are_told() -> None:
    parser = Parser()
    told = parser.parse('{"type": "reading", "t": 1, "p1": {"score": null}, "visible": true, "digits": 9}')
    assert told is not None
    assert (told.visible, told.digits) == (True, 9)
    plain = parser.parse('{"type": "reading", "t": 1, "p1": {"score": null}, "digits": null}')
    assert plain is not None
    assert (plain.visible, plain.digits) == (False, None)
    for odd in ('"visible": 1', '"digits": 0', '"digits": 9.0', '"digits": true', '"digits": 10000'):
        with pytest.raises(FaultyLineError):
            parser.parse('{"type": "reading", "t": 1, ' + odd + "}")
