"""Which models are signed, and with whose keys: the operations on the signed metadata.

Three root keys, of which two are needed, and one for `targets` are kept offline. `targets` names nothing itself and
delegates `models/*` to the role `models`. The keys of that, of `snapshot` and of `timestamp` are here and sign by
themselves. Nothing is held in memory, so a control plane that runs sees what a command has changed.
"""

from __future__ import annotations

import fcntl
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tuf.api.metadata import (
    DelegatedRole,
    Delegations,
    Metadata,
    Root,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)

from contract.trust import ROLE
from control_plane.errors import ConflictError, NotFoundError, RefusedError
from control_plane.releases.documents import LIVES, ORDER, ROOT, SNAPSHOT, TARGETS, TIMESTAMP, Documents, Folder, Pen
from control_plane.releases.keys import SHOWN, Ring

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from contract.ids import Sha256

ROOT_KEYS, ROOT_THRESHOLD = 3, 2
OFFLINE = (ROOT, TARGETS)
# what has to be signed anew, besides snapshot and timestamp, when a role gets another key
RESIGNED = {ROOT: (ROOT,), TARGETS: (ROOT, TARGETS), ROLE: (TARGETS, ROLE), SNAPSHOT: (ROOT,), TIMESTAMP: (ROOT,)}


@dataclass(frozen=True, slots=True)
class Signed:
    """A bundle that devices may run, as the metadata names it; `size` in bytes."""

    sha256: Sha256
    size: int
    kind: str
    name: str
    version: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How a role stands: its keys, how many of them sign, the version of its document and when that ends."""

    role: str
    keys: tuple[str, ...]
    threshold: int
    version: int
    expires: datetime
    offline: bool


class Repository:
    """A folder: `metadata/` is what devices see, `keys/` has the keys that sign by themselves."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.metadata = folder / "metadata"
        self._online = folder / "keys"
        self._documents = Folder(self.metadata)

    @property
    def there(self) -> bool:
        """Whether it has been made."""
        return (self.metadata / f"{TIMESTAMP}.json").is_file()

    def create(self, offline: Path) -> None:
        """Make all keys, those that belong offline in `offline`, and sign that there are no models yet.

        Raises:
            ConflictError: it is there already.
        """
        with self._locked():
            if self.there:
                raise ConflictError("Models are signed here already: `kubeddr keys status` shows with which keys.")
            for left in (*self._online.glob("*.pem"), *self.metadata.glob("*.json")):  # of a beginning that was cut off
                left.unlink()
            ring = Ring([])
            root, targets = Root(consistent_snapshot=True), Targets()
            for _ in range(ROOT_KEYS):
                root.add_key(ring.make(offline, ROOT), ROOT)
            root.roles[ROOT].threshold = ROOT_THRESHOLD
            root.add_key(ring.make(offline, TARGETS), TARGETS)
            for role in (SNAPSHOT, TIMESTAMP):
                root.add_key(ring.make(self._online, role), role)
            key = ring.make(self._online, ROLE)
            delegated = DelegatedRole(ROLE, [key.keyid], 1, terminating=True, paths=[f"{ROLE}/*"])
            targets.delegations = Delegations({key.keyid: key}, {ROLE: delegated})
            made = Documents(
                Metadata(root),
                Metadata(targets),
                Metadata(Targets()),
                Metadata(Snapshot()),
                Metadata(Timestamp()),
            )
            for role in ORDER:
                made[role].signed.version = 0  # signing counts up
            Pen(ring).sign(self._documents, made, ORDER)

    def pinned(self) -> str:
        """The newest root, which a device is given when it is let in."""
        return self._documents.newest_root().read_text(encoding="utf-8")

    def declare(self, wanted: Mapping[str, Signed]) -> bool:
        """Sign that these are the models, and no others; True when they were not so already.

        Args:
            wanted: by target name.

        Raises:
            RefusedError: a key that should be here is not.
        """
        with self._locked():
            documents = self._documents.load()
            targets = {path: _target(path, signed) for path, signed in wanted.items()}
            if documents.models.signed.targets == targets:
                return False
            documents.models.signed.targets = targets
            Pen(self._ring()).sign(self._documents, documents, (ROLE,))
            return True

    def refresh(self, now: datetime | None = None) -> None:
        """Sign anew what takes no offline keys and has lived half of its life."""
        now = now or datetime.now(UTC)
        with self._locked():
            documents = self._documents.load()
            roles = (ROLE, SNAPSHOT, TIMESTAMP)
            due = [role for role in roles if documents[role].signed.expires < now + LIVES[role] / 2]
            if due:
                Pen(self._ring()).sign(self._documents, documents, due, now)

    def renew(self, offline: Sequence[Path]) -> None:
        """Sign everything anew, keys as they are: before root or targets end, or after an interruption.

        Raises:
            RefusedError: keys that have to sign are not here.
        """
        with self._locked():
            Pen(self._ring(*offline)).sign(self._documents, self._documents.load(), ORDER)

    def rotate(self, role: str, offline: Sequence[Path], key: str = "") -> str:
        """Give a role a new key in place of `key`, or of its only one; the id of the new key.

        Raises:
            NotFoundError: there is no such role or key.
            RefusedError: keys that have to sign are not here.
        """
        with self._locked():
            documents, ring = self._documents.load(), self._ring(*offline)
            if role not in ORDER:
                raise NotFoundError(f"There is no role {role}; there are {', '.join(ORDER)}.")
            old = _only(documents, (role,), key)[1]
            new = self._replace(documents, ring, role, old, offline)
            Pen(ring).sign(self._documents, documents, RESIGNED[role])
            self._forget(old)
            return new

    def revoke(self, key: str, offline: Sequence[Path]) -> str:
        """Take back a key that others may have: it signs no more, and what it signed counts no more. The new key's id.

        Snapshot and timestamp get new keys too, so that devices forget whatever versions the thief has shown them.

        Raises:
            NotFoundError: no role has this key.
            RefusedError: keys that have to sign are not here.
        """
        with self._locked():
            documents, ring = self._documents.load(), self._ring(*offline)
            role, old = _only(documents, ORDER, key)
            new = self._replace(documents, ring, role, old, offline)
            gone = [old]
            for other in {SNAPSHOT, TIMESTAMP} - {role}:
                gone.append(documents.keys(other)[0])
                self._replace(documents, ring, other, gone[-1], offline)
            Pen(ring, without=old).sign(self._documents, documents, (ROOT, TARGETS, ROLE))
            for keyid in gone:
                self._forget(keyid)
            return new

    def standings(self) -> list[Standing]:
        """How every role stands."""
        documents = self._documents.load()
        return [
            Standing(
                role,
                tuple(documents.keys(role)),
                documents.threshold(role),
                documents[role].signed.version,
                documents[role].signed.expires,
                role in OFFLINE,
            )
            for role in ORDER
        ]

    def targets(self) -> dict[str, TargetFile]:
        """What is signed, by target name."""
        return dict(self._documents.load().models.signed.targets)

    def _replace(self, documents: Documents, ring: Ring, role: str, old: str, offline: Sequence[Path]) -> str:
        if not offline:
            raise RefusedError("A change of keys is signed with those kept offline: name their folder with --offline.")
        needed = {holder: documents.keys(holder) for holder in OFFLINE if holder in RESIGNED[role]}
        for holder, keys in needed.items():  # look before a new key is made
            if holder != role:
                ring.signers(holder, keys, documents.threshold(holder))
        key = ring.make(offline[0] if role in OFFLINE else self._online, role)
        documents.holder(role).revoke_key(old, role)
        documents.holder(role).add_key(key, role)
        return key.keyid

    def _ring(self, *offline: Path) -> Ring:
        return Ring([self._online, *offline])

    def _forget(self, keyid: str) -> None:
        """Delete a key that counts no more, where it is one of ours; those offline are their owner's."""
        for path in self._online.glob(f"*-{keyid[:SHOWN]}.pem"):
            path.unlink()

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Alone, also before other processes."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self._folder / "lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _only(documents: Documents, roles: Sequence[str], key: str) -> tuple[str, str]:
    """(role, key id) of the one key that begins so."""
    found = [(role, keyid) for role in roles for keyid in documents.keys(role) if keyid.startswith(key)]
    if len(found) != 1:
        raise NotFoundError(
            f"{len(found)} keys fit {key!r}, and it must be one: `kubeddr keys status` shows the ids in use."
        )
    return found[0]


def _target(path: str, signed: Signed) -> TargetFile:
    custom = {"kind": signed.kind, "name": signed.name, "version": signed.version}
    return TargetFile(signed.size, {"sha256": signed.sha256}, path, {"custom": custom})
