"""The registry of model versions: where each comes from, how far it is trusted, what it is called, and who said so."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import structlog

from control_plane.domain.access import Role
from control_plane.domain.registry import Difference, Stage, check_approval, check_move, differences, order, parse
from control_plane.errors import ConflictError, NotFoundError
from control_plane.storage import reads
from control_plane.storage import registry as rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection, RowMapping

    from contract.ids import Sha256
    from control_plane.domain.access import Caller
    from control_plane.services.catalog import Catalog
    from control_plane.storage.database import Database

APPROVED = "approve"

log = structlog.get_logger("models")


@dataclass(frozen=True, slots=True)
class Version:
    """A model version with all that is known of it."""

    row: RowMapping
    aliases: tuple[str, ...]
    decisions: Sequence[RowMapping]


class Registry:
    """Every change is a decision, kept with who took it and why."""

    def __init__(self, database: Database, catalog: Catalog) -> None:
        self._database, self._catalog = database, catalog

    def search(
        self, limit: int, offset: int, *, text: str | None = None, kind: str | None = None, stage: str | None = None
    ) -> tuple[Sequence[RowMapping], int]:
        """Versions, newest first, and how many there are."""
        with self._database.read() as connection:
            return rows.search(connection, limit, offset, text=text, kind=kind, stage=stage)

    def aliases(self) -> Sequence[RowMapping]:
        """All aliases."""
        with self._database.read() as connection:
            return rows.aliases(connection)

    def find(self, reference: str) -> Version:
        """The version that is meant by KIND@ALIAS, NAME:VERSION, NAME for its newest, or how its digest begins.

        Raises:
            RefusedError: that names nothing.
            NotFoundError: there is no such version, or more than one.
        """
        with self._database.read() as connection:
            return _version(connection, _resolve(connection, reference))

    def compare(self, one: str, other: str) -> tuple[Version, Version, tuple[Difference, ...]]:
        """Two versions, and the facts in which they are not alike."""
        first, second = self.find(one), self.find(other)
        return first, second, differences(facts(first.row), facts(second.row))

    def describe(self, sha256: Sha256, by: Caller, changes: Mapping[str, Any]) -> Version:
        """Set facts: `data`, `code` and `card` as texts, `parameters` and `metrics` added to what is known."""
        with self._database.write() as connection:
            row = _known(connection, sha256)
            values = {name: changes[name] for name in ("data", "code", "card") if changes.get(name) is not None}
            for name in ("parameters", "metrics"):
                if changes.get(name):
                    values[name] = json.dumps(json.loads(row[name]) | dict(changes[name]), sort_keys=True)
            if values:
                rows.change(connection, sha256, **values)
                _decide(connection, sha256, by, f"describe {' '.join(sorted(values))}", "")
            return _version(connection, _known(connection, sha256))

    def approve(self, sha256: Sha256, by: Caller, reason: str) -> Version:
        """Say that a version may go to production.

        Raises:
            ConflictError: not by whoever pushed it.
        """
        with self._database.write() as connection:
            row = _known(connection, sha256)
            check_approval(row["pushed_by"], by.name, admin=by.role.allows(Role.ADMIN))
            _decide(connection, sha256, by, APPROVED, reason)
            return _version(connection, row)

    def move(self, sha256: Sha256, stage: Stage, by: Caller, reason: str) -> Version:
        """Bring a version to another stage; one that is retired is signed no more.

        Raises:
            ConflictError: it may not go there.
        """
        with self._database.write() as connection:
            row = _known(connection, sha256)
            found = _version(connection, row)
            check_move(Stage(row["stage"]), stage, approved=_approved(found.decisions), aliases=found.aliases)
            rows.change(connection, sha256, stage=stage.value)
            _decide(connection, sha256, by, f"stage {stage}", reason)
            moved = _version(connection, _known(connection, sha256))
        log.info("model moved", name=row["name"], version=row["version"], stage=stage.value, by=by.name)
        self._catalog.sign()
        return moved

    def call(self, sha256: Sha256, alias: str, by: Caller, reason: str) -> Version:
        """Give an alias to a version, whichever of its kind had it before.

        Raises:
            ConflictError: the version is retired.
        """
        with self._database.write() as connection:
            row = _known(connection, sha256)
            if row["stage"] == Stage.RETIRED:
                raise ConflictError("A retired model gets no new name: bring it back as a candidate first.")
            given = {"kind": row["kind"], "alias": alias, "sha256": sha256, "given_by": by.name}
            rows.put_alias(connection, given | {"since": datetime.now(UTC)})
            _decide(connection, sha256, by, f"alias {alias}", reason)
            return _version(connection, row)

    def uncall(self, kind: str, alias: str, by: Caller) -> None:
        """Take an alias away.

        Raises:
            NotFoundError: nothing is called so.
        """
        with self._database.write() as connection:
            sha256 = rows.aliased(connection, kind, alias)
            if sha256 is None:
                raise NotFoundError(f"No {kind} is called {alias}.")
            rows.drop_alias(connection, kind, alias)
            _decide(connection, sha256, by, f"unalias {alias}", "")


def facts(row: RowMapping) -> dict[str, str | float]:
    """What versions are compared by."""
    found: dict[str, str | float] = {name: row[name] for name in ("kind", "name", "version", "data", "code", "stage")}
    found["size"] = row["size"]
    for name in ("parameters", "metrics"):
        found |= {f"{name}.{key}": value for key, value in json.loads(row[name]).items()}
    return found


def _approved(decisions: Sequence[RowMapping]) -> bool:
    """Whether somebody approved a version since it was a candidate last."""
    approved = False
    for each in decisions:
        if each["action"] in {f"stage {Stage.CANDIDATE}", f"stage {Stage.RETIRED}"}:
            approved = False
        approved |= each["action"] == APPROVED
    return approved


def _known(connection: Connection, sha256: str) -> RowMapping:
    row = reads.bundle(connection, sha256)
    if row is None:
        raise NotFoundError(f"There is no model {sha256[:12]}. `kubeddr models list` shows what there is.")
    return row


def _version(connection: Connection, row: RowMapping) -> Version:
    aliases = tuple(each["alias"] for each in rows.aliases(connection, row["sha256"]))
    return Version(row, aliases, rows.decisions(connection, row["sha256"]))


def _resolve(connection: Connection, text: str) -> RowMapping:
    wanted = parse(text)
    if wanted.alias:
        sha256 = rows.aliased(connection, wanted.kind, wanted.alias)
        if sha256 is None:
            raise NotFoundError(f"No {wanted.kind} is called {wanted.alias}. `kubeddr models alias` gives names.")
        return _known(connection, sha256)
    if wanted.digest and (found := rows.beginning(connection, wanted.digest)):
        if len(found) > 1:
            raise NotFoundError(f"More than one model's digest begins with {wanted.digest}: give more of it.")
        return found[0]
    name = wanted.name or wanted.digest
    found = rows.named(connection, name, wanted.version or None)
    if not found:
        raise NotFoundError(f"There is no model {text}. `kubeddr models list` shows what there is.")
    return max(found, key=lambda row: (order(row["version"]), row["pushed"]))


def _decide(connection: Connection, sha256: str, by: Caller, action: str, reason: str) -> None:
    row = {"sha256": sha256, "time": datetime.now(UTC), "operator": by.name, "action": action, "reason": reason}
    rows.decide(connection, row)
