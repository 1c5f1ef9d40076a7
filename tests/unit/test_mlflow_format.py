from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import yaml

from models import mlflow_format
from models.bundle import BUILTIN, BundleError, builtin
from models.mlflow_format import Facts, FormatError

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

FACTS = Facts("d1", "c0ffee", "# A card\n", {"seed": "7"}, {"ece": 0.01})
READER = BUILTIN / "reader.kubeddr"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    mlflow_format.write(tmp_path / "out", READER, FACTS)
    return tmp_path / "out"


def loader(folder: Path) -> ModuleType:
    """The loader as MLflow finds it: by the names in the MLmodel file, with nothing of this project around it."""
    flavour = yaml.safe_load((folder / "MLmodel").read_text(encoding="utf-8"))["flavors"]["python_function"]
    file = folder / flavour["code"] / f"{flavour['loader_module']}.py"
    spec = importlib.util.spec_from_file_location(flavour["loader_module"], file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_what_is_written_is_read_back(folder: Path) -> None:
    bundle, facts = mlflow_format.read(folder)
    assert bundle.read_bytes() == READER.read_bytes()
    assert facts == FACTS


def test_the_loader_runs_the_networks_as_we_do(folder: Path) -> None:
    described = yaml.safe_load((folder / "MLmodel").read_text(encoding="utf-8"))
    path = folder / described["flavors"]["python_function"]["data"]
    model: Any = loader(folder)._load_pyfunc(str(path))
    assert model.check() <= 1.0
    ours = builtin("reader")
    golden = ours.goldens[0]
    answer = model.predict({golden.role: golden.given})[golden.role]
    assert np.allclose(answer, ours.network(golden.role)(golden.given), atol=golden.tolerance)
    assert np.array_equal(model.predict(golden.given, {"role": golden.role})[golden.role], answer)
    with pytest.raises(ValueError, match="Name a network"):
        model.predict(golden.given)
    with pytest.raises(ValueError, match="No network nose"):
        model.predict({"nose": golden.given})


BAD: dict[str, tuple[str, str]] = {
    "no MLmodel": ("", "is no MLflow model"),
    "no YAML": ("{", "is no MLflow model"),
    "a list": ("[1, 2]", "has no bundle in it"),
    "another flavour": ("flavors: {sklearn: {data: model.pkl}}", "has no bundle in it"),
    "outside": ("flavors: {kubeddr: {data: ../reader.kubeddr}}", "lies outside"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_no_model_of_ours_is_refused(case: str, tmp_path: Path) -> None:
    text, reason = BAD[case]
    if text:
        (tmp_path / "MLmodel").write_text(text, encoding="utf-8")
    with pytest.raises(FormatError, match=reason):
        mlflow_format.read(tmp_path)


def test_a_damaged_bundle_and_a_folder_in_use_are_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="not empty"):
        mlflow_format.write(folder, READER, FACTS)
    (folder / "bundle.kubeddr").write_bytes(READER.read_bytes()[:-9])
    with pytest.raises(BundleError):
        mlflow_format.read(folder)
    with pytest.raises(BundleError):
        mlflow_format.write(tmp_path / "other", folder / "bundle.kubeddr", FACTS)
