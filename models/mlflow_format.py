"""A bundle as an MLflow model: a folder with an `MLmodel` file and a Python-function flavour, both ways.

MLmodel             YAML: flavours `python_function` and `kubeddr`, and what the registry knows, as metadata
bundle.kubeddr      the bundle, byte for byte
code/               the loader, which needs nothing of this project
requirements.txt    what the loader needs
"""

from __future__ import annotations

import hashlib
import shutil
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from models import pyfunc
from models.bundle import Bundle, BundleError, open_bundle

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE, DATA, CODE = "MLmodel", "bundle.kubeddr", "code"
LOADER = "kubeddr_pyfunc"
REQUIREMENTS = ("numpy", "ai-edge-litert")
MLFLOW = "3.0.0"  # the first whose layout this is
MOST = 1 << 20  # bytes of an MLmodel file


class FormatError(Exception):
    """A folder is no model that can be taken in; the text says why."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a model besides its bundle."""

    data: str = ""
    code: str = ""
    card: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)


def write(folder: Path, bundle: Path, facts: Facts) -> None:
    """Write a bundle as an MLflow model.

    Raises:
        FormatError: the folder is there and not empty.
        BundleError: it is no bundle.
        OSError: the folder cannot be written.
    """
    opened = open_bundle(bundle)
    if folder.exists() and any(folder.iterdir()):
        raise FormatError(f"{folder} is there and not empty: name a new folder.")
    (folder / CODE).mkdir(parents=True)
    shutil.copyfile(bundle, folder / DATA)
    shutil.copyfile(Path(pyfunc.__file__), folder / CODE / f"{LOADER}.py")
    (folder / "requirements.txt").write_text("\n".join(REQUIREMENTS) + "\n", encoding="utf-8")
    (folder / FILE).write_text(yaml.safe_dump(_described(opened, facts), sort_keys=False), encoding="utf-8")


def read(folder: Path) -> tuple[Path, Facts]:
    """The bundle in an MLflow model, and what the model says of it.

    Raises:
        FormatError: it is no MLflow model with a bundle in it.
        BundleError: the bundle is damaged.
    """
    try:
        with (folder / FILE).open("rb") as file:
            described = yaml.safe_load(file.read(MOST))
    except (OSError, yaml.YAMLError) as error:
        raise FormatError(f"{folder} is no MLflow model: its {FILE} file cannot be read.") from error
    flavours = _table(_table(described).get("flavors"))
    data = _table(flavours.get("kubeddr")).get("data") or _table(flavours.get("python_function")).get("data")
    if not isinstance(data, str) or not data.endswith(".kubeddr"):
        raise FormatError(f"{folder} has no bundle in it: only models with a *.kubeddr file are taken in.")
    bundle = (folder / data).resolve()
    if not bundle.is_relative_to(folder.resolve()):
        raise FormatError(f"{folder}: its bundle lies outside of it.")
    open_bundle(bundle)
    known = _table(_table(_table(described).get("metadata")).get("kubeddr"))
    return bundle, _facts(known)


def _described(bundle: Bundle, facts: Facts) -> dict[str, Any]:
    manifest = bundle.manifest
    told = {
        "kind": manifest.kind,
        "name": manifest.name,
        "version": manifest.version,
        "sha256": bundle.digest,
        "data": facts.data,
        "code": facts.code,
        "parameters": dict(facts.parameters),
        "metrics": dict(facts.metrics),
        "card": facts.card,
    }
    return {
        "flavors": {
            "python_function": {
                "loader_module": LOADER,
                "code": CODE,
                "data": DATA,
                "env": {"virtualenv": "requirements.txt"},
                "python_version": "3.11",
            },
            "kubeddr": {"data": DATA, "networks": list(bundle.roles)},
        },
        "metadata": {"kubeddr": told},
        "mlflow_version": MLFLOW,
        "model_uuid": uuid.UUID(hashlib.sha256(bundle.digest.encode()).hexdigest()[:32]).hex,
        "utc_time_created": datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f"),
    }


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _facts(known: Mapping[str, Any]) -> Facts:
    metrics = {str(name): value for name, value in _table(known.get("metrics")).items()}
    return Facts(
        data=str(known.get("data") or ""),
        code=str(known.get("code") or ""),
        card=str(known.get("card") or ""),
        parameters={str(name): str(value) for name, value in _table(known.get("parameters")).items()},
        metrics={name: float(value) for name, value in metrics.items() if isinstance(value, int | float)},
    )


__all__ = ["BundleError", "Facts", "FormatError", "read", "write"]
