"""Runs a .tflite network, in real numbers on both sides, whatever numbers it computes with inside."""

from __future__ import annotations

import importlib
import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

BACKENDS = (("litert", "ai_edge_litert.interpreter"), ("tflite-runtime", "tflite_runtime.interpreter"))
SHAPES_KEPT = 8  # each shape keeps its own arena; a reader knows a handful of widths


class NetworkError(Exception):
    """A network cannot be loaded or cannot take this input; the text says why."""


@dataclass(frozen=True, slots=True)
class Backend:
    """The library that runs networks here.

    Attributes:
        name: "litert" or "tflite-runtime".
        interpreter: the library's Interpreter class.
        trusted: False when answers have to be held against golden ones first: tflite-runtime answers
            wrongly, and without a word, on networks made by newer converters.
    """

    name: str
    interpreter: Any
    trusted: bool


def backend() -> Backend:
    """The first runtime that is installed, LiteRT before tflite-runtime.

    Raises:
        NetworkError: neither is installed.
    """
    for name, module in BACKENDS:
        try:
            found = importlib.import_module(module)
        except ImportError:
            continue
        return Backend(name, found.Interpreter, trusted=name == "litert")
    raise NetworkError("no runtime for .tflite networks: install ai-edge-litert, or kubeddr[legacy-runtime]")


class Network:
    """One network with one input and one output.

    Calling it takes an array of the network's rank and returns float32, always a copy. Integer networks are quantised
    and dequantised here, so the caller sees real values only. The input is resized when the shape changes, and the last
    few shapes stay prepared. Calls from several threads wait for each other.

    Args:
        model: the bytes of a .tflite file, or its path.
        num_threads: threads of one call; one, because the device has other work.

    Raises:
        NetworkError: no runtime, not a network, or more than one input or output.
    """

    def __init__(self, model: bytes | Path | str, *, num_threads: int = 1) -> None:
        try:
            self._model = model if isinstance(model, bytes) else Path(model).read_bytes()
        except OSError as error:
            raise NetworkError(f"cannot read {model!r}: {error.strerror}") from error
        self._threads = num_threads
        self._backend = backend()
        self._prepared: OrderedDict[tuple[int, ...], Any] = OrderedDict()
        self._lock = threading.Lock()
        first = self._interpreter()
        inputs, outputs = first.get_input_details(), first.get_output_details()
        if len(inputs) != 1 or len(outputs) != 1:
            raise NetworkError(f"a network has one input and one output; this has {len(inputs)} and {len(outputs)}")
        self._input, self._output = inputs[0], outputs[0]

    @property
    def input_shape(self) -> tuple[int, ...]:
        """The input's shape, -1 where it is free."""
        signature = self._input.get("shape_signature", ())
        return tuple(int(n) for n in (signature if len(signature) else self._input["shape"]))

    def __call__(self, values: NDArray[Any]) -> NDArray[np.float32]:
        """Run the network on real values.

        Raises:
            NetworkError: the shape does not fit the network.
        """
        expected = self.input_shape
        if values.ndim != len(expected) or (expected and values.shape[-1] != expected[-1] != -1) or values.size == 0:
            raise NetworkError(f"the network takes {expected} (-1 is free), not {values.shape}")
        with self._lock:
            interpreter = self._prepare(values.shape)
            interpreter.set_tensor(self._input["index"], _quantised(values, self._input))
            interpreter.invoke()
            answer = interpreter.get_tensor(self._output["index"])  # get_tensor copies
        return _dequantised(answer, self._output)

    def _interpreter(self) -> Any:
        try:
            return self._backend.interpreter(model_content=self._model, num_threads=self._threads)
        except (ValueError, RuntimeError) as error:
            raise NetworkError(f"not a .tflite network: {error}") from error

    def _prepare(self, shape: tuple[int, ...]) -> Any:
        if shape in self._prepared:
            self._prepared.move_to_end(shape)
            return self._prepared[shape]
        interpreter = self._interpreter()
        try:
            interpreter.resize_tensor_input(self._input["index"], shape)
            interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise NetworkError(f"the network takes {self.input_shape}, not {shape}: {error}") from error
        self._prepared[shape] = interpreter
        if len(self._prepared) > SHAPES_KEPT:
            self._prepared.popitem(last=False)
        return interpreter


def _quantised(values: NDArray[Any], detail: dict[str, Any]) -> NDArray[Any]:
    kind = np.dtype(detail["dtype"])
    scale, zero = detail["quantization"]
    if kind.kind not in "iu" or not scale:
        return np.ascontiguousarray(values, dtype=kind)
    bounds = np.iinfo(kind)
    steps = np.rint(values.astype(np.float32) / np.float32(scale)) + zero
    return np.ascontiguousarray(np.clip(steps, bounds.min, bounds.max).astype(kind))


def _dequantised(values: NDArray[Any], detail: dict[str, Any]) -> NDArray[np.float32]:
    scale, zero = detail["quantization"]
    real = values.astype(np.float32)
    if np.dtype(detail["dtype"]).kind not in "iu" or not scale:
        return real
    return (real - np.float32(zero)) * np.float32(scale)
