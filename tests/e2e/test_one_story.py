"""`kubeddr watch` and `kubeddr predict` on what `watch` wrote."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from typer.testing import CliRunner

from kubeddr.cli import app

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e_stage import Clip


def run(*words: str | Path) -> None:
    done = CliRunner().invoke(app, [*map(str, words)])
    assert done.exit_code == 0, done.output


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_predict_says_of_watched_readings_what_watch_said(clip: Clip, tmp_path: Path) -> None:
    """To the last digit.

    That takes --every-frame: else equal readings are left out, and with them how long a number stood. Beyond a clip
    there is one more difference: of a live source whose picture is gone for longer than `models.live.DARK`, `watch`
    knows that nobody looked and gives the match up, while to `predict` no line looks like no change.
    """
    watched, predicted = tmp_path / "watched.jsonl", tmp_path / "predicted.jsonl"
    run("watch", clip.path, "--jsonl", watched, "--every-frame")
    run("predict", watched, "--jsonl", predicted)
    told = lines(watched)
    said = [line for line in told if line["type"] == "prediction"]
    assert lines(predicted) == said
    (finished,) = [line for line in told if line.get("phase") == "finished"]
    assert (finished["p1_final"], finished["p2_final"], finished["winner"]) == clip.finals
    assert said[-1]["p1_win"] == {1: 1.0, 2: 0.0, 0: 0.5}[finished["winner"]]
    assert len({line["p1_win"] for line in said}) > 5  # and there was something to say before
