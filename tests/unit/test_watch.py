from __future__ import annotations

import io
import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from edge_agent import composition
from edge_agent.capture.source import parse_source
from edge_agent.lines import LineWriter, shown
from edge_agent.pipeline import Pipeline
from edge_agent.watch import Watch
from game.reading import ScoreReading, ScoreUnit, ScreenReading
from kubeddr.cli import app
from models import predictor
from tests.device_fakes import UNIT, LevelReader, picture, song, write_clip
from vision.frame import Frame

if TYPE_CHECKING:
    from pathlib import Path

    from edge_agent.pipeline import StepResult


class Quiet:
    def __init__(self) -> None:
        self.said: list[str] = []

    def progress(self, t: float, total: float | None) -> None:
        pass

    def step(self, result: StepResult) -> None:
        pass

    def say(self, sentence: str) -> None:
        self.said.append(sentence)


def fresh() -> Pipeline:
    return Pipeline(LevelReader(), predictor.default())


def watched(path: Path, *, every_frame: bool = False) -> list[dict[str, Any]]:
    out = io.StringIO()
    Watch(fresh(), out, Quiet(), every_frame=every_frame).run(parse_source(str(path)))
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_recording_gives_readings_predictions_and_its_match(tmp_path: Path) -> None:
    lines = watched(write_clip(tmp_path / "song.mp4", song()))
    matches = [line for line in lines if line["type"] == "match"]
    assert [match["phase"] for match in matches] == ["started", "finished"]
    assert matches[0]["match_id"] == matches[1]["match_id"]
    assert matches[1] == matches[1] | {"p1_final": 20 * UNIT, "p2_final": 16 * UNIT, "winner": 1}
    readings = [line for line in lines if line["type"] == "reading"]
    assert readings[0]["p1"]["score"] is None
    scores = [(line["p1"]["score"], line["p2"]["score"]) for line in readings]
    assert all(a != b for a, b in pairwise(scores))  # each changes something
    assert scores[-2] == (20 * UNIT, 16 * UNIT)
    times = [line["t"] for line in lines if line["type"] == "prediction"]
    assert max(b - a for a, b in pairwise(times)) <= 0.5
    assert [line["t"] for line in lines] == sorted(line["t"] for line in lines)


def test_every_frame_gives_a_reading_when_asked_to(tmp_path: Path) -> None:
    lines = watched(write_clip(tmp_path / "song.mp4", song()), every_frame=True)
    assert [line["t"] for line in lines if line["type"] == "reading"] == [
        pytest.approx(i / 10) for i in range(len(song()))
    ]


def test_a_recording_is_watched_the_same_way_twice_and_under_any_name(tmp_path: Path) -> None:
    one = write_clip(tmp_path / "one.mp4", song())
    two = tmp_path / "two.mp4"
    two.write_bytes(one.read_bytes())
    assert watched(one) == watched(one) == watched(two)


def test_a_percent_is_written_with_its_decimals() -> None:
    out = io.StringIO()
    writer = LineWriter(out, lambda _t: "", model="none")
    pipeline = fresh()
    reading = ScreenReading(1.0, ScoreReading(9876, 0.9), ScoreReading(None, 0.2), unit=ScoreUnit.PERCENT)
    writer.step(pipeline.take(reading))
    line = json.loads(out.getvalue())
    assert line["p1"] == {"score": 98.76, "confidence": 0.9}
    assert line["p2"] == {"score": None, "confidence": 0.2}
    assert [shown(value, ScoreUnit.PERCENT) for value in (0, 5, 10000, None)] == [0.0, 0.05, 100.0, None]


def test_predictions_of_a_match_stand_between_its_lines_and_end_with_its_verdict(tmp_path: Path) -> None:
    lines = watched(write_clip(tmp_path / "song.mp4", song()))
    match = [line for line in lines if line["type"] != "reading"]
    assert [line["type"] for line in match] == ["match"] + ["prediction"] * (len(match) - 2) + ["match"]
    assert (match[-2]["t"], match[-2]["p1_win"]) == (match[-1]["t"], 1.0)


def test_a_moment_without_a_picture_is_no_reading() -> None:
    out = io.StringIO()
    writer, pipeline = LineWriter(out, lambda _t: "m", model="none", every_frame=True), fresh()
    for i, image in enumerate(song()[:50]):
        writer.step(pipeline.step(Frame(image, i / 10, i)))
    assert pipeline.running
    before = len(out.getvalue().splitlines())
    for i in range(60):
        writer.step(pipeline.blind(5.0 + i / 2))
    dark = [json.loads(line) for line in out.getvalue().splitlines()[before:]]
    (over,) = [n for n, line in enumerate(dark) if line["type"] == "match"]
    assert {line["type"] for line in dark[:over]} == {"prediction"}
    assert {line["type"] for line in dark[over + 1 :]} == {"reading"}


def test_being_stopped_closes_the_match(tmp_path: Path) -> None:
    out = io.StringIO()
    left = iter([False] * 60 + [True])
    Watch(fresh(), out, Quiet(), stopped=lambda: next(left)).run(
        parse_source(str(write_clip(tmp_path / "song.mp4", song())))
    )
    last = json.loads(out.getvalue().splitlines()[-1])
    assert (last["phase"], last["t"]) == ("finished", 5.9)
    assert last["p1_final"] > 0


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setattr(composition, "builtin_pipeline", fresh)
    return CliRunner()


HOSTILE = {
    "missing.mp4": (None, "There is no"),
    "empty.mp4": (b"", "is empty"),
    "noise.mp4": (bytes(range(256)) * 99, "is not a video"),
    "letter.txt": (b"dear dancer", "is not a video"),
    "broken.png": (b"\x89PNG\r\n\x1a\n", "can be decoded"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_bad_source_ends_with_one_sentence(name: str, command: CliRunner, tmp_path: Path) -> None:
    data, words = HOSTILE[name]
    if data is not None:
        (tmp_path / name).write_bytes(data)
    result = command.invoke(app, ["watch", str(tmp_path / name), "--jsonl", str(tmp_path / "out.jsonl")])
    assert result.exit_code == 1
    assert words in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert "Traceback" not in result.output


def test_a_video_without_a_game_is_no_error(command: CliRunner, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "black.mp4", [picture(None, None)] * 30)
    result = command.invoke(app, ["watch", str(clip), "--jsonl", "-", "--no-pad"])
    assert result.exit_code == 0
    assert result.stderr == "no match seen\n"
    assert [json.loads(line)["type"] for line in result.stdout.splitlines()] == ["reading"]


def test_each_match_is_told_in_one_line(command: CliRunner, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "two.mp4", song() + song())
    result = command.invoke(app, ["watch", str(clip), "--jsonl", str(tmp_path / "out.jsonl")])
    assert result.exit_code == 0
    told = result.stderr.splitlines()
    assert len(told) == 2
    assert told[1].startswith("match 2   P1 200,000   P2 160,000   P1 wins")


def test_an_output_that_cannot_be_written_is_said(command: CliRunner, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "song.mp4", song(1.0))
    result = command.invoke(app, ["watch", str(clip), "--jsonl", str(tmp_path / "no" / "where.jsonl")])
    assert result.exit_code == 1
    assert "Cannot write" in result.stderr


def test_a_recording_cut_short_is_read_and_the_loss_told(command: CliRunner, tmp_path: Path) -> None:
    whole = write_clip(tmp_path / "whole.avi", song())
    cut = tmp_path / "cut.avi"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    result = command.invoke(app, ["watch", str(cut), "--jsonl", "-"])
    assert result.exit_code == 0
    assert "ended early" in result.stderr
