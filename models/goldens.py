"""Golden answers: what a network must say on given inputs, kept as an .npz file without pickles."""

from __future__ import annotations

import ast
import io
import math
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib import format as npy

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

_EPOCH = (1980, 1, 1, 0, 0, 0)
_FIELDS = ("given", "expected", "tolerance")
_KINDS = {"float32", "float64", "int8", "uint8", "int16", "int32", "int64"}


# whatever reading a damaged or hostile file may raise; ast raises the last two on deep nesting
_DAMAGE = (
    zipfile.BadZipFile,
    EOFError,
    OSError,
    ValueError,
    TypeError,
    LookupError,
    SyntaxError,
    RuntimeError,
    MemoryError,
)


class GoldenError(Exception):
    """The file does not hold golden answers; the text says why."""


@dataclass(frozen=True, slots=True, eq=False)
class Golden:
    """One question and its answer.

    Attributes:
        role: which network is asked.
        given: the input, real values.
        expected: the answer, real values.
        tolerance: how far any number of the answer may be off, absolute.
    """

    role: str
    given: NDArray[Any]
    expected: NDArray[Any]
    tolerance: float


def pack(goldens: Sequence[Golden]) -> bytes:
    """The answers as .npz bytes with members `ROLE.NUMBER.FIELD.npy`; the same answers give the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for number, golden in enumerate(goldens):
            for name, value in zip(_FIELDS, (golden.given, golden.expected, golden.tolerance), strict=True):
                file = io.BytesIO()
                npy.write_array(file, np.ascontiguousarray(value), version=(1, 0), allow_pickle=False)
                info = zipfile.ZipInfo(f"{golden.role}.{number}.{name}.npy", _EPOCH)
                info.create_system = 3
                archive.writestr(info, file.getvalue())
    return out.getvalue()


def unpack(data: bytes) -> tuple[Golden, ...]:
    """The answers in .npz bytes. Arrays never exceed the bytes that are there, and pickles are refused.

    Raises:
        GoldenError: not as `pack` writes it.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if any(info.compress_type != zipfile.ZIP_STORED for info in archive.infolist()):
                raise GoldenError("compressed; members are stored")
            arrays = {info.filename: _array(archive.read(info)) for info in archive.infolist()}
        return tuple(_assemble(arrays))
    except _DAMAGE as error:
        raise GoldenError(f"not an .npz file: {error}") from error


def _array(data: bytes) -> NDArray[Any]:
    """One .npy member, read by its header alone: `np.load` would believe a header that claims terabytes."""
    file = io.BytesIO(data)
    if npy.read_magic(file) != (1, 0):
        raise GoldenError("array format is not 1.0")
    length = int.from_bytes(file.read(2), "little")
    header = ast.literal_eval(file.read(length).decode("latin1"))
    kind = np.dtype(header["descr"])
    shape = tuple(int(n) for n in header["shape"])
    body = file.read()
    if kind.name not in _KINDS or header["fortran_order"]:
        raise GoldenError(f"array of {kind.name}: only plain numbers in C order, no pickles")
    if min(shape, default=0) < 0 or math.prod(shape) * kind.itemsize != len(body):
        raise GoldenError(f"array claims shape {shape} and has {len(body)} bytes")
    return np.frombuffer(body, kind).reshape(shape)


def _assemble(arrays: dict[str, NDArray[Any]]) -> Iterable[Golden]:
    stems = sorted({name.rsplit(".", 2)[0] for name in arrays}, key=lambda stem: int(stem.rpartition(".")[2]))
    if len(arrays) != len(stems) * len(_FIELDS):
        raise GoldenError("members do not come in threes")
    for stem in stems:
        try:
            given, expected, tolerance = (arrays[f"{stem}.{name}.npy"] for name in _FIELDS)
        except KeyError as error:
            raise GoldenError(f"missing {error.args[0]}") from error
        if not math.isfinite(allowed := float(tolerance.reshape(()))):
            raise GoldenError(f"tolerance {allowed}")
        yield Golden(stem.rpartition(".")[0], given, expected, allowed)
