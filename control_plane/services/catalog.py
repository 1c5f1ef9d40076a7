"""The models that can be sent out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from contract.messages import ModelAssignment, ModelKind
from contract.trust import target_name, target_path
from control_plane.domain.registry import Stage
from control_plane.errors import ConflictError, NotFoundError
from control_plane.releases.repository import Signed
from control_plane.storage import reads, writes

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import RowMapping

    from contract.ids import Sha256
    from control_plane.releases.repository import Repository
    from control_plane.releases.store import BundleStore, Incoming
    from control_plane.storage.database import Database

log = structlog.get_logger("models")


class Catalog:
    """Bundles: the files in the store, and what is known about each in the database."""

    def __init__(self, database: Database, store: BundleStore, repository: Repository) -> None:
        self._database = database
        self.store = store
        self.repository = repository

    def add(self, incoming: Incoming, by: str = "") -> RowMapping:
        """Keep what has arrived, and sign it.

        Raises:
            RefusedError: it is not a bundle.
            ConflictError: other content came under this name and version before.
        """
        stored = incoming.keep()
        with self._database.write() as connection:
            taken = reads.version(connection, stored.manifest.name, stored.manifest.version)
            if taken is not None and taken["sha256"] != stored.sha256:
                raise ConflictError(
                    f"{stored.manifest.name} {stored.manifest.version} is here already, with other content. "
                    "Give what you changed a version of its own."
                )
            writes.add_bundle(connection, stored, datetime.now(UTC), by)
        log.info("model stored", name=stored.manifest.name, version=stored.manifest.version, sha256=stored.sha256)
        self.sign()
        return self.get(stored.sha256)

    def sign(self) -> None:
        """See to it that the signed metadata names just what is here; at the start too, after an interruption."""
        with self._database.read() as connection:
            rows = reads.signable(connection)
        wanted = {
            target_name(row["name"], row["version"]): Signed(
                row["sha256"], row["size"], row["kind"], row["name"], row["version"]
            )
            for row in rows
        }
        if self.repository.declare(wanted):
            log.info("models signed", count=len(wanted))

    def get(self, sha256: Sha256) -> RowMapping:
        """One bundle.

        Raises:
            NotFoundError: it was never pushed.
        """
        with self._database.read() as connection:
            row = reads.bundle(connection, sha256)
        if row is None:
            raise NotFoundError(f"There is no model {sha256[:12]}. `kubeddr models list` shows what there is.")
        return row

    def file(self, sha256: Sha256) -> Path:
        """The bundle itself.

        Raises:
            NotFoundError: it was never pushed, or its file is gone.
        """
        self.get(sha256)
        path = self.store.path(sha256)
        if not path.is_file():
            raise NotFoundError(f"The file of model {sha256[:12]} is gone from the store. Push it again.")
        return path

    def assignment(self, sha256: Sha256) -> ModelAssignment:
        """The bundle as a device is asked to run it.

        Raises:
            NotFoundError: it was never pushed, or its file is gone.
            ConflictError: it is retired.
        """
        self.file(sha256)
        row = self.get(sha256)
        if row["stage"] == Stage.RETIRED:
            raise ConflictError(
                f"{row['name']} {row['version']} is retired, and not signed any more. "
                f"`kubeddr models promote {sha256[:12]} candidate` brings it back."
            )
        target = target_name(row["name"], row["version"])
        return ModelAssignment(
            kind=ModelKind(row["kind"]),
            name=row["name"],
            version=row["version"],
            sha256=sha256,
            size=row["size"],
            path=target_path(target, sha256),
            target=target,
        )
