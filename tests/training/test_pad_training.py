"""The training of the pad network, in its own environment: short, and what comes out is a bundle that runs."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from models.bundle import open_bundle

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".venv-train" / "bin" / "python"


@pytest.mark.slow
@pytest.mark.skipif(not PYTHON.exists(), reason="training has an environment of its own: run `make test-train`")
def test_a_short_training_gives_a_bundle_that_runs(tmp_path: Path) -> None:
    out = tmp_path / "pad.kubeddr"
    done = subprocess.run(
        [PYTHON, "-m", "models.training.pad", "--smoke", "--out", out, "--version", "0.0.1"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout.splitlines()[-1])
    bundle = open_bundle(out)
    bundle.self_test()
    assert bundle.manifest.kind == "pad"
    assert bundle.roles == ("detector",)
    assert bundle.digest == told["digest"]
    assert 0 <= told["panel_ap50"] <= 1
