from __future__ import annotations

import hashlib
import json
import zipfile
from typing import TYPE_CHECKING

import pytest

from contract.manifest import MAX_BUNDLE
from control_plane.errors import RefusedError, TooLargeError
from control_plane.releases.store import BundleStore
from tests.cloud_bundle import bundle_bytes, zip_bytes

if TYPE_CHECKING:
    from pathlib import Path

    from control_plane.releases.store import Stored


def keep(store: BundleStore, data: bytes) -> Stored:
    with store.incoming() as incoming:
        for start in range(0, len(data), 1000):
            incoming.write(data[start : start + 1000])
        return incoming.keep()


def test_a_bundle_is_kept_under_its_digest(tmp_path: Path) -> None:
    store, data = BundleStore(tmp_path / "bundles"), bundle_bytes()
    stored = keep(store, data)
    assert stored.sha256 == hashlib.sha256(data).hexdigest()
    assert (stored.size, stored.manifest.name) == (len(data), "reader")
    assert store.path(stored.sha256).read_bytes() == data
    assert keep(store, data) == stored
    assert len(list(store.root.iterdir())) == 1


MANIFEST = json.dumps({"kind": "reader", "name": "a", "version": "1", "schema": 1, "files": {}}).encode()
GOOD = bundle_bytes()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "zip"),
        (b"PK\x03\x04 but no more", "zip"),
        (GOOD[:-30], "zip"),
        (GOOD.replace(b"tflitetflite", b"tflitetfLite", 1), "zip"),
        (zip_bytes({"golden.npz": b""}), "no manifest.json"),
        (zip_bytes({"manifest.json": b"{}"}), "kind"),
        (zip_bytes({"manifest.json": MANIFEST}), "files"),
        (bundle_bytes(kind="toaster"), "neither reader nor winner"),
        (bundle_bytes(schema=9), "newer"),
        (bundle_bytes(files={"line.tflite": {"size": 1, "sha256": "0" * 64}}), "golden.npz"),
        (
            bundle_bytes(
                files={
                    "line.tflite": {"size": 3000, "sha256": "0" * 64},
                    "golden.npz": {"size": 3, "sha256": hashlib.sha256(b"npz").hexdigest()},
                }
            ),
            "line.tflite is not what the manifest says",
        ),
        (zip_bytes({"manifest.json": MANIFEST, "../evil": b"x"}), "does not belong"),
        (zip_bytes({"manifest.json": MANIFEST, "bomb": bytes(10**6)}, zipfile.ZIP_DEFLATED), "compressed"),
        (zip_bytes({f"m{number}": b"" for number in range(40)}), "members"),
    ],
)
def test_what_is_no_bundle_is_refused_with_the_reason_and_leaves_nothing(
    tmp_path: Path, data: bytes, reason: str
) -> None:
    store = BundleStore(tmp_path)
    with pytest.raises(RefusedError, match=reason):
        keep(store, data)
    assert list(tmp_path.iterdir()) == []


def test_a_bundle_without_end_is_cut_off(tmp_path: Path) -> None:
    store = BundleStore(tmp_path)
    written = []

    def pour() -> None:
        with store.incoming() as incoming:
            while True:
                incoming.write(bytes(1 << 20))
                written.append(1 << 20)

    with pytest.raises(TooLargeError):
        pour()
    assert sum(written) == MAX_BUNDLE
    assert list(tmp_path.iterdir()) == []


def test_what_an_upload_left_behind_is_cleared_at_the_next_start(tmp_path: Path) -> None:
    store = BundleStore(tmp_path)
    stored = keep(store, GOOD)
    (tmp_path / ".incoming-x").write_bytes(b"half")
    assert BundleStore(tmp_path).path(stored.sha256).is_file()
    assert len(list(tmp_path.iterdir())) == 1
