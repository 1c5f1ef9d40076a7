"""What a cluster would be asked for, as kustomize builds it, and how a test finds its way through it."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
OVERLAYS = ("single", "ha")
COMPONENTS = ("monitoring", "retraining", "retraining-argo")

Document = dict[str, Any]
Documents = list[Document]


def needed(program: str) -> str:
    """Where a program is; without it the test is skipped, or fails where everything has to be checked."""
    found = shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin")
    if found is None and os.environ.get("KUBEDDR_CHECK_DEPLOY"):
        pytest.fail(f"{program} is not on this machine")
    if found is None:
        pytest.skip(f"{program} is not on this machine")
    return found


@functools.cache
def built(folder: Path) -> str:
    """What kustomize makes of a folder."""
    command = [needed("kubectl"), "kustomize", str(folder)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def overlay(name: str, scratch: Path) -> Documents:
    """An overlay with every component in it, as somebody would add them."""
    folder = scratch / name
    if not folder.is_dir():
        shutil.copytree(ROOT / "k3s", scratch, dirs_exist_ok=True)
        for each in OVERLAYS:
            file = scratch / "overlays" / each / "kustomization.yaml"
            listed = "".join(f"\n  - ../../components/{component}" for component in COMPONENTS)
            file.write_text(f"{file.read_text()}components:{listed}\n")
    return list(yaml.safe_load_all(built(scratch / "overlays" / name)))


def flux() -> Documents:
    return list(yaml.safe_load_all((ROOT / "k3s" / "flux" / "kubeddr.yaml").read_text()))


def named(documents: Documents, kind: str, name: str) -> Document:
    return next(d for d in documents if d["kind"] == kind and d["metadata"]["name"] == name)


def templates(documents: Documents) -> dict[str, Document]:
    """The pod templates, by kind and name."""
    found: dict[str, Document] = {}
    for document in documents:
        if document["kind"] == "WorkflowTemplate":
            found |= _steps(document)
            continue
        spec = document.get("spec", {})
        spec = spec["jobTemplate"]["spec"] if document["kind"] == "CronJob" else spec
        if "containers" in spec.get("template", {}).get("spec", {}):
            found[f"{document['kind']} {document['metadata']['name']}"] = spec["template"]
    return found


def _steps(workflow: Document) -> dict[str, Document]:
    """The pods that a workflow of Argo starts, one for each of its steps."""
    spec = workflow["spec"]
    name = f"WorkflowTemplate {workflow['metadata']['name']}"
    return {
        f"{name}-{step['name']}": {
            "metadata": spec["podMetadata"],
            "spec": {**spec, "containers": [step["container"]]},
        }
        for step in spec["templates"]
        if "container" in step
    }


def containers(pod: Document) -> Documents:
    return [*pod.get("initContainers", []), *pod["containers"]]
