"""The documents of The Update Framework in a folder: read as one consistent set, signed, and written whole."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, Targets, Timestamp

from contract.trust import ROLE
from control_plane.errors import StartError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from securesystemslib.signer import CryptoSigner

    from control_plane.releases.keys import Ring

ROOT, TARGETS, SNAPSHOT, TIMESTAMP = "root", "targets", "snapshot", "timestamp"
ORDER = (ROOT, TARGETS, ROLE, SNAPSHOT, TIMESTAMP)  # in which they are written: each names what came before
LIVES = {
    ROOT: timedelta(days=730),
    TARGETS: timedelta(days=365),
    ROLE: timedelta(days=180),
    SNAPSHOT: timedelta(days=30),
    TIMESTAMP: timedelta(days=7),
}


@dataclass(frozen=True, slots=True)
class Documents:
    """One of each role, as they belong together; what is inside them is changed in place before it is signed."""

    root: Metadata[Root]
    targets: Metadata[Targets]
    models: Metadata[Targets]
    snapshot: Metadata[Snapshot]
    timestamp: Metadata[Timestamp]

    def __getitem__(self, role: str) -> Metadata[Any]:
        named: dict[str, Metadata[Any]] = {ROOT: self.root, TARGETS: self.targets, ROLE: self.models}
        named |= {SNAPSHOT: self.snapshot, TIMESTAMP: self.timestamp}
        return named[role]

    def keys(self, role: str) -> list[str]:
        """The ids of the keys that sign for a role now."""
        return list(self._role(role).keyids)

    def threshold(self, role: str) -> int:
        """How many of them have to."""
        return int(self._role(role).threshold)

    def holder(self, role: str) -> Root | Targets:
        """Which document says whose keys count for a role."""
        return self.targets.signed if role == ROLE else self.root.signed

    def _role(self, role: str) -> Any:
        if role != ROLE:
            return self.root.signed.roles[role]
        delegations = self.targets.signed.delegations
        if delegations is None or delegations.roles is None:
            raise StartError("The signed metadata delegates no models. Restore it from a backup.")
        return delegations.roles[ROLE]


class Folder:
    """Where the documents are: VERSION.ROLE.json, and timestamp.json, which names the rest and is written last."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def load(self) -> Documents:
        """The set that the timestamp names; what was written beyond it and never named is written over later.

        Raises:
            StartError: it is damaged.
        """
        try:
            timestamp = Metadata[Timestamp].from_file(str(self.path / f"{TIMESTAMP}.json"))
            snapshot = Metadata[Snapshot].from_file(self._file(SNAPSHOT, timestamp.signed.snapshot_meta.version))
            meta = snapshot.signed.meta
            targets = Metadata[Targets].from_file(self._file(TARGETS, meta[f"{TARGETS}.json"].version))
            models = Metadata[Targets].from_file(self._file(ROLE, meta[f"{ROLE}.json"].version))
            return Documents(self.root(), targets, models, snapshot, timestamp)
        except (RepositoryError, OSError, KeyError, ValueError) as error:
            raise StartError(
                f"The signed metadata in {self.path} cannot be read ({error}). Restore it from a backup."
            ) from error

    def root(self) -> Metadata[Root]:
        """The newest root."""
        return Metadata[Root].from_file(str(self.newest_root()))

    def newest_root(self) -> Path:
        """Its file.

        Raises:
            StartError: there is none.
        """
        found = max(self.path.glob("*.root.json"), key=lambda path: int(path.name.partition(".")[0]), default=None)
        if found is None:
            raise StartError(f"There is no root in {self.path}. Restore it from a backup.")
        return found

    def write(self, role: str, document: Metadata[Any]) -> None:
        """Put a document in place; after a power cut it is there whole, or not at all."""
        self.path.mkdir(parents=True, exist_ok=True)
        name = f"{role}.json" if role == TIMESTAMP else f"{document.signed.version}.{role}.json"
        new = self.path / f".{name}.new"
        with new.open("wb") as file:
            file.write(document.to_bytes())
            file.flush()
            os.fsync(file.fileno())
        new.replace(self.path / name)
        folder = os.open(self.path, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _file(self, role: str, version: int) -> str:
        return str(self.path / f"{version}.{role}.json")


@dataclass(frozen=True, slots=True)
class Pen:
    """Signs.

    Attributes:
        ring: the keys that are here.
        without: a key that must sign nothing any more.
    """

    ring: Ring
    without: str = ""

    def sign(self, folder: Folder, documents: Documents, changed: Iterable[str], now: datetime | None = None) -> None:
        """Sign what has changed, and a snapshot and a timestamp that say so; write the timestamp last.

        Raises:
            RefusedError: a key is missing; nothing was written.
        """
        now = (now or datetime.now(UTC)).replace(microsecond=0)
        roles = [role for role in ORDER if role in {*changed, SNAPSHOT, TIMESTAMP}]
        signers = {role: self._signers(documents, role) for role in roles}
        if ROOT in roles and any(folder.path.glob("*.root.json")):
            # devices go from one root to the next only when the keys of the old one agree
            old = folder.root().signed.roles[ROOT]
            signers[ROOT] += self._usable(ROOT, old.keyids, old.threshold)
        for role in roles:
            document = documents[role]
            document.signed.version += 1
            document.signed.expires = now + LIVES[role]
            if role == SNAPSHOT:
                for part in (TARGETS, ROLE):
                    documents.snapshot.signed.meta[f"{part}.json"] = MetaFile(documents[part].signed.version)
            if role == TIMESTAMP:
                documents.timestamp.signed.snapshot_meta = MetaFile(documents.snapshot.signed.version)
            document.signatures.clear()
            for signer in {each.public_key.keyid: each for each in signers[role]}.values():
                document.sign(signer, append=True)
            folder.write(role, document)

    def _signers(self, documents: Documents, role: str) -> list[CryptoSigner]:
        return self._usable(role, documents.keys(role), documents.threshold(role))

    def _usable(self, role: str, keys: Iterable[str], threshold: int) -> list[CryptoSigner]:
        return self.ring.signers(role, [key for key in keys if key != self.without], threshold)
