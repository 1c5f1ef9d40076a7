"""Bundles on disk, each under its own digest: written aside, checked, made durable, and only then put in place."""

from __future__ import annotations

import hashlib
import os
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from contract.errors import ManifestError
from contract.ids import Sha256
from contract.manifest import MAX_BUNDLE, SUFFIX, Manifest
from control_plane.errors import RefusedError, TooLargeError
from control_plane.releases.inspect import inspect

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Stored:
    """A bundle in the store; `size` in bytes."""

    sha256: Sha256
    size: int
    manifest: Manifest


class Incoming:
    """A bundle that is arriving."""

    def __init__(self, descriptor: int, path: Path, store: BundleStore) -> None:
        self._file = os.fdopen(descriptor, "wb")
        self._path = path
        self._store = store
        self._digest = hashlib.sha256()
        self._size = 0

    def write(self, block: bytes) -> None:
        """Add bytes.

        Raises:
            TooLargeError: more than a bundle may have.
        """
        self._size += len(block)
        if self._size > MAX_BUNDLE:
            raise TooLargeError(f"A bundle may have {MAX_BUNDLE} bytes; this one has more.")
        self._digest.update(block)
        self._file.write(block)

    def keep(self) -> Stored:
        """Check what has arrived and put it in place; what is there already stays.

        Raises:
            RefusedError: it is not a bundle.
        """
        self._file.flush()
        try:
            manifest = inspect(self._path)
        except ManifestError as error:
            raise RefusedError(f"This is not a model bundle that devices could use: {error}.") from error
        os.fsync(self._file.fileno())
        sha256 = Sha256(self._digest.hexdigest())
        self._path.replace(self._store.path(sha256))
        folder = os.open(self._store.root, os.O_RDONLY)
        try:
            os.fsync(folder)  # so that the name outlasts a power cut as the bytes do
        finally:
            os.close(folder)
        return Stored(sha256, self._size, manifest)

    def discard(self) -> None:
        """Close, and remove what was not kept."""
        self._file.close()
        self._path.unlink(missing_ok=True)


class BundleStore:
    """A folder of bundles named by their digest."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)
        for left in root.glob(".incoming-*"):  # of an upload that was cut off with the program
            left.unlink(missing_ok=True)

    def path(self, sha256: Sha256) -> Path:
        """Where the bundle of that digest is, or would be."""
        return self.root / f"{sha256}{SUFFIX}"

    @contextmanager
    def incoming(self) -> Iterator[Incoming]:
        """A new bundle; it is gone at the end unless it was kept."""
        descriptor, name = tempfile.mkstemp(prefix=".incoming-", dir=self.root)
        bundle = Incoming(descriptor, Path(name), self)
        try:
            yield bundle
        finally:
            bundle.discard()
