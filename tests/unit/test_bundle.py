from __future__ import annotations

import hashlib
import io
import json
import time
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from models import bundle, runtime
from models.bundle import BundleError, Draft, Golden, SelfTestFailed
from models.bundle_format import MAX_MEMBER
from models.runtime import Network

if TYPE_CHECKING:
    from collections.abc import Callable

DATA = Path(__file__).parents[1] / "data"
NETWORKS = {"locator": (DATA / "tiny_float.tflite").read_bytes(), "line": (DATA / "tiny_int8.tflite").read_bytes()}
GIVEN = np.linspace(0, 1, 96, dtype=np.float32).reshape(1, 8, 12, 1)
Members = dict[str, bytes]


def draft() -> Draft:
    goldens = [Golden(role, GIVEN, Network(data)(GIVEN), 1e-4) for role, data in NETWORKS.items()]
    return Draft("reader", "tiny", "1.0", NETWORKS, goldens, {"alphabet": "0123456789,"}, {"seed": "5"})


def unzipped(data: bytes) -> Members:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(members: Members, compression: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def resealed(members: Members, **changed: bytes) -> bytes:
    """The members with some exchanged and a manifest that fits them."""
    names = {"golden": "golden.npz", "locator": "locator.tflite"}
    members = {**members, **{names[key]: data for key, data in changed.items()}}
    manifest = json.loads(members["manifest.json"])
    files = {name: data for name, data in members.items() if name != "manifest.json"}
    manifest["files"] = {n: {"size": len(d), "sha256": hashlib.sha256(d).hexdigest()} for n, d in files.items()}
    return zipped({**files, "manifest.json": json.dumps(manifest).encode()})


def npz(*arrays: object, allow_pickle: bool = False) -> bytes:
    out = io.BytesIO()
    names = ["line.0.given", "line.0.expected", "line.0.tolerance"]
    with zipfile.ZipFile(out, "w") as archive:
        for name, array in zip(names, arrays, strict=False):
            file = io.BytesIO()
            np.lib.format.write_array(file, np.asarray(array), version=(1, 0), allow_pickle=allow_pickle)
            archive.writestr(f"{name}.npy", file.getvalue())
    return out.getvalue()


def huge_claim() -> bytes:
    header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (1099511627776,), }\n"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("line.0.given.npy", b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header)
    return out.getvalue()


def test_what_is_written_is_read_back_and_passes_its_own_test(tmp_path: Path) -> None:
    path = tmp_path / "tiny.kubeddr"
    written = bundle.write(path, draft())
    opened = bundle.open_bundle(path)
    assert opened.digest == written.digest == hashlib.sha256(path.read_bytes()).hexdigest()
    assert opened.roles == ("line", "locator")
    assert opened.manifest.settings["alphabet"] == "0123456789,"
    opened.self_test()
    np.testing.assert_array_equal(opened.network("line")(GIVEN), Network(NETWORKS["line"])(GIVEN))


def test_the_same_content_gives_the_same_bytes_at_any_time(monkeypatch: pytest.MonkeyPatch) -> None:
    first = bundle.encode(draft())
    monkeypatch.setattr(time, "time", lambda: 2e9)
    turned = replace(draft(), networks=dict(reversed(NETWORKS.items())))
    assert bundle.encode(turned) == first


TAMPERED: list[tuple[str, Callable[[Members], bytes], str]] = [
    ("wrong hash", lambda m: zipped({**m, "line.tflite": m["line.tflite"][:-1] + b"!"}), "line.tflite is not what"),
    ("wrong size", lambda m: zipped({**m, "line.tflite": m["line.tflite"] + b"!"}), "line.tflite is not what"),
    ("file gone", lambda m: zipped({n: d for n, d in m.items() if n != "line.tflite"}), "differ: line.tflite"),
    ("no manifest", lambda m: zipped({n: d for n, d in m.items() if n != "manifest.json"}), "missing manifest.json"),
    ("no golden", lambda m: zipped({n: d for n, d in m.items() if n != "golden.npz"}), "missing golden.npz"),
    ("undeclared", lambda m: zipped({**m, "more.tflite": b"x"}), "differ: more.tflite"),
    ("path upwards", lambda m: zipped({**m, "../evil.tflite": b"x"}), "does not belong"),
    ("absolute path", lambda m: zipped({**m, "/etc/evil.tflite": b"x"}), "does not belong"),
    ("backslashes", lambda m: zipped({**m, "..\\evil.tflite": b"x"}), "does not belong"),
    ("a script", lambda m: zipped({**m, "setup.py": b"x"}), "does not belong"),
    ("too big", lambda m: zipped({**m, "big.tflite": bytes(MAX_MEMBER + 1)}), "allowed"),
    ("compressed", lambda m: zipped(m, zipfile.ZIP_DEFLATED), "compressed"),
    ("too many", lambda m: zipped({**m, **{f"n{i}.tflite": b"" for i in range(20)}}), "too many"),
    ("truncated", lambda m: zipped(m)[:-40], "does not belong"),  # the golden zip inside is found instead
    ("cut early", lambda m: zipped(m)[:900], "not a whole zip"),
    ("damaged inside", lambda m: zipped(m).replace(b"TFL3", b"TFL4", 1), "not a whole zip"),
    ("not a zip", lambda _: b"hello", "not a whole zip"),
    ("empty", lambda _: b"", "not a whole zip"),
    ("bad json", lambda m: zipped({**m, "manifest.json": b"{"}), "bad manifest.json"),
    ("json list", lambda m: zipped({**m, "manifest.json": b"[]"}), "bad manifest.json"),
    ("future schema", lambda m: zipped({**m, "manifest.json": m["manifest.json"].replace(b'": 1', b'": 9')}), "schema"),
    (
        "unknown kind",
        lambda m: zipped({**m, "manifest.json": m["manifest.json"].replace(b"reader", b"writer")}),
        "kind",
    ),
    ("pickle", lambda m: resealed(m, golden=npz(np.array([{}], dtype=object), allow_pickle=True)), "no pickles"),
    ("half a golden", lambda m: resealed(m, golden=npz(GIVEN)), "threes"),
    ("no goldens", lambda m: resealed(m, golden=npz()), "golden answers differ"),
    ("claims terabytes", lambda m: resealed(m, golden=huge_claim()), "claims shape"),
    ("golden is noise", lambda m: resealed(m, golden=b"noise"), "not an .npz"),
    ("anything goes", lambda m: resealed(m, golden=npz(GIVEN, GIVEN, np.inf)), "tolerance inf"),
]


@pytest.mark.parametrize(("spoil", "reason"), [row[1:] for row in TAMPERED], ids=[row[0] for row in TAMPERED])
def test_a_spoilt_bundle_is_refused_with_the_reason(
    tmp_path: Path, spoil: Callable[[Members], bytes], reason: str
) -> None:
    path = tmp_path / "spoilt.kubeddr"
    path.write_bytes(spoil(unzipped(bundle.encode(draft()))))
    with pytest.raises(BundleError, match=f"spoilt.kubeddr: .*{reason}"):
        bundle.open_bundle(path)


def test_wrong_golden_answers_fail_the_self_test_with_numbers() -> None:
    wrong = [replace(g, expected=g.expected + np.float32(0.25)) for g in draft().goldens]
    read = bundle.decode(bundle.encode(replace(draft(), goldens=wrong)))
    with pytest.raises(SelfTestFailed, match=r"off by 0\.25, allowed 0\.0001"):
        read.self_test()


def test_a_golden_of_another_shape_fails_the_self_test() -> None:
    wrong = [replace(g, expected=g.expected[:, :4]) for g in draft().goldens]
    with pytest.raises(SelfTestFailed, match="expected"):
        bundle.decode(bundle.encode(replace(draft(), goldens=wrong))).self_test()


def test_a_member_that_is_no_network_fails_the_self_test() -> None:
    read = bundle.decode(resealed(unzipped(bundle.encode(draft())), locator=b"no network"))
    with pytest.raises(BundleError, match=r"tiny: locator: not a \.tflite network"):
        read.self_test()


def test_an_untrusted_runtime_is_held_to_the_golden_answers_before_use(monkeypatch: pytest.MonkeyPatch) -> None:
    good = bundle.decode(bundle.encode(draft()))
    wrong = [replace(g, expected=g.expected + np.float32(0.25)) for g in draft().goldens]
    bad = bundle.decode(bundle.encode(replace(draft(), goldens=wrong)))
    bad.network("line")  # LiteRT is trusted
    legacy = replace(runtime.backend(), name="tflite-runtime", trusted=False)
    monkeypatch.setattr(bundle, "backend", lambda: legacy)
    good.network("line")
    with pytest.raises(SelfTestFailed, match="tflite-runtime"):
        bad.network("line")


@pytest.mark.parametrize(
    "change",
    [{"name": "Bad Name"}, {"version": ""}, {"networks": {"../x": b"y"}}, {"networks": {}}, {"goldens": []}],
    ids=lambda change: next(iter(change)),
)
def test_a_draft_that_could_not_be_read_back_is_not_written(tmp_path: Path, change: dict[str, object]) -> None:
    path = tmp_path / "x.kubeddr"
    with pytest.raises(BundleError):
        bundle.write(path, replace(draft(), **change))  # type: ignore[arg-type]
    assert not path.exists()


def test_a_role_or_builtin_that_is_not_there_is_named() -> None:
    with pytest.raises(BundleError, match="no network 'pad', only line, locator"):
        bundle.decode(bundle.encode(draft())).network("pad")
    with pytest.raises(BundleError, match="no built-in bundle 'nothing'"):
        bundle.builtin("nothing")


def test_a_file_that_is_not_there_is_an_error_in_words(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="No such file"):
        bundle.open_bundle(tmp_path / "gone.kubeddr")
