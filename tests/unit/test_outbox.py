from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from contract.ids import BootId
from edge_agent.backoff import Backoff
from edge_agent.reporting.outbox import Outbox
from edge_agent.reporting.reconnection import LinkState, Reconnection
from edge_agent.reporting.sender import Sender

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 5, 1, 20, 15, 0, 250_000, tzinfo=UTC)


def box(path: Path, **options: int) -> Outbox:
    return Outbox(path / "outbox.db", BootId.mint(), **options)


def put_many(outbox: Outbox) -> None:
    for _ in range(10):
        outbox.put("r" * 3500, NOW, keep=True)


def test_events_keep_their_order_time_and_boot_across_a_restart(tmp_path: Path) -> None:
    first = box(tmp_path)
    assert [first.put(f'"{i}"', NOW, keep=bool(i % 2)) for i in range(3)] == [1, 2, 3]
    first.close()
    second = box(tmp_path)
    second.put('"new"', NOW, keep=True)
    assert second.depth == 4
    events = second.following(None, 10)
    assert [(e.boot_id, e.seq, e.time, e.body) for e in events] == [
        (first.boot_id, i + 1, NOW, f'"{i}"') for i in range(3)
    ]
    second.receipt(first.boot_id, 3)
    assert [(e.boot_id, e.seq, e.body) for e in second.following(None, 10)] == [(second.boot_id, 1, '"new"')]


def test_a_killed_agent_loses_nothing(tmp_path: Path) -> None:
    killed = box(tmp_path)
    for i in range(5):
        killed.put(f'"{i}"', NOW, keep=False)
    # no close: the next start finds the log as a kill leaves it
    assert len(box(tmp_path).following(None, 10)) == 5


def test_samples_go_before_results_and_results_never(tmp_path: Path) -> None:
    outbox = box(tmp_path, limit=60_000)
    for i in range(1200):
        outbox.put("x" * 30, NOW, keep=i % 100 == 0)
    assert outbox.dropped > 0
    assert outbox.depth == 1200 - outbox.dropped
    kept = []
    while events := outbox.following(None, 1000):
        kept += [event.seq for event in events]
        outbox.receipt(events[0].boot_id, events[-1].seq)
    assert {i + 1 for i in range(0, 1200, 100)} <= set(kept)
    assert kept[-1] == 1200
    assert kept == sorted(kept)


def test_after_a_gap_nothing_comes_until_all_before_it_is_receipted(tmp_path: Path) -> None:
    outbox = box(tmp_path)
    outbox.put('"result"', NOW, keep=True)
    for _ in range(3):
        outbox.put('"sample"', NOW, keep=False)
    outbox.put('"result"', NOW, keep=True)
    outbox._drop_samples()
    (first,) = outbox.following(None, 10)
    assert (first.seq, first.oldest) == (1, 1)
    assert outbox.following((first.boot_id, 1), 10) == ()
    outbox.receipt(first.boot_id, 1)
    (last,) = outbox.following((first.boot_id, 1), 10)
    assert (last.seq, last.oldest) == (5, 5)


def test_a_damaged_outbox_is_put_aside_and_work_goes_on(tmp_path: Path) -> None:
    (tmp_path / "outbox.db").write_bytes(b"SQLite format 3\x00" + b"\x13" * 5000)
    outbox = box(tmp_path)
    assert outbox.put('"1"', NOW, keep=True) == 1
    assert len(list(tmp_path.glob("outbox.db.broken-*"))) == 1


def test_a_full_disk_drops_samples_for_a_result_and_else_says_so(tmp_path: Path) -> None:
    outbox = box(tmp_path)
    outbox.put("s" * 5000, NOW, keep=False)
    pages = outbox._db.execute("PRAGMA page_count").fetchone()[0]
    outbox._db.execute(f"PRAGMA max_page_count = {pages}")
    outbox.put("r" * 3500, NOW, keep=True)
    assert outbox.dropped == 1
    with pytest.raises(sqlite3.OperationalError, match="full"):
        put_many(outbox)
    assert next(event.seq for event in outbox.following(None, 10)) == 2


def test_the_window_bounds_what_is_under_way_and_a_receipt_opens_it(tmp_path: Path) -> None:
    outbox = box(tmp_path)
    for i in range(10):
        outbox.put(f'"{i}"', NOW, keep=False)
    sender = Sender(outbox, window=4, patience=Backoff(10, 40))
    assert [event.seq for event in sender.due(0)] == [1, 2, 3, 4]
    assert sender.due(1) == ()
    sender.receipted(outbox.boot_id, 3, 2)
    assert [event.seq for event in sender.due(2)] == [5, 6, 7]
    assert sender.due(11.9) == ()
    assert [event.seq for event in sender.due(12)] == [4, 5, 6, 7]  # no receipt for ten seconds
    assert sender.due(31.9) == ()
    assert [event.seq for event in sender.due(32)] == [4, 5, 6, 7]  # then for twenty


def test_a_receipt_beyond_what_was_sent_deletes_nothing_unsent(tmp_path: Path) -> None:
    outbox = box(tmp_path)
    for i in range(5):
        outbox.put(f'"{i}"', NOW, keep=True)
    sender = Sender(outbox, window=2)
    sender.due(0)
    assert sender.receipted(outbox.boot_id, 1_000_000, 0) == 2
    assert outbox.depth == 3


def test_tries_come_further_apart_up_to_a_cap_and_begin_anew_after_a_steady_connection() -> None:
    again = Reconnection(Backoff(1.0, 8.0))
    now, waits = 0.0, []
    for _ in range(5):
        assert again.due(now)
        again.connecting(now)
        assert not again.due(now)
        waits.append(again.lost(now, "refused"))
        now += waits[-1]
    assert waits == [1, 2, 4, 8, 8]
    again.connecting(now)
    again.connected(now)
    assert again.lost(now + 1, "cut") == 8  # it did not hold
    again.connecting(now)
    again.connected(now)
    assert again.lost(now + 60, "cut") == 1
    again.close()
    assert again.state is LinkState.CLOSED
    assert not again.due(now + 1000)


def test_a_try_without_an_answer_is_overdue() -> None:
    again = Reconnection(patience=6.0)
    again.connecting(10.0)
    assert not again.overdue(15.0)
    assert again.overdue(16.1)


def test_jitter_only_ever_shortens_the_wait() -> None:
    for chance, wait in ((0.0, 4.0), (0.5, 3.0), (1.0, 2.0)):
        assert Backoff(4.0, 8.0, jitter=0.5, uniform=iter([chance]).__next__).next() == wait
