"""A batch of letters into the database, in the one transaction of its caller."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Table, delete, func, select, text, tuple_
from sqlalchemy.dialects import postgresql, sqlite

from contract.messages import (
    Event,
    MatchFinished,
    MatchProgress,
    MatchStarted,
    ModelCompared,
    ModelReport,
    Receipt,
    Reported,
    Status,
    Telemetry,
)
from control_plane.domain import match as matches
from control_plane.domain import receipts
from control_plane.storage import rows
from control_plane.storage.lock import number
from control_plane.storage.tables import (
    Committed,
    ComparedRow,
    DeadLetter,
    Device,
    EventRow,
    MatchRow,
    ModelStep,
    SampleRow,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from contract.ids import BootId, DeviceId, MatchId
    from control_plane.domain.letters import Letter
    from control_plane.domain.match import Match, Sample

MAX_DEAD_LETTERS = 10_000  # the newest are kept: a babbling device must not fill the disk


@dataclass(frozen=True, slots=True)
class Intake:
    """What a batch came to.

    Attributes:
        receipts: what to tell the devices once it is committed.
        devices: those that something is new about.
        matches: those that changed, with their new chart points in `samples`.
        aside: how many letters could not be read.
    """

    receipts: tuple[tuple[DeviceId, Receipt], ...] = ()
    devices: frozenset[DeviceId] = frozenset()
    matches: tuple[Match, ...] = ()
    samples: tuple[Sample, ...] = ()
    steps: tuple[DeviceId, ...] = ()
    inserted: int = 0
    repeated: int = 0
    aside: int = 0


@dataclass(slots=True)
class _News:
    """Events that are new here, sorted by what they are about."""

    letters: list[tuple[DeviceId, Event]] = field(default_factory=list)
    repeated: int = 0


def take_in(connection: Connection, letters: Sequence[Letter]) -> Intake:
    """Write a batch. What was written before changes nothing."""
    _alone(connection, letters)
    devices = _devices(connection, letters)
    news = _events(connection, letters)
    folded, samples = _matches(connection, news)
    steps = _steps(connection, news)
    _compared(connection, news)
    aside = _set_aside(connection, letters)
    return Intake(
        receipts=_receipts(connection, letters),
        devices=devices,
        matches=folded,
        samples=samples,
        steps=steps,
        inserted=len(news.letters),
        repeated=news.repeated,
        aside=aside,
    )


def _alone(connection: Connection, letters: Sequence[Letter]) -> None:
    """Of several replicas that take in, one at a time about each device; in one order, so that none waits in a ring.

    A match and a receipt are made from what is there, and a transaction does not see what another has not committed.
    SQLite has one writer anyway.
    """
    if connection.dialect.name == "postgresql":
        keys = sorted({number(f"device {letter.device}") for letter in letters if letter.device is not None})
        if keys:
            wanted = text("select count(pg_advisory_xact_lock(key)) from unnest(cast(:keys as bigint[])) as key")
            connection.execute(wanted, {"keys": keys})


def _devices(connection: Connection, letters: Sequence[Letter]) -> frozenset[DeviceId]:
    by_device: dict[DeviceId, list[Letter]] = defaultdict(list)
    for letter in letters:
        if letter.device is not None and letter.message is not None:
            by_device[letter.device].append(letter)
    if not by_device:
        return frozenset()
    table = _table(Device)
    known = {
        row["id"]: dict(row) for row in connection.execute(select(table).where(table.c.id.in_(by_device))).mappings()
    }
    blank = {column.name: None for column in table.columns}
    changed = []
    for device, said in by_device.items():
        row = known.get(device) or blank | {
            "id": device,
            "connection": 0,
            "online": False,
            "first_seen": said[0].received,
            "name": "",
            "desired_version": 0,
            "reported_version": 0,
            **dict.fromkeys(("site", "tags", "note", "problems", "offline_reason"), ""),
        }
        changed.append(_told(row, said))
    _upsert(connection, table, changed, keep=("desired", "desired_version", "first_seen", "site", "tags", "note"))
    return frozenset(by_device)


def _told(row: dict[str, Any], letters: Sequence[Letter]) -> dict[str, Any]:
    """A device row after what its letters say."""
    link = rows.connection_of(row)
    for letter in letters:
        now = letter.received
        match letter.message:
            case Status() as status:
                link = link.on_status(status, now, retained=letter.retained)
                row["offline_reason"] = "" if link.online else status.reason or row["offline_reason"]
            case Reported() as reported:
                row |= {"reported": reported.model_dump_json(), "name": reported.name}
                row["reported_version"] = reported.desired_version
                link = link if letter.retained else link.on_life(reported.boot_id, now)
            case Telemetry() as telemetry:
                row["telemetry"] = telemetry.model_dump_json()
                row["problems"] = "".join(f" {problem.code.value} " for problem in telemetry.problems)
                link = link.on_life(telemetry.boot_id, now)
            case Event(historical=False) as event:
                link = link.on_life(event.boot_id, now)
            case _:
                pass
    return row | rows.connection_row(link)


def _events(connection: Connection, letters: Sequence[Letter]) -> _News:
    keyed: dict[tuple[Any, ...], tuple[dict[str, Any], Letter]] = {}
    total = 0
    for letter in letters:
        row = rows.event_row(letter)
        if row is not None:
            total += 1
            keyed.setdefault((row["device_id"], row["boot_id"], row["seq"]), (row, letter))
    if not keyed:
        return _News()
    table = _table(EventRow)
    statement = _insert(connection, table).on_conflict_do_nothing()
    key = (table.c.device_id, table.c.boot_id, table.c.seq)
    result = connection.execute(statement.returning(*key), [row for row, _ in keyed.values()])
    fresh = {tuple(row) for row in result}
    news = _News(repeated=total - len(fresh))
    for at, (_, letter) in keyed.items():
        if at in fresh and letter.device is not None and isinstance(letter.message, Event):
            news.letters.append((letter.device, letter.message))
    return news


def _matches(connection: Connection, news: _News) -> tuple[tuple[Match, ...], tuple[Sample, ...]]:
    about = [
        (device, event, event.body)
        for device, event in news.letters
        if isinstance(event.body, MatchStarted | MatchProgress | MatchFinished)
    ]
    if not about:
        return (), ()
    table = _table(MatchRow)
    ids = {body.match_id for _, _, body in about}
    found = connection.execute(select(table).where(table.c.id.in_(ids))).mappings()
    known: dict[MatchId, Match] = {match.id: match for match in (rows.match_of(row) for row in found)}
    samples = []
    for device, event, body in about:
        match = known[body.match_id] = matches.advance(known.get(body.match_id), device, event, body)
        sample = matches.sample(event)
        if sample is not None and match.device == device and match.boot == event.boot_id:
            samples.append(sample)
    _upsert(connection, table, [rows.match_row(match) for match in known.values()])
    if samples:
        statement = _insert(connection, _table(SampleRow)).on_conflict_do_nothing()
        connection.execute(statement, [rows.sample_row(sample) for sample in samples])
    return tuple(known.values()), tuple(samples)


def _steps(connection: Connection, news: _News) -> tuple[DeviceId, ...]:
    reports = [
        (device, rows.step_row(device, event, event.body))
        for device, event in news.letters
        if isinstance(event.body, ModelReport)
    ]
    if reports:
        statement = _insert(connection, _table(ModelStep)).on_conflict_do_nothing()
        connection.execute(statement, [row for _, row in reports])
    return tuple(device for device, _ in reports)


def _compared(connection: Connection, news: _News) -> None:
    found = [
        rows.compared_row(device, event, event.body)
        for device, event in news.letters
        if isinstance(event.body, ModelCompared)
    ]
    if found:
        statement = _insert(connection, _table(ComparedRow)).on_conflict_do_nothing()
        connection.execute(statement, found)


def _set_aside(connection: Connection, letters: Sequence[Letter]) -> int:
    aside = [letter for letter in letters if letter.message is None]
    if not aside:
        return 0
    table = _table(DeadLetter)
    fields = [
        {
            "received": letter.received,
            "topic": letter.topic.replace("\0", "?"),
            "reason": letter.reason.replace("\0", "?"),
            "payload": letter.payload,
        }
        for letter in aside
    ]
    connection.execute(table.insert(), fields)
    newest = connection.execute(select(func.max(table.c.id))).scalar_one()
    connection.execute(delete(table).where(table.c.id <= newest - MAX_DEAD_LETTERS))
    return len(aside)


def _receipts(connection: Connection, letters: Sequence[Letter]) -> tuple[tuple[DeviceId, Receipt], ...]:
    oldest: dict[tuple[DeviceId, BootId], int] = {}
    for letter in letters:
        if letter.device is None:
            continue
        if isinstance(letter.message, Event):
            key, held = (letter.device, letter.message.boot_id), letter.message.oldest or 1
        elif letter.place is not None:
            key, held = (letter.device, letter.place[0]), 1
        else:
            continue
        oldest[key] = max(oldest.get(key, 1), held)
    if not oldest:
        return ()
    before, here = _committed(connection, oldest), _seqs(letters)
    after = {key: receipts.advance(before.get(key, 0), held, here[key]) for key, held in oldest.items()}
    # what came in an earlier batch, beyond a gap that this one has closed
    for key in _more(connection, after):
        after[key] = _reached(connection, key, after[key])
    changed = [(key, seq) for key, seq in after.items() if seq != before.get(key, 0)]
    rows_of = [{"device_id": device, "boot_id": boot, "seq": seq} for (device, boot), seq in changed]
    _upsert(connection, _table(Committed), rows_of)
    return tuple((device, Receipt(boot_id=boot, seq=seq)) for (device, boot), seq in after.items() if seq)


def _seqs(letters: Sequence[Letter]) -> dict[tuple[DeviceId, BootId], set[int]]:
    """What a batch has, readable or not: it stands in the database by now."""
    found: dict[tuple[DeviceId, BootId], set[int]] = defaultdict(set)
    for letter in letters:
        if letter.device is not None and isinstance(letter.message, Event):
            found[letter.device, letter.message.boot_id].add(letter.message.seq)
        elif letter.device is not None and letter.place is not None:
            found[letter.device, letter.place[0]].add(letter.place[1])
    return found


def _committed(connection: Connection, keys: Iterable[tuple[DeviceId, BootId]]) -> dict[tuple[DeviceId, BootId], int]:
    """How far the receipts of these boots have come."""
    table = _table(Committed)
    mine = tuple_(table.c.device_id, table.c.boot_id).in_(list(keys))
    return {(row.device_id, row.boot_id): row.seq for row in connection.execute(select(table).where(mine))}


def _more(connection: Connection, after: dict[tuple[DeviceId, BootId], int]) -> list[tuple[DeviceId, BootId]]:
    """Boots whose next event is there already."""
    events = _table(EventRow)
    following = [(device, boot, seq + 1) for (device, boot), seq in after.items()]
    mine = tuple_(events.c.device_id, events.c.boot_id, events.c.seq).in_(following)
    found = connection.execute(select(events.c.device_id, events.c.boot_id).where(mine))
    return [(row.device_id, row.boot_id) for row in found]


def _reached(connection: Connection, key: tuple[DeviceId, BootId], seq: int) -> int:
    """How far a boot's events stand without a gap from `seq` on."""
    events = _table(EventRow)
    above = select(events.c.seq).where(events.c.device_id == key[0], events.c.boot_id == key[1], events.c.seq > seq)
    return receipts.advance(seq, None, connection.execute(above).scalars())


def _table(model: Any) -> Table:
    table: Table = model.__table__
    return table


def _insert(connection: Connection, table: Table) -> Any:
    return sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)


def _upsert(connection: Connection, table: Table, values: Sequence[dict[str, Any]], keep: tuple[str, ...] = ()) -> None:
    """Insert, or change what is there but for the columns `keep`, which others write."""
    if not values:
        return
    statement = _insert(connection, table)
    keys = [column.name for column in table.primary_key]
    changes = {name: statement.excluded[name] for name in values[0] if name not in {*keys, *keep}}
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=changes), list(values))
