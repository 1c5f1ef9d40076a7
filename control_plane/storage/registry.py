"""Model versions, their names, and what was decided about them, as rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Table, delete, func, insert, or_, select, update

from control_plane.storage.tables import AliasRow, BundleRow, ModelDecision

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, RowMapping

BUNDLES: Table = BundleRow.__table__  # type: ignore[attr-defined]
ALIASES: Table = AliasRow.__table__  # type: ignore[attr-defined]
DECISIONS: Table = ModelDecision.__table__  # type: ignore[attr-defined]


def search(  # noqa: PLR0913 - one for each filter
    connection: Connection, limit: int, offset: int, *, text: str | None, kind: str | None, stage: str | None
) -> tuple[Sequence[RowMapping], int]:
    """Versions, newest first, and how many there are in all; `text` is part of a name, version, card or digest."""
    wanted = select(BUNDLES)
    if text:
        fields = (BUNDLES.c.name, BUNDLES.c.version, BUNDLES.c.card, BUNDLES.c.sha256, BUNDLES.c.data)
        wanted = wanted.where(or_(*(each.icontains(text, autoescape=True) for each in fields)))
    if kind:
        wanted = wanted.where(BUNDLES.c.kind == kind)
    if stage:
        wanted = wanted.where(BUNDLES.c.stage == stage)
    total = connection.execute(select(func.count()).select_from(wanted.subquery())).scalar_one()
    page = wanted.order_by(BUNDLES.c.pushed.desc(), BUNDLES.c.sha256).limit(limit).offset(offset)
    return connection.execute(page).mappings().all(), total


def named(connection: Connection, name: str, version: str | None = None) -> Sequence[RowMapping]:
    """The versions of a name, or the one."""
    wanted = select(BUNDLES).where(BUNDLES.c.name == name)
    if version is not None:
        wanted = wanted.where(BUNDLES.c.version == version)
    return connection.execute(wanted).mappings().all()


def beginning(connection: Connection, digest: str) -> Sequence[RowMapping]:
    """The versions whose digest begins so; two are as good as many."""
    wanted = select(BUNDLES).where(BUNDLES.c.sha256.startswith(digest)).limit(2)
    return connection.execute(wanted).mappings().all()


def change(connection: Connection, sha256: str, **values: Any) -> None:
    """Change what is known of a version."""
    connection.execute(update(BUNDLES).where(BUNDLES.c.sha256 == sha256).values(**values))


def aliases(connection: Connection, sha256: str | None = None) -> Sequence[RowMapping]:
    """All aliases, or those of a version."""
    wanted = select(ALIASES).order_by(ALIASES.c.kind, ALIASES.c.alias)
    if sha256 is not None:
        wanted = wanted.where(ALIASES.c.sha256 == sha256)
    return connection.execute(wanted).mappings().all()


def aliased(connection: Connection, kind: str, alias: str) -> str | None:
    """The digest of the version that an alias names."""
    wanted = select(ALIASES.c.sha256).where(ALIASES.c.kind == kind, ALIASES.c.alias == alias)
    return connection.execute(wanted).scalar_one_or_none()


def put_alias(connection: Connection, row: dict[str, Any]) -> None:
    """Give an alias to a version, whichever had it before."""
    drop_alias(connection, row["kind"], row["alias"])
    connection.execute(insert(ALIASES), [row])


def drop_alias(connection: Connection, kind: str, alias: str) -> bool:
    """Take an alias away; whether it was there."""
    gone = delete(ALIASES).where(ALIASES.c.kind == kind, ALIASES.c.alias == alias)
    return bool(connection.execute(gone).rowcount)


def decide(connection: Connection, row: dict[str, Any]) -> None:
    """Write down what was decided."""
    connection.execute(insert(DECISIONS), [row])


def decisions(connection: Connection, sha256: str) -> Sequence[RowMapping]:
    """What was decided about a version, oldest first."""
    wanted = select(DECISIONS).where(DECISIONS.c.sha256 == sha256).order_by(DECISIONS.c.id)
    return connection.execute(wanted).mappings().all()
