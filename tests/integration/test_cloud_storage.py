from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError

from contract.codec import encode
from contract.ids import BootId, DeviceId, MatchId
from contract.messages import Event, MatchStarted, Telemetry
from contract.topics import TOPICS, Channel
from control_plane.domain.letters import open_letter
from control_plane.errors import StartError
from control_plane.storage import reads
from control_plane.storage.database import Database
from control_plane.storage.intake import MAX_DEAD_LETTERS, take_in
from control_plane.storage.tables import Table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from control_plane.domain.letters import Letter

NOW = datetime.now(UTC)
LEFT = DeviceId("left")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(f"sqlite:///{tmp_path}/x.db")
    made.migrate()
    yield made
    made.close()


def letter(channel: Channel, payload: bytes) -> Letter:
    return open_letter(TOPICS, TOPICS.build(LEFT, channel), payload, NOW, retained=False)


def test_the_migrations_make_what_the_tables_say(database: Database) -> None:
    with database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Table.metadata) == []


def test_migrating_again_changes_nothing_and_a_later_database_is_refused(database: Database) -> None:
    database.migrate()
    with database.write() as connection:
        connection.execute(text("update alembic_version set version_num = '9999'"))
    with pytest.raises(StartError, match="later version"):
        database.migrate()


def test_a_commit_is_on_the_disk(database: Database, tmp_path: Path) -> None:
    with database.read() as connection:
        assert connection.execute(text("pragma journal_mode")).scalar_one() == "wal"
        assert connection.execute(text("pragma synchronous")).scalar_one() == 2  # FULL: survives a power cut
    assert (tmp_path / "x.db").is_file()


def test_a_failed_batch_leaves_nothing(database: Database) -> None:
    event = Event(boot_id=BootId.mint(), seq=1, time=NOW, body=MatchStarted(match_id=MatchId.mint(), t=0))

    def fail_at_the_end() -> None:
        with database.write() as connection:
            assert take_in(connection, [letter(Channel.EVENTS, encode(event))]).inserted == 1
            connection.execute(text("select * from nowhere"))

    with pytest.raises(OperationalError):
        fail_at_the_end()
    with database.read() as connection:
        assert reads.devices(connection, 10, 0) == ([], 0)
        assert reads.matches(connection, 10, 0) == ([], 0)


def test_a_batch_with_the_same_event_twice_has_it_once(database: Database) -> None:
    event = Event(boot_id=BootId.mint(), seq=1, time=NOW, body=MatchStarted(match_id=MatchId.mint(), t=0))
    letters = [letter(Channel.EVENTS, encode(event))] * 3
    with database.write() as connection:
        intake = take_in(connection, letters)
    assert (intake.inserted, intake.repeated) == (1, 2)
    assert [(device, receipt.seq) for device, receipt in intake.receipts] == [(LEFT, 1)]


def test_what_is_set_aside_does_not_fill_the_disk(database: Database) -> None:
    bad = [letter(Channel.EVENTS, b"x")] * (MAX_DEAD_LETTERS + 100)
    with database.write() as connection:
        intake = take_in(connection, bad)
    assert intake.aside == len(bad)
    with database.read() as connection:
        assert connection.execute(select(func.count()).select_from(reads.DEAD)).scalar_one() == MAX_DEAD_LETTERS


def test_what_devices_tell_does_not_undo_what_is_wanted_of_them(database: Database) -> None:
    telemetry = letter(Channel.TELEMETRY, encode(Telemetry(boot_id=BootId.mint(), time=NOW)))
    with database.write() as connection:
        take_in(connection, [telemetry])
        connection.execute(text("update device set desired = '{}', desired_version = 4"))
        take_in(connection, [telemetry])
        row = reads.device(connection, LEFT)
    assert row is not None
    assert (row["desired"], row["desired_version"]) == ("{}", 4)


@pytest.mark.parametrize("url", ["nonsense", "oracle9://x", "sqlite:////proc/nowhere/x.db"])
def test_a_database_that_cannot_be_used_is_told_in_one_sentence(url: str) -> None:
    with pytest.raises(StartError) as caught:
        Database(url).migrate()
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_bytes(b"not a database at all, but long enough to be read as one" * 50)
    with pytest.raises(StartError, match="cannot be used"):
        Database(f"sqlite:///{tmp_path}/x.db").migrate()


def test_readers_see_one_state_while_a_writer_works(database: Database, tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
    other.execute("begin immediate")
    with database.read() as connection:
        assert reads.devices(connection, 1, 0) == ([], 0)
    other.rollback()
    other.close()
