"""The training itself, in its own environment: too heavy for the suite, short enough for every landing."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from models.bundle import open_bundle

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".venv-train" / "bin" / "python"


def train(out: Path) -> dict[str, object]:
    done = subprocess.run(
        [PYTHON, "-m", "models.training.digits", "--smoke", "--out", out, "--version", "0.0.1"],
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
def test_a_short_training_gives_a_bundle_that_runs_and_learns(tmp_path: Path) -> None:
    told = train(tmp_path / "a.kubeddr")
    bundle = open_bundle(tmp_path / "a.kubeddr")
    bundle.self_test()
    assert bundle.roles == ("line", "locator")
    assert bundle.manifest.kind == "reader"
    assert bundle.digest == told["digest"]
    right = bundle.manifest.settings["digits_right"]
    assert isinstance(right, float)
    assert 0 <= right <= 1
