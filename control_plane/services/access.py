"""The people: who they are, what they may do, and what they did."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.exc import IntegrityError

from control_plane.domain.access import LINK_LIFE, SESSION_LIFE, USED_EVERY, Caller, Role, SecretKind, digest, mint
from control_plane.errors import ConflictError, NotFoundError, UnauthenticatedError
from control_plane.storage import access as rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, RowMapping

    from control_plane.storage.database import Database

log = structlog.get_logger("access")

ADMIN = "admin"  # the first operator
_WHO = "Send a token (Authorization: Bearer ...), or sign in at /sign-in."


class Access:
    """Operators, tokens, sessions and the audit log."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, given: str = "") -> str | None:
        """See to it that somebody can sign in.

        Args:
            given: a secret that shall sign in as admin; one of an earlier start no longer does.

        Returns:
            A new admin's token when this is the first start and none was given: shown once, kept nowhere.
        """
        now = datetime.now(UTC)
        with self._database.write("access") as connection:
            first = not rows.admins(connection)
            if first and rows.operator(connection, ADMIN) is None:
                rows.add_operator(connection, ADMIN, Role.ADMIN.value, now)
            elif first:
                rows.change_operator(connection, ADMIN, role=Role.ADMIN.value, disabled=False)
            if not given and not first:
                return None
            secret = given or mint()
            rows.drop_secret(connection, digest(secret))
            label = "given at the start" if given else "made at the first start"
            if given:
                for row in rows.tokens(connection, 500, 0, ADMIN)[0]:
                    if row["label"] == label:
                        rows.drop_secret(connection, row["hash"])
            _keep(connection, secret, SecretKind.TOKEN, ADMIN, now, label=label)
        return None if given else secret

    def caller(self, secret: str, *, cookie: bool = False) -> Caller:
        """Who a secret stands for.

        Raises:
            UnauthenticatedError: nobody.
        """
        now, key = datetime.now(UTC), digest(secret)
        with self._database.read() as connection:
            row = rows.secret(connection, key, now)
        kinds = {SecretKind.SESSION.value} if cookie else {SecretKind.TOKEN.value}
        if row is None or row["kind"] not in kinds:
            raise UnauthenticatedError(f"Nobody here is known by that. {_WHO}")
        if row["used"] is None or now - row["used"] > USED_EVERY:
            with self._database.write() as connection:
                rows.used(connection, key, now)
        return Caller(row["operator"], Role(row["role"]), cookie)

    def sign_in(self, secret: str) -> tuple[str, Caller]:
        """A session of a browser for a token, or for a link's code, which is used up by it.

        Raises:
            UnauthenticatedError: the secret is no good, or the link was used before.
        """
        now, key = datetime.now(UTC), digest(secret)
        with self._database.write() as connection:
            row = rows.secret(connection, key, now)
            good = row is not None and row["kind"] in {SecretKind.TOKEN.value, SecretKind.LINK.value}
            if (
                row is None
                or not good
                or (row["kind"] == SecretKind.LINK.value and not rows.drop_secret(connection, key))
            ):
                raise UnauthenticatedError("This signs nobody in: a link does so once and for a short time only.")
            session = mint()
            _keep(connection, session, SecretKind.SESSION, row["operator"], now, life=SESSION_LIFE)
        return session, Caller(row["operator"], Role(row["role"]), cookie=True)

    def sign_out(self, session: str) -> None:
        """End a session."""
        with self._database.write() as connection:
            rows.drop_secret(connection, digest(session))

    def issue(self, operator: str, label: str, life: timedelta | None, kind: SecretKind = SecretKind.TOKEN) -> str:
        """A new secret, told this once.

        Raises:
            NotFoundError: there is no such operator.
        """
        secret = mint()
        with self._database.write() as connection:
            if rows.operator(connection, operator) is None:
                raise _unknown(operator)
            life = LINK_LIFE if kind is SecretKind.LINK else life
            _keep(connection, secret, kind, operator, datetime.now(UTC), label=label, life=life)
        return secret

    def revoke(self, start: str) -> str:
        """Take back the token whose hash begins so; returns whose it was.

        Raises:
            NotFoundError: there is none.
        """
        with self._database.write() as connection:
            operator = rows.drop_token(connection, start)
        if operator is None:
            raise NotFoundError(f"There is no token {start}. `kubeddr tokens list` shows those that there are.")
        return operator

    def tokens(self, limit: int, offset: int, operator: str | None = None) -> tuple[Sequence[RowMapping], int]:
        """Tokens, newest first, and how many there are."""
        with self._database.read() as connection:
            return rows.tokens(connection, limit, offset, operator)

    def operators(self, limit: int, offset: int) -> tuple[Sequence[RowMapping], int]:
        """Operators by name, and how many there are."""
        with self._database.read() as connection:
            return rows.operators(connection, limit, offset)

    def add(self, name: str, role: Role) -> RowMapping:
        """Let somebody in.

        Raises:
            ConflictError: the name is taken.
        """
        try:
            with self._database.write() as connection:
                rows.add_operator(connection, name, role.value, datetime.now(UTC))
                return _found(connection, name)
        except IntegrityError:
            raise ConflictError(f"There is an operator {name} already.") from None

    def change(self, name: str, role: Role | None, *, disabled: bool | None) -> RowMapping:
        """Change what somebody may do; who is shut out loses every token and session at once.

        Raises:
            NotFoundError: there is no such operator.
            ConflictError: nobody would be left to let people in.
        """
        changes = {"role": None if role is None else role.value, "disabled": disabled}
        with self._database.write("access") as connection:
            _found(connection, name)
            wanted = {key: value for key, value in changes.items() if value is not None}
            if wanted:
                rows.change_operator(connection, name, **wanted)
            if not rows.admins(connection):
                raise ConflictError(f"{name} is the last admin: make somebody else one first.")
            if disabled:
                rows.drop_secrets_of(connection, name)
            return _found(connection, name)

    def note(self, caller: Caller, action: str, target: str, detail: str, status: int) -> None:
        """Write down what somebody did."""
        row = {"operator": caller.name, "role": caller.role.value, "action": action, "target": target[:500]}
        with self._database.write() as connection:
            rows.note(connection, row | {"detail": detail[:2000], "status": status, "time": datetime.now(UTC)})

    def audit(
        self, limit: int, offset: int, *, operator: str | None, action: str | None, target: str | None
    ) -> tuple[Sequence[RowMapping], int]:
        """The audit log, newest first, and how long it is."""
        with self._database.read() as connection:
            return rows.audit(connection, limit, offset, operator=operator, action=action, target=target)

    def tidy(self) -> None:
        """Forget what has expired."""
        with self._database.write() as connection:
            rows.expire(connection, datetime.now(UTC))


def _keep(  # noqa: PLR0913 - a row's columns
    connection: Connection,
    secret: str,
    kind: SecretKind,
    operator: str,
    now: datetime,
    *,
    label: str = "",
    life: timedelta | None = None,
) -> None:
    row = {"hash": digest(secret), "kind": kind.value, "operator": operator, "label": label, "created": now}
    rows.add_secret(connection, row | {"expires": now + life if life else None})


def _found(connection: Connection, name: str) -> RowMapping:
    row = rows.operator(connection, name)
    if row is None:
        raise _unknown(name)
    return row


def _unknown(name: str) -> NotFoundError:
    return NotFoundError(f"There is no operator {name}. `kubeddr operators list` shows those that there are.")
