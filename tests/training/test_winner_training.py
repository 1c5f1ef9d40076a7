"""The predictor's training, in its own environment: short, from end to end, and the same every time."""

from __future__ import annotations

import json
import random
import subprocess
from pathlib import Path

import pytest

from game.rules import RULES
from models.bundle import open_bundle
from models.checks import check_antisymmetry, check_range, follow
from models.matches import simulate
from models.winner import TrainedWinner

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".venv-train" / "bin" / "python"

SONG = """#TITLE:Trial;
#OFFSET:0;
#BPMS:0=120;
#NOTES:
     dance-single:
     :
     Hard:
     6:
     0:
{bars}
;
"""
BAR = "1000\n0100\n0010\n0001\n1000\n0100\n2000\n3000"


def train(out: Path, *more: str) -> dict[str, object]:
    done = subprocess.run(
        [PYTHON, "-m", "kubeddr", "train", "winner", "--smoke", "--out", out, "--tracking", out.parent / "runs", *more],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert isinstance(told, dict)
    return told


@pytest.mark.slow
@pytest.mark.skipif(not PYTHON.exists(), reason="training has an environment of its own: run `make test-train`")
def test_a_short_training_gives_the_same_conforming_bundle_twice(tmp_path: Path) -> None:
    songs = tmp_path / "songs" / "trial"
    songs.mkdir(parents=True)
    (songs / "trial.sm").write_text(SONG.format(bars="\n,\n".join([BAR] * 24)))
    told = train(tmp_path / "a.kubeddr", "--charts", str(songs.parent), "--card", str(tmp_path / "card"))
    again = train(tmp_path / "b.kubeddr", "--charts", str(songs.parent))
    assert told["digest"] == again["digest"]

    bundle = open_bundle(tmp_path / "a.kubeddr")
    bundle.self_test()
    predictor = TrainedWinner.of(bundle)
    states = list(follow(simulate(RULES["stepmania"], random.Random(1))))  # noqa: S311
    check_range(predictor, states)
    check_antisymmetry(predictor, states)

    card = (tmp_path / "card" / "winner-card.md").read_text()
    assert "1 leader frequency" in card
    assert "nan" not in card.lower().split("| 2 clinch")[0]
    assert {path.name for path in (tmp_path / "card").iterdir()} == {"winner-card.md", "winner.png"}
    assert list((tmp_path / "runs").rglob("winner-card.md"))
