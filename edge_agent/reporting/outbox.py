"""The outbox: events wait here, on the disk, until the control plane says that it has them.

How durable, and why. The database is in WAL mode, where `synchronous=FULL` flushes the log at every commit and
`NORMAL` only at checkpoints. Results (a match began or ended, a model was refused) are written with FULL: once `put`
returns they survive a power cut. Samples of a running match come several times a second and are written with NORMAL:
they survive the end of the process, and a power cut may cost the last of them, never the file. The log is sequential,
so a result also makes the samples before it safe. On a memory card this is one flush a match instead of four a
second.

How large. Beyond `limit` bytes the oldest samples are dropped first, and counted; results are never dropped. A device
that is cut off for weeks keeps every match's result and the recent matches' courses.
"""

from __future__ import annotations

import sqlite3
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from contract.ids import BootId

if TYPE_CHECKING:
    from pathlib import Path

LIMIT = 64 * 1024 * 1024
_DROP_AT_ONCE = 500
_ROW_OVERHEAD = 64  # bytes of keys and bookkeeping that a row takes beside its body

_SCHEMA = """
CREATE TABLE IF NOT EXISTS boot (number INTEGER PRIMARY KEY AUTOINCREMENT, boot_id TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS event (
    boot INTEGER NOT NULL REFERENCES boot (number),
    seq INTEGER NOT NULL,
    time REAL NOT NULL,
    keep INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (boot, seq)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS sample ON event (boot, seq) WHERE keep = 0;
"""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Stored:
    """An event in the outbox.

    Attributes:
        time: when it happened.
        body: JSON of the event's body.
        oldest: the lowest seq of its boot that is still held.
    """

    boot_id: BootId
    seq: int
    time: datetime
    body: str
    oldest: int


class Outbox:
    """Events of this boot and what earlier boots left. Safe to use from several threads.

    Args:
        path: the database file; one that is damaged is moved aside and a new one begun.
        boot_id: of this start of the agent; numbers its events from 1.
        limit: bytes that events may take before samples are dropped.
    """

    def __init__(self, path: Path, boot_id: BootId, *, limit: int = LIMIT) -> None:
        self.boot_id = boot_id
        self.dropped = 0
        self._limit = limit
        self._lock = threading.Lock()
        self._db = _open(path)
        self._boot = self._db.execute("INSERT INTO boot (boot_id) VALUES (?)", (boot_id,)).lastrowid
        self._seq = 0
        row = self._db.execute("SELECT COUNT(*), COALESCE(SUM(LENGTH(body)), 0) FROM event").fetchone()
        self._depth, self._bytes = int(row[0]), int(row[1]) + int(row[0]) * _ROW_OVERHEAD

    @property
    def depth(self) -> int:
        """How many events wait."""
        return self._depth

    def put(self, body: str, time: datetime, *, keep: bool) -> int:
        """Store an event; when this returns it is on its way, whatever happens to the network.

        Args:
            body: JSON.
            time: when it happened, aware.
            keep: a result, flushed to the disk and never dropped; otherwise a sample.

        Returns:
            Its seq in this boot.

        Raises:
            sqlite3.Error: the disk is full or broken, also after samples were dropped to make room.
        """
        with self._lock:
            size = len(body) + _ROW_OVERHEAD
            if self._bytes + size > self._limit:
                self._drop_samples()
            try:
                self._insert(body, time, keep=keep)
            except sqlite3.OperationalError:
                if not self._drop_samples():
                    raise
                self._insert(body, time, keep=keep)
            self._seq += 1
            self._depth += 1
            self._bytes += size
            return self._seq

    def following(self, after: tuple[BootId, int] | None, limit: int) -> tuple[Stored, ...]:
        """The next events to send, oldest boot first, at most `limit`.

        Events come in runs without a gap: where samples were dropped in the middle, nothing more comes until everything
        before the gap is receipted, so that `oldest` can tell the control plane that the gap will never be filled.

        Args:
            after: the last event that was sent; None to begin with the oldest.
            limit: events at most.
        """
        with self._lock:
            found = self._db.execute(
                "SELECT e.boot, b.boot_id, e.seq FROM event e JOIN boot b ON b.number = e.boot"
                " ORDER BY e.boot, e.seq LIMIT 1"
            ).fetchone()
            if found is None:
                return ()
            number, boot_id, oldest = int(found[0]), BootId(found[1]), int(found[2])
            sent = after[1] if after is not None and after[0] == boot_id else 0
            expected = max(sent + 1, oldest)
            rows = self._db.execute(
                "SELECT seq, time, body FROM event WHERE boot = ? AND seq >= ? ORDER BY seq LIMIT ?",
                (number, expected, limit),
            ).fetchall()
        run = []
        for offset, (seq, time, body) in enumerate(rows):
            if seq != expected + offset:
                break
            run.append(Stored(boot_id, seq, datetime.fromtimestamp(time, UTC), body, oldest))
        return tuple(run)

    def receipt(self, boot_id: BootId, seq: int) -> int:
        """Delete everything of a boot up to `seq`, inclusive, which the control plane has.

        Returns:
            How many events went.
        """
        with self._lock:
            which = "boot = (SELECT number FROM boot WHERE boot_id = ?) AND seq <= ?"
            return self._delete(which, (boot_id, seq))

    def close(self) -> None:
        """Close the database; leaves no log file behind."""
        with self._lock:
            self._db.close()

    def _insert(self, body: str, time: datetime, *, keep: bool) -> None:
        self._db.execute(f"PRAGMA synchronous = {'FULL' if keep else 'NORMAL'}")
        self._db.execute(
            "INSERT INTO event (boot, seq, time, keep, body) VALUES (?, ?, ?, ?, ?)",
            (self._boot, self._seq + 1, time.timestamp(), keep, body),
        )

    def _drop_samples(self) -> bool:
        which = "(boot, seq) IN (SELECT boot, seq FROM event WHERE keep = 0 ORDER BY boot, seq LIMIT ?)"
        gone = self._delete(which, (_DROP_AT_ONCE,))
        if gone:
            self.dropped += gone
            log.warning("outbox full", dropped=gone, dropped_in_all=self.dropped, waiting=self._depth)
        return gone > 0

    def _delete(self, which: str, values: tuple[object, ...]) -> int:
        rows = self._db.execute(f"DELETE FROM event WHERE {which} RETURNING LENGTH(body)", values).fetchall()  # noqa: S608 - both conditions are written above
        self._depth -= len(rows)
        self._bytes -= sum(int(row[0]) + _ROW_OVERHEAD for row in rows)
        return len(rows)


def _open(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        return _connect(path)
    except sqlite3.DatabaseError as error:
        # A broken outbox must not keep the device from working; what can be rescued from it stays on the disk.
        aside = path.with_name(f"{path.name}.broken-{datetime.now(UTC):%Y%m%dT%H%M%S}")
        log.exception("outbox damaged", reason=str(error), moved_to=aside.name)
        path.rename(aside)
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        return _connect(path)


def _connect(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=5.0)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        _check(db)
        db.executescript(_SCHEMA)
        db.execute("DELETE FROM boot WHERE number NOT IN (SELECT DISTINCT boot FROM event)")
    except sqlite3.DatabaseError:
        db.close()
        raise
    return db


def _check(db: sqlite3.Connection) -> None:
    found = db.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise sqlite3.DatabaseError(found)
