"""What the pages and the API read. Rows come as mappings with typed columns; nothing here writes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import Boolean, Column, MetaData, String, Table, Text, and_, func, not_, or_, select

from contract.ids import DeviceId
from control_plane.domain.registry import Stage
from control_plane.storage.tables import BundleRow, DeadLetter, Device, DiagnosticsRow, MatchRow, ModelStep, SampleRow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, RowMapping, Select

MAX_SAMPLES = 20_000

_VIEWS = MetaData()


def _columns(model: Any) -> list[Column[Any]]:
    return [Column(column.name, column.type) for column in model.__table__.columns]


# the views that the migrations make
FLEET = Table("fleet", _VIEWS, *_columns(Device), Column("match_id", String))
MATCHES = Table(
    "match_summary",
    _VIEWS,
    *_columns(MatchRow),
    Column("device_name", Text),
    Column("device_online", Boolean),
    Column("device_since", Device.__table__.c.since.type),  # type: ignore[attr-defined]
    Column("state", String),
)
DEVICES: Table = Device.__table__  # type: ignore[attr-defined]
DIAGNOSTICS: Table = DiagnosticsRow.__table__  # type: ignore[attr-defined]
SAMPLES: Table = SampleRow.__table__  # type: ignore[attr-defined]
STEPS: Table = ModelStep.__table__  # type: ignore[attr-defined]
BUNDLES: Table = BundleRow.__table__  # type: ignore[attr-defined]
DEAD: Table = DeadLetter.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Sought:
    """Which devices are looked for; None matches all.

    Attributes:
        text: part of the id, the name, the site or the note.
        status: `online`, `degraded`, `silent` or `offline`.
        silent_before: who was last heard before is silent.
    """

    text: str | None = None
    site: str | None = None
    tag: str | None = None
    problem: str | None = None
    status: str | None = None
    silent_before: datetime | None = None


def devices(
    connection: Connection, limit: int, offset: int, sought: Sought | None = None
) -> tuple[Sequence[RowMapping], int]:
    """Devices by id, and how many there are in all."""
    # the table and not the view for the count: the view looks for each one's match
    wheres = _where(sought or Sought())
    page = select(FLEET).where(*(where(FLEET) for where in wheres)).order_by(FLEET.c.id).limit(limit).offset(offset)
    count = select(func.count()).select_from(DEVICES).where(*(where(DEVICES) for where in wheres))
    return connection.execute(page).mappings().all(), connection.execute(count).scalar_one()


def _where(sought: Sought) -> list[Callable[[Table], ColumnElement[bool]]]:
    found: list[Callable[[Table], ColumnElement[bool]]] = []
    if sought.text:
        text = sought.text
        names = ("id", "name", "site", "note")
        found.append(lambda table: or_(*(table.c[each].icontains(text, autoescape=True) for each in names)))
    if sought.site is not None:
        found.append(lambda table: table.c.site == sought.site)
    for column, word in (("tags", sought.tag), ("problems", sought.problem)):
        if word is not None:
            found.append(partial(_has, column, word))
    if sought.status is not None:
        found.append(partial(_stands, sought.status, sought.silent_before))
    return found


def _has(column: str, word: str, table: Table) -> ColumnElement[bool]:
    return table.c[column].contains(f" {word} ", autoescape=True)


def _stands(status: str, before: datetime | None, table: Table) -> ColumnElement[bool]:
    heard = and_(table.c.online.is_(True), table.c.heard >= before)
    well = table.c.problems == ""
    return {
        "online": and_(heard, well),
        "degraded": and_(heard, not_(well)),
        "silent": and_(table.c.online.is_(True), or_(table.c.heard.is_(None), table.c.heard < before)),
    }.get(status, table.c.online.is_(False))


def presence_counts(connection: Connection, before: datetime) -> dict[str, int]:
    """How many devices stand how: `online`, `degraded`, `silent`, `offline`."""
    kinds = ("online", "degraded", "silent", "offline")
    sums = [func.count().filter(_stands(kind, before, DEVICES)).label(kind) for kind in kinds]
    return dict(connection.execute(select(*sums).select_from(DEVICES)).mappings().one())


def sites(connection: Connection, before: datetime) -> Sequence[RowMapping]:
    """Every site with how many of its devices stand how; see `presence_counts`."""
    kinds = ("online", "degraded", "silent", "offline")
    sums = [func.count().filter(_stands(kind, before, DEVICES)).label(kind) for kind in kinds]
    wanted = select(DEVICES.c.site, func.count().label("devices"), *sums).group_by(DEVICES.c.site)
    return connection.execute(wanted.order_by(DEVICES.c.site)).mappings().all()


def diagnostics(connection: Connection, device_id: str) -> Sequence[RowMapping]:
    """Bundles that were asked of a device, newest first."""
    mine = select(DIAGNOSTICS).where(DIAGNOSTICS.c.device_id == device_id)
    return connection.execute(mine.order_by(DIAGNOSTICS.c.asked.desc(), DIAGNOSTICS.c.id)).mappings().all()


def device(connection: Connection, device_id: str) -> RowMapping | None:
    """One device."""
    return _one(connection, select(FLEET).where(FLEET.c.id == device_id))


def devices_named(connection: Connection, ids: Iterable[str]) -> Sequence[RowMapping]:
    """Those of `ids` that there are."""
    return connection.execute(select(FLEET).where(FLEET.c.id.in_(list(ids)))).mappings().all()


def matches(  # noqa: PLR0913 - one for each filter
    connection: Connection,
    limit: int,
    offset: int,
    *,
    device_id: str | None = None,
    text: str | None = None,
    state: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> tuple[Sequence[RowMapping], int]:
    """Matches, newest first, and how many there are in all; `text` is a part of the device's id or name."""
    wanted = select(MATCHES)
    if text:
        names = (MATCHES.c.device_id, MATCHES.c.device_name)
        wanted = wanted.where(or_(*(each.icontains(text, autoescape=True) for each in names)))
    if device_id is not None:
        wanted = wanted.where(MATCHES.c.device_id == device_id)
    if state is not None:
        wanted = wanted.where(MATCHES.c.state == state)
    if since is not None:
        wanted = wanted.where(MATCHES.c.last >= since)
    if until is not None:
        wanted = wanted.where(MATCHES.c.last < until)
    total = connection.execute(select(func.count()).select_from(wanted.subquery())).scalar_one()
    page = wanted.order_by(MATCHES.c.last.desc(), MATCHES.c.id.desc()).limit(limit).offset(offset)
    return connection.execute(page).mappings().all(), total


def match(connection: Connection, match_id: str) -> RowMapping | None:
    """One match."""
    return _one(connection, select(MATCHES).where(MATCHES.c.id == match_id))


def matches_named(connection: Connection, ids: Iterable[str]) -> Sequence[RowMapping]:
    """Those of `ids` that there are."""
    return connection.execute(select(MATCHES).where(MATCHES.c.id.in_(list(ids)))).mappings().all()


def running(connection: Connection) -> Sequence[RowMapping]:
    """Every match that runs."""
    wanted = select(MATCHES).where(MATCHES.c.finished.is_(None), MATCHES.c.state == "running")
    return connection.execute(wanted.order_by(MATCHES.c.device_id)).mappings().all()


def samples(connection: Connection, match_id: str) -> Sequence[RowMapping]:
    """A match's chart, in order."""
    wanted = select(SAMPLES).where(SAMPLES.c.match_id == match_id).order_by(SAMPLES.c.seq).limit(MAX_SAMPLES)
    return connection.execute(wanted).mappings().all()


def steps(connection: Connection, device_id: str, limit: int = 50) -> Sequence[RowMapping]:
    """What a device reported about models, newest first."""
    order = (STEPS.c.time.desc(), STEPS.c.seq.desc())
    wanted = select(STEPS).where(STEPS.c.device_id == device_id).order_by(*order).limit(limit)
    return connection.execute(wanted).mappings().all()


def bundle(connection: Connection, sha256: str) -> RowMapping | None:
    """One bundle."""
    return _one(connection, select(BUNDLES).where(BUNDLES.c.sha256 == sha256))


def version(connection: Connection, name: str, version: str) -> RowMapping | None:
    """The bundle of this name and version; the newest, where an older control plane took several."""
    found = select(BUNDLES).where(BUNDLES.c.name == name, BUNDLES.c.version == version)
    return connection.execute(found.order_by(BUNDLES.c.pushed.desc())).mappings().first()


def signable(connection: Connection) -> Sequence[RowMapping]:
    """The bundles that devices may run, oldest first: all that are not retired."""
    wanted = select(BUNDLES).where(BUNDLES.c.stage != Stage.RETIRED.value)
    return connection.execute(wanted.order_by(BUNDLES.c.pushed, BUNDLES.c.sha256)).mappings().all()


def dead_letters(connection: Connection, limit: int, offset: int = 0) -> tuple[Sequence[RowMapping], int]:
    """What was kept aside, newest first, and how much there is."""
    page = select(DEAD).order_by(DEAD.c.id.desc()).limit(limit).offset(offset)
    total = connection.execute(select(func.count()).select_from(DEAD)).scalar_one()
    return connection.execute(page).mappings().all(), total


def _one(connection: Connection, wanted: Select[Any]) -> RowMapping | None:
    return connection.execute(wanted).mappings().one_or_none()


def desired_documents(connection: Connection, *, unsettled: bool = False) -> list[tuple[DeviceId, str]]:
    """Every device that something is wanted of, and the document as JSON; or those online that have not settled it."""
    wanted = select(DEVICES.c.id, DEVICES.c.desired).where(DEVICES.c.desired.is_not(None))
    if unsettled:
        wanted = wanted.where(DEVICES.c.online.is_(True), DEVICES.c.desired_version > DEVICES.c.reported_version)
    return [(DeviceId(row.id), row.desired) for row in connection.execute(wanted)]


def documents(connection: Connection, ids: Iterable[str]) -> Sequence[RowMapping]:
    """What is wanted of these devices and what they say they are; nobody else changes it until the transaction ends."""
    columns = [DEVICES.c[name] for name in ("id", "desired", "reported", "reported_version")]
    wanted = select(*columns).where(DEVICES.c.id.in_(list(ids))).order_by(DEVICES.c.id)
    return connection.execute(wanted.with_for_update()).mappings().all()
