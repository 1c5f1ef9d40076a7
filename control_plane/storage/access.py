"""Operators, secrets and the audit log, as rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Table, delete, func, insert, select, update

from control_plane.domain.access import SecretKind
from control_plane.storage.tables import AuditRow, OperatorRow, SecretRow

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection, RowMapping

OPERATORS: Table = OperatorRow.__table__  # type: ignore[attr-defined]
SECRETS: Table = SecretRow.__table__  # type: ignore[attr-defined]
AUDIT: Table = AuditRow.__table__  # type: ignore[attr-defined]
MAX_AUDIT = 1_000_000


def secret(connection: Connection, digest: str, now: datetime) -> RowMapping | None:
    """A secret that counts now, with the `role` of its operator."""
    wanted = (
        select(SECRETS, OPERATORS.c.role)
        .join(OPERATORS, OPERATORS.c.name == SECRETS.c.operator)
        .where(SECRETS.c.hash == digest, OPERATORS.c.disabled.is_(False))
        .where((SECRETS.c.expires.is_(None)) | (SECRETS.c.expires > now))
    )
    return connection.execute(wanted).mappings().one_or_none()


def used(connection: Connection, digest: str, now: datetime) -> None:
    """Note that a secret was used."""
    connection.execute(update(SECRETS).where(SECRETS.c.hash == digest).values(used=now))


def add_secret(connection: Connection, row: dict[str, Any]) -> None:
    """Keep a secret's hash."""
    connection.execute(insert(SECRETS), [{"used": None, "label": "", "expires": None} | row])


def drop_secret(connection: Connection, digest: str) -> bool:
    """Forget a secret; False when there is none, which of several callers at once only one hears as True."""
    return connection.execute(delete(SECRETS).where(SECRETS.c.hash == digest)).rowcount > 0


def drop_token(connection: Connection, start: str) -> str | None:
    """Forget the token whose hash begins so; its operator, or None when there is none."""
    mine = (SECRETS.c.hash.startswith(start, autoescape=True)) & (SECRETS.c.kind == SecretKind.TOKEN.value)
    row = connection.execute(select(SECRETS).where(mine)).mappings().first()
    if row is None:
        return None
    drop_secret(connection, row["hash"])
    return str(row["operator"])


def drop_secrets_of(connection: Connection, operator: str) -> None:
    """Forget all that signs in as this operator."""
    connection.execute(delete(SECRETS).where(SECRETS.c.operator == operator))


def expire(connection: Connection, now: datetime) -> None:
    """Forget secrets whose time is over, and the oldest of a very long log."""
    connection.execute(delete(SECRETS).where(SECRETS.c.expires <= now))
    newest = connection.execute(select(func.max(AUDIT.c.id))).scalar_one_or_none() or 0
    connection.execute(delete(AUDIT).where(AUDIT.c.id <= newest - MAX_AUDIT))


def tokens(connection: Connection, limit: int, offset: int, operator: str | None) -> tuple[Sequence[RowMapping], int]:
    """Tokens, newest first, and how many there are."""
    wanted = select(SECRETS).where(SECRETS.c.kind == SecretKind.TOKEN.value)
    if operator is not None:
        wanted = wanted.where(SECRETS.c.operator == operator)
    return _page(connection, wanted, (SECRETS.c.created.desc(), SECRETS.c.hash), limit, offset)


def operators(connection: Connection, limit: int, offset: int) -> tuple[Sequence[RowMapping], int]:
    """Operators by name, and how many there are."""
    return _page(connection, select(OPERATORS), (OPERATORS.c.name,), limit, offset)


def operator(connection: Connection, name: str) -> RowMapping | None:
    """One operator."""
    return connection.execute(select(OPERATORS).where(OPERATORS.c.name == name)).mappings().one_or_none()


def admins(connection: Connection) -> set[str]:
    """Those who can still let people in."""
    mine = select(OPERATORS.c.name).where(OPERATORS.c.role == "admin", OPERATORS.c.disabled.is_(False))
    return set(connection.execute(mine).scalars())


def add_operator(connection: Connection, name: str, role: str, now: datetime) -> None:
    """Let somebody in."""
    connection.execute(insert(OPERATORS), [{"name": name, "role": role, "disabled": False, "created": now}])


def change_operator(connection: Connection, name: str, **changes: Any) -> None:
    """Change what somebody may do."""
    connection.execute(update(OPERATORS).where(OPERATORS.c.name == name).values(**changes))


def note(connection: Connection, row: dict[str, Any]) -> None:
    """Write one line of the audit log."""
    connection.execute(insert(AUDIT), [row])


def audit(  # noqa: PLR0913 - one for each filter
    connection: Connection, limit: int, offset: int, *, operator: str | None, action: str | None, target: str | None
) -> tuple[Sequence[RowMapping], int]:
    """The audit log, newest first, and how long it is."""
    wanted = select(AUDIT)
    if operator is not None:
        wanted = wanted.where(AUDIT.c.operator == operator)
    if action is not None:
        wanted = wanted.where(AUDIT.c.action.contains(action, autoescape=True))
    if target is not None:
        wanted = wanted.where(AUDIT.c.target.contains(target, autoescape=True))
    return _page(connection, wanted, (AUDIT.c.id.desc(),), limit, offset)


def _page(connection: Connection, wanted: Any, order: Any, limit: int, offset: int) -> tuple[Sequence[RowMapping], int]:
    total = connection.execute(select(func.count()).select_from(wanted.subquery())).scalar_one()
    return connection.execute(wanted.order_by(*order).limit(limit).offset(offset)).mappings().all(), total
