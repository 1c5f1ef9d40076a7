"""A bundle that holds together, made without loading or needing a model."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from typing import Any


def bundle_bytes(name: str = "reader", version: str = "2", network: bytes = b"tflite" * 500, **changes: Any) -> bytes:
    """The bytes of a bundle; `changes` replace fields of its manifest."""
    members = {"line.tflite": network, "golden.npz": b"npz"}
    files = {each: {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()} for each, data in members.items()}
    manifest = {"kind": "reader", "name": name, "version": version, "schema": 1, "files": files} | changes
    return zip_bytes({"manifest.json": json.dumps(manifest).encode()} | members)


def zip_bytes(members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    """A zip file of these members."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(
                zipfile.ZipInfo(name), data, compression
            )  # without the time: the same members, the same bytes
    return out.getvalue()
