"""Runs a bundle where nothing of this project is installed: MLflow's loader of an exported model.

It needs numpy and one of ai-edge-litert, tflite-runtime or tensorflow, and nothing else; so it is copied as it stands.
"""

from __future__ import annotations

import importlib
import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

RUNTIMES = (
    ("ai_edge_litert.interpreter", "Interpreter"),
    ("tflite_runtime.interpreter", "Interpreter"),
    ("tensorflow.lite", "Interpreter"),
)


class BundleModel:
    """The networks of a bundle, by role."""

    def __init__(self, path: Path) -> None:
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if name.endswith(".tflite")]
            self._networks = {name.removesuffix(".tflite"): archive.read(name) for name in names}
            self.goldens = archive.read("golden.npz")
        self._interpreter = _interpreter()

    def predict(self, model_input: Any, params: dict[str, Any] | None = None) -> dict[str, Any]:
        """Answers by role, float32.

        Args:
            model_input: arrays by role; or one array, or table, for the role that `params` names or the only one.
            params: {"role": ROLE}.
        """
        given = model_input
        if not isinstance(given, dict):
            role = (params or {}).get("role") or (next(iter(self._networks)) if len(self._networks) == 1 else None)
            if role is None:
                raise ValueError(f"Name a network by params={{'role': ...}}: {', '.join(sorted(self._networks))}.")
            given = {role: model_input}
        if unknown := set(given) - set(self._networks):
            raise ValueError(f"No network {', '.join(sorted(unknown))}; there are {', '.join(sorted(self._networks))}.")
        return {role: self._run(role, np.asarray(value, dtype=np.float32)) for role, value in given.items()}

    def check(self) -> float:
        """The largest difference to the golden answers, as a share of what is allowed: at most 1 when all is well."""
        worst = 0.0
        with zipfile.ZipFile(io.BytesIO(self.goldens)) as archive:
            parts = {name: np.load(io.BytesIO(archive.read(name)), allow_pickle=False) for name in archive.namelist()}
        for name, value in parts.items():
            stem, _, field = name.removesuffix(".npy").rpartition(".")
            if field == "given":
                answer = self._run(stem.rpartition(".")[0], value)
                off = float(np.max(np.abs(answer - parts[f"{stem}.expected.npy"])))
                worst = max(worst, off / float(parts[f"{stem}.tolerance.npy"].reshape(())))
        return worst

    def _run(self, role: str, given: Any) -> Any:
        network = self._interpreter(model_content=self._networks[role])
        asked = network.get_input_details()[0]
        network.resize_tensor_input(asked["index"], given.shape)
        network.allocate_tensors()
        network.set_tensor(asked["index"], _quantised(given, asked))
        network.invoke()
        told = network.get_output_details()[0]
        return _real(network.get_tensor(told["index"]), told)


def _load_pyfunc(path: str) -> BundleModel:
    """What MLflow calls: `path` is the bundle."""
    return BundleModel(Path(path))


def _interpreter() -> Any:
    for module, name in RUNTIMES:
        try:
            return getattr(importlib.import_module(module), name)
        except ImportError:
            continue
    raise ImportError("nothing here runs .tflite networks: pip install ai-edge-litert")


def _quantised(given: Any, detail: dict[str, Any]) -> Any:
    kind, (scale, zero) = detail["dtype"], detail["quantization"]
    if not scale:
        return np.asarray(given, dtype=kind)
    bounds = np.iinfo(kind)
    return np.clip(np.rint(np.asarray(given) / scale + zero), bounds.min, bounds.max).astype(kind)


def _real(answer: Any, detail: dict[str, Any]) -> Any:
    scale, zero = detail["quantization"]
    real = (answer.astype(np.float32) - zero) * scale if scale else answer
    return np.asarray(real, dtype=np.float32)
