from __future__ import annotations

import json
import sqlite3
import threading
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import func, inspect, select, text
from sqlalchemy.exc import SQLAlchemyError

from contract.codec import encode
from contract.examples import EXAMPLES
from contract.ids import BootId, DeviceId, MatchId
from contract.messages import Body, Event, MatchFinished, MatchProgress, MatchStarted, Status, Telemetry
from contract.topics import TOPICS, Channel
from control_plane.domain.letters import open_letter
from control_plane.errors import StartError
from control_plane.services.reconciler import Chore, Reconciler
from control_plane.storage import reads, writes
from control_plane.storage.database import Database
from control_plane.storage.intake import MAX_DEAD_LETTERS, take_in
from control_plane.storage.tables import Table
from tests.cloud_fakes import eventually
from tests.postgres import fresh_url

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from control_plane.domain.letters import Letter

NOW = datetime.now(UTC)
LEFT = DeviceId("left")


@pytest.fixture(params=["sqlite", "postgresql"])
def database(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Database]:
    made = Database(f"sqlite:///{tmp_path}/x.db" if request.param == "sqlite" else fresh_url(tmp_path))
    made.migrate()
    yield made
    made.close()


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Database]:
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


def test_a_commit_is_on_the_disk(sqlite: Database, tmp_path: Path) -> None:
    with sqlite.read() as connection:
        assert connection.execute(text("pragma journal_mode")).scalar_one() == "wal"
        assert connection.execute(text("pragma synchronous")).scalar_one() == 2  # FULL: survives a power cut
    assert (tmp_path / "x.db").is_file()


def test_a_failed_batch_leaves_nothing(database: Database) -> None:
    event = Event(boot_id=BootId.mint(), seq=1, time=NOW, body=MatchStarted(match_id=MatchId.mint(), t=0))

    def fail_at_the_end() -> None:
        with database.write() as connection:
            assert take_in(connection, [letter(Channel.EVENTS, encode(event))]).inserted == 1
            connection.execute(text("select * from nowhere"))

    with pytest.raises(SQLAlchemyError):
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


def test_readers_see_one_state_while_a_writer_works(sqlite: Database, tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
    other.execute("begin immediate")
    with sqlite.read() as connection:
        assert reads.devices(connection, 1, 0) == ([], 0)
    other.rollback()
    other.close()


def test_migrations_lead_back_and_forth(database: Database) -> None:
    database.migrate("base", back=True)
    with database.read() as connection:
        assert "device" not in inspect(connection).get_table_names()
    database.migrate()
    with database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Table.metadata) == []


def test_what_was_there_outlasts_the_migrations(database: Database) -> None:
    database.migrate("0001", back=True)
    with database.write() as connection:
        connection.execute(
            text(
                "insert into device (id, connection, online, first_seen, name, desired_version, reported_version)"
                " values ('old', 1, true, '2025-01-01 00:00:00', 'Old', 3, 2)"
            )
        )
    database.migrate()
    with database.read() as connection:
        row = reads.device(connection, DeviceId("old"))
    assert row is not None
    assert (row["name"], row["desired_version"], row["site"], row["match_id"]) == ("Old", 3, "", None)


def test_one_of_many_holds_the_lock(database: Database, tmp_path: Path) -> None:
    one, two = database.lock("reconciler"), database.lock("reconciler")
    assert one.hold()
    assert one.hold()
    assert not two.hold()
    one.release()
    assert two.hold()
    assert not one.hold()
    two.release()


def test_exactly_one_reconciles_and_another_takes_over(database: Database) -> None:
    done: list[str] = []
    reconcilers = {
        name: Reconciler(database.lock("reconciler"), (Chore("count", 0, partial(done.append, name)),), every=0.02)
        for name in "abc"
    }
    for each in reconcilers.values():
        each.start()
    eventually(lambda: len(done) > 10, "rounds")
    (first,) = set(done)
    assert [name for name, each in reconcilers.items() if each.leads] == [first]
    reconcilers[first].stop()
    done.clear()
    eventually(lambda: len(done) > 10, "rounds of another one")
    assert first not in done
    assert len(set(done)) == 1
    for each in reconcilers.values():
        each.stop()


def test_a_holder_whose_session_ends_holds_no_more(tmp_path: Path) -> None:
    database = Database(fresh_url(tmp_path))
    one, two = database.lock("reconciler"), database.lock("reconciler")
    assert one.hold()
    with database.write() as connection:
        others = "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()"
        others += " and datname = current_database()"
        connection.execute(text(others))
    assert eventually(two.hold, "the other's turn")
    assert not one.hold()
    two.release()
    database.close()


def events_of(boot: BootId, match: MatchId, count: int) -> list[Letter]:
    bodies: list[Body] = [MatchStarted(match_id=match, t=0)]
    bodies += [MatchProgress(match_id=match, t=n, p1=n, p2=n) for n in range(1, count - 1)]
    bodies += [MatchFinished(match_id=match, t=count, p1_final=count, p2_final=0, winner=1)]
    return [
        letter(Channel.EVENTS, encode(Event(boot_id=boot, seq=seq, time=NOW, oldest=1, body=body)))
        for seq, body in enumerate(bodies, 1)
    ]


@pytest.mark.parametrize("seed", range(8))
def test_replicas_that_share_a_device_lose_and_double_nothing(database: Database, seed: int) -> None:
    boot, match = BootId.mint(), MatchId.mint()
    letters = events_of(boot, match, 40)
    shuffled = Random(seed)  # noqa: S311 - to shuffle, not to keep a secret
    hands = [letters * 1 for _ in range(2)]  # each event comes twice, to two replicas
    for hand in hands:
        shuffled.shuffle(hand)
    receipts: list[int] = []

    def replica(hand: list[Letter]) -> None:
        while hand:
            batch, hand = hand[:7], hand[7:]
            with database.write() as connection:
                intake = take_in(connection, batch)
            receipts.extend(receipt.seq for _, receipt in intake.receipts)

    threads = [threading.Thread(target=replica, args=(hand,)) for hand in hands]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as connection:
        row, samples = reads.match(connection, match), reads.samples(connection, match)
    assert row is not None
    assert (row["state"], row["p1"], row["p1_final"]) == (
        "interrupted" if row["finished"] is None else "finished",
        38,
        40,
    )
    assert [sample["seq"] for sample in samples] == list(range(2, 40))
    assert max(receipts) == 40


def test_a_flood_of_nonsense_stops_nothing(database: Database) -> None:
    @given(
        st.lists(st.tuples(st.sampled_from(list(Channel)), st.one_of(st.binary(max_size=300), MUTATED)), max_size=20)
    )
    @hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    def flood(messages: list[tuple[Channel, bytes]]) -> None:
        topics = [(f"kubeddr/v1/left/{channel}", payload) for channel, payload in messages]
        topics += [("kubeddr/v1/\x00/events", b"{}"), ("$SYS/x", b""), ("kubeddr/v1/left/events", b"x" * 70_000)]
        letters = [open_letter(TOPICS, topic, payload, NOW, retained=False) for topic, payload in topics]
        with database.write() as connection:
            intake = take_in(connection, letters)
        assert intake.aside >= 3

    flood()


def _mutated(name: str, field: str, value: object) -> bytes:
    raw = json.loads(encode(EXAMPLES[name][1]))
    target = raw.get("body", raw) if field.startswith("body.") else raw
    target[field.removeprefix("body.")] = value
    return json.dumps(raw).encode()


MUTATED = st.builds(
    _mutated,
    st.sampled_from(list(EXAMPLES)),
    st.sampled_from(
        (
            *("seq", "boot_id", "time", "oldest", "version", "connection", "online", "name", "source", "models"),
            *("body.kind", "body.match_id", "body.t", "body.p1", "body.p1_final", "body.prediction", "body.reason"),
            *("problems", "stages", "settings"),
        )
    ),
    st.one_of(
        st.none(),
        st.integers(-(2**70), 2**70),
        st.floats(),
        st.text(max_size=40),
        st.sampled_from(["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "\ud800", "\x00", 1e308, 10**400, [], {}]),
    ),
)


def test_what_the_console_asks_for_is_the_same_on_both(database: Database) -> None:
    boot = BootId.mint()
    status = Status(boot_id=boot, online=True, connection=1)
    begun = Event(boot_id=boot, seq=1, time=NOW, body=MatchStarted(match_id=MatchId.mint(), t=0))
    with database.write() as connection:
        take_in(connection, [letter(Channel.STATUS, encode(status)), letter(Channel.EVENTS, encode(begun))])
        writes.label(connection, LEFT, site="Bonn")
    with database.read() as connection:
        (site,) = reads.sites(connection, NOW - timedelta(hours=1))
        found = [reads.matches(connection, 5, 0, text=part)[1] for part in ("LEF", "righ", "%")]
    assert dict(site) == {"site": "Bonn", "devices": 1, "online": 1, "degraded": 0, "silent": 0, "offline": 0}
    assert found == [1, 0, 0]
