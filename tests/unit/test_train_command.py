"""`kubeddr train`, where what training needs is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from kubeddr.cli import app

if TYPE_CHECKING:
    from pathlib import Path


def test_it_says_how_to_get_what_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("kubeddr.train.APART", tmp_path / "none")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    done = CliRunner().invoke(app, ["train", "winner", "--out", str(tmp_path / "w.kubeddr")])
    assert done.exit_code == 1
    assert "make train-winner" in done.stderr


def test_it_hands_on_what_was_asked_and_how_it_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    here = tmp_path / "python"
    here.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/asked\nexit 7\n')
    here.chmod(0o755)
    monkeypatch.setattr("kubeddr.train.APART", here)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    out, charts = tmp_path / "w.kubeddr", tmp_path / "songs"
    wanted = ["train", "winner", "--smoke", "--seed", "5", "--charts", str(charts), "--out", str(out)]
    assert CliRunner().invoke(app, wanted).exit_code == 7
    asked = (tmp_path / "asked").read_text()
    assert asked.startswith("-m models.training.winner ")
    for part in (f"--out={out}", "--seed=5", f"--charts={charts}", "--smoke"):
        assert part in asked
    assert "--matches" not in asked


@pytest.mark.parametrize("tracking", ["http://tracker.local:5000", "runs"])
def test_a_tracking_server_is_an_address_and_a_folder_a_path(tracking: str) -> None:
    from kubeddr.train import _place  # noqa: PLC0415

    assert (_place(tracking) == tracking) == ("://" in tracking)
