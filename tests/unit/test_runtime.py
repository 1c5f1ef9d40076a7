from __future__ import annotations

import sys
import types
from pathlib import Path

import numpy as np
import pytest

from models.runtime import SHAPES_KEPT, Network, NetworkError, backend

DATA = Path(__file__).parents[1] / "data"
FLOAT, INT8 = DATA / "tiny_float.tflite", DATA / "tiny_int8.tflite"
RNG = np.random.default_rng(1)


def picture(width: int = 12) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return RNG.random((1, 8, width, 1), dtype=np.float32)


def test_an_integer_network_answers_like_the_real_one_within_its_steps() -> None:
    given = picture()
    real, small = Network(FLOAT)(given), Network(INT8)(given)
    assert real.dtype == small.dtype == np.float32
    assert real.max() > 0.1
    assert np.abs(real - small).max() < 0.03


@pytest.mark.parametrize("path", [FLOAT, INT8])
def test_the_width_may_change_and_come_back(path: Path) -> None:
    network = Network(path.read_bytes())
    given = picture()
    before = network(given)
    for width in range(20, 20 + SHAPES_KEPT + 2):
        assert network(picture(width)).shape == (1, 8, width, 2)
    np.testing.assert_array_equal(network(given), before)


def test_answers_are_copies() -> None:
    network = Network(FLOAT)
    first = network(picture())
    kept = first.copy()
    network(picture())
    np.testing.assert_array_equal(first, kept)
    first[:] = -1
    assert network(picture()).min() >= 0


def test_bytes_in_a_picture_are_taken_as_numbers() -> None:
    given = (picture() > 0.5).astype(np.uint8)
    np.testing.assert_array_equal(Network(FLOAT)(given), Network(FLOAT)(given.astype(np.float32)))


@pytest.mark.parametrize("shape", [(8, 12, 1), (1, 8, 12, 3), (1, 0, 12, 1)])
def test_a_shape_that_does_not_fit_is_refused_with_both_shapes(shape: tuple[int, ...]) -> None:
    with pytest.raises(NetworkError, match=r"takes .*\(1, -1, -1, 1\).* not"):
        Network(FLOAT)(np.zeros(shape, np.float32))


@pytest.mark.parametrize("model", [b"", b"nonsense" * 40, Path("nowhere.tflite")])
def test_what_is_no_network_is_refused(model: bytes | Path) -> None:
    with pytest.raises(NetworkError):
        Network(model)


def test_the_legacy_runtime_steps_in_and_is_not_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = types.ModuleType("tflite_runtime.interpreter")
    fake.Interpreter = backend().interpreter  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    monkeypatch.setitem(sys.modules, "tflite_runtime", types.ModuleType("tflite_runtime"))
    monkeypatch.setitem(sys.modules, "tflite_runtime.interpreter", fake)
    assert (backend().name, backend().trusted) == ("tflite-runtime", False)
    assert Network(FLOAT)(picture()).shape == (1, 8, 12, 2)


def test_without_any_runtime_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    monkeypatch.setitem(sys.modules, "tflite_runtime", None)
    monkeypatch.setitem(sys.modules, "tflite_runtime.interpreter", None)
    with pytest.raises(NetworkError, match="install ai-edge-litert"):
        Network(FLOAT)
