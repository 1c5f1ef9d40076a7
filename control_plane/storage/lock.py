"""A lock that the database keeps: of all control planes on one database, one holds it."""

from __future__ import annotations

import fcntl
import hashlib
from typing import IO, TYPE_CHECKING

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection, Engine


def number(name: str) -> int:
    """A name as PostgreSQL's advisory locks have it: 63 bits."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") >> 1


class Lock:
    """Held until released, or until the holder dies: by a session of PostgreSQL, or by a file beside SQLite's."""

    def __init__(self, name: str, engine: Engine, beside: Path | None) -> None:
        self._name, self._engine = name, engine
        self._path = beside.with_name(f"{beside.name}.{name}") if beside is not None else None
        self._file: IO[bytes] | None = None
        self._connection: Connection | None = None

    def hold(self) -> bool:
        """Whether the lock is ours now: take it if it is free, make sure of it if we had it."""
        try:
            return self._hold_file(self._path) if self._path is not None else self._hold_session()
        except (OSError, SQLAlchemyError):
            self.release()
            return False

    def release(self) -> None:
        """Let go."""
        file, self._file = self._file, None
        if file is not None:
            file.close()
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.execute(text("select pg_advisory_unlock(:key)"), {"key": number(self._name)})
                connection.commit()
            except SQLAlchemyError:
                connection.invalidate()  # the lock goes with the session
            connection.close()

    def _hold_file(self, path: Path) -> bool:
        if self._file is None:
            file = path.open("wb")
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                file.close()
                return False
            self._file = file
        return True

    def _hold_session(self) -> bool:
        if self._connection is not None:
            self._connection.execute(text("select 1"))  # the lock ended with the session if this fails
            self._connection.commit()
            return True
        connection = self._engine.connect()
        got = connection.execute(text("select pg_try_advisory_lock(:key)"), {"key": number(self._name)}).scalar_one()
        connection.commit()
        if not got:
            connection.close()
            return False
        self._connection = connection
        return True
