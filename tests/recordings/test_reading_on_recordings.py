"""What `kubeddr watch` makes of the recorded games, by the same rules for all of them."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Shares of all samples. The goals are .98 and .85 right, .0005 wrong; docs/adr/0008 says what stands in the way of the
# last: a frame may show a number that the log of the game does not hold.
RIGHT = {"default": 0.975, "legacy": 0.845}  # a hair below what is reached, for processors that round otherwise
WRONG = {"default": 0.022, "legacy": 0.065}
RIGHT_BY_CAMERA = {"default": 0.965, "legacy": 0.94}
WRONG_BY_CAMERA = {"default": 0.006, "legacy": 0.018}


def scorer(recordings: Path) -> Any:
    path = recordings.parents[1] / "tools" / "score_watch.py"
    if not path.exists():
        pytest.skip(f"no scorer at {path}")
    spec = importlib.util.spec_from_file_location("score_watch", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.recordings
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_recorded_game_is_read_from_its_first_note_to_its_winner(
    truth: Path, recordings: Path, tmp_path: Path
) -> None:
    with truth.open() as rows:
        header = json.loads(rows.readline())
        camera = any('"quad"' in row for row in rows)
    score = scorer(recordings)
    out = tmp_path / "watched.jsonl"
    video = truth.with_suffix(".mp4")
    command = [sys.executable, "-m", "kubeddr", "watch", str(video), "--jsonl", str(out), "--every-frame"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    result = score.score(score.load_truth(str(truth)), score.lines(str(out)))
    print(truth.stem, result["share"])  # noqa: T201 - the figure itself is what one runs this for
    for game in result["games"]:
        assert game["match_started"], game
        assert game["match_finished"], game
        assert game["finals_right"], game
        assert game["winner_right"], game
    assert result["share"]["right"] >= (RIGHT_BY_CAMERA if camera else RIGHT)[header["theme"]]
    assert result["share"]["wrong"] <= (WRONG_BY_CAMERA if camera else WRONG)[header["theme"]]
