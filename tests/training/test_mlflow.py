"""MLflow itself runs an exported model, in the environment that has it and from a folder where nothing of ours is."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from models import mlflow_format
from models.bundle import BUILTIN
from models.mlflow_format import Facts

PYTHON = Path(__file__).resolve().parents[2] / ".venv-train" / "bin" / "python"
SCRIPT = """
import io, sys, zipfile
import mlflow, numpy
model = mlflow.pyfunc.load_model(sys.argv[1])
with zipfile.ZipFile(sys.argv[1] + "/bundle.kubeddr") as bundle:
    goldens = numpy.load(io.BytesIO(bundle.read("golden.npz")))
for name in goldens.files:
    stem, _, field = name.rpartition(".")
    if field == "given":
        role = stem.partition(".")[0]
        off = numpy.abs(model.predict({role: goldens[name]})[role] - goldens[stem + ".expected"]).max()
        assert off <= goldens[stem + ".tolerance"], (name, off)
print(model.metadata.metadata["kubeddr"]["metrics"])
"""


@pytest.mark.slow
@pytest.mark.skipif(not PYTHON.exists(), reason="training has an environment of its own: run `make test-train`")
@pytest.mark.parametrize("kind", ["reader", "winner"])
def test_an_exported_model_gives_its_golden_answers_in_mlflow(kind: str, tmp_path: Path) -> None:
    mlflow_format.write(tmp_path / "model", BUILTIN / f"{kind}.kubeddr", Facts(metrics={"ece": 0.01}))
    done = subprocess.run(
        [PYTHON, "-c", SCRIPT, tmp_path / "model"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.splitlines()[-1] == "{'ece': 0.01}"
