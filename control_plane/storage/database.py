"""The database: SQLite with a write-ahead log, or PostgreSQL, behind one small object."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from control_plane.errors import StartError
from control_plane.storage.lock import Lock, number

if TYPE_CHECKING:
    from collections.abc import Iterator

BUSY_SECONDS = 10
_WRITES = "kubeddr_writes"


class Database:
    """Reads and writes, each in a transaction of its own.

    SQLite commits with `synchronous = FULL`: a receipt promises that what it names outlasts a power cut.
    """

    def __init__(self, url: str) -> None:
        try:
            self._engine = create_engine(url, connect_args=_arguments(url), pool_pre_ping=not url.startswith("sqlite"))
        except (ArgumentError, NoSuchModuleError, ImportError) as error:
            hint = "Try sqlite:///FILE or postgresql+psycopg://..."
            raise StartError(f"The database URL cannot be used: {error}. {hint}") from None
        if self._engine.dialect.name == "sqlite":
            _prepare_sqlite(self._engine)
        else:  # many rows in one statement, and not a statement for each
            self._engine.dialect.use_insertmanyvalues_wo_returning = True

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._engine.dialect.name

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that sees one state of the database."""
        with self._engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self, alone: str = "") -> Iterator[Connection]:
        """A connection whose changes are committed at the end, or not at all. On SQLite the only writer.

        Args:
            alone: of those who name the same, this is the only one on PostgreSQL too.
        """
        with self._engine.connect().execution_options(**{_WRITES: True}) as connection, connection.begin():
            if alone and connection.dialect.name == "postgresql":
                connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": number(alone)})
            yield connection

    def lock(self, name: str) -> Lock:
        """A lock that one of all control planes on this database holds."""
        file = self._engine.url.database
        return Lock(name, self._engine, Path(file) if self.dialect == "sqlite" and file else None)

    def migrate(self, to: str = "head", *, back: bool = False) -> None:
        """Bring the tables and views to what this version needs, or `back` to an earlier one.

        Raises:
            StartError: the database cannot be reached, or was made by a later version.
        """
        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        config.set_main_option("path_separator", "os")
        try:
            with self._engine.connect() as connection:
                config.attributes["connection"] = connection
                if self.dialect == "postgresql":  # several may start at once
                    connection.execute(text("select pg_advisory_lock(:key)"), {"key": number("migration")})
                (command.downgrade if back else command.upgrade)(config, to)
                connection.commit()
                if self.dialect == "postgresql":
                    connection.execute(text("select pg_advisory_unlock(:key)"), {"key": number("migration")})
                    connection.commit()
        except SQLAlchemyError as error:
            where = self._engine.url.render_as_string(hide_password=True)
            raise StartError(f"The database {where} cannot be used: {_first_line(error)}") from error
        except CommandError as error:
            raise StartError(f"The database was made by a later version of kubeddr ({error}). Use that one.") from error

    def alive(self) -> bool:
        """Whether it answers."""
        try:
            with self.read() as connection:
                connection.execute(text("select 1"))
        except SQLAlchemyError:
            return False
        return True

    def close(self) -> None:
        """Give back every connection."""
        self._engine.dispose()


def _arguments(url: str) -> dict[str, Any]:
    return {"timeout": BUSY_SECONDS, "check_same_thread": False} if url.startswith("sqlite") else {"connect_timeout": 5}


def _prepare_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _on_connect(raw: Any, _record: Any) -> None:
        raw.isolation_level = None  # transactions begin below, where it is known whether they write
        cursor = raw.cursor()
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            cursor.execute(f"pragma {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        # a transaction that reads first and writes later could find itself outrun; a writer takes its place at once
        writes = connection.get_execution_options().get(_WRITES, False)
        connection.exec_driver_sql("begin immediate" if writes else "begin")


def _first_line(error: Exception) -> str:
    return str(getattr(error, "orig", None) or error).splitlines()[0][:300]
