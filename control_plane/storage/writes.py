"""What people change, as against what devices tell (see `intake`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, select, update

from control_plane.domain.registry import lineage
from control_plane.storage.tables import BundleRow, Device, DiagnosticsRow

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Connection, Table

    from contract.ids import DeviceId
    from contract.messages import Desired
    from control_plane.releases.store import Stored


def add_bundle(connection: Connection, stored: Stored, now: datetime, by: str) -> None:
    """Note a bundle; one that is known already stays as it was noted."""
    sha256, manifest = stored.sha256, stored.manifest
    table = _table(BundleRow)
    if connection.execute(select(table.c.sha256).where(table.c.sha256 == sha256)).first():
        return
    row: dict[str, object] = {"kind": manifest.kind.value, "name": manifest.name, "version": manifest.version}
    row |= {"sha256": sha256, "size": stored.size, "pushed": now, "pushed_by": by} | lineage(manifest).row()
    connection.execute(table.insert(), [row])


def set_desired(connection: Connection, device: DeviceId, wish: Desired) -> None:
    """Replace what a device should be."""
    table = _table(Device)
    values = {"desired": wish.model_dump_json(), "desired_version": wish.version}
    connection.execute(update(table).where(table.c.id == device).values(**values))


def set_all_desired(connection: Connection, wishes: Mapping[DeviceId, Desired]) -> None:
    """Replace what many devices should be."""
    table = _table(Device)
    values = [
        {"device": device, "text": wish.model_dump_json(), "number": wish.version} for device, wish in wishes.items()
    ]
    if values:
        changed: dict[str, Any] = {"desired": bindparam("text"), "desired_version": bindparam("number")}
        connection.execute(update(table).where(table.c.id == bindparam("device")).values(**changed), values)


def lock_device(connection: Connection, device: DeviceId) -> None:
    """Let nobody else change it until the end of the transaction."""
    table = _table(Device)
    connection.execute(select(table.c.id).where(table.c.id == device).with_for_update())


def label(connection: Connection, device: DeviceId, **changes: str) -> None:
    """Say where a device stands and what it is."""
    table = _table(Device)
    if changes:
        connection.execute(update(table).where(table.c.id == device).values(**changes))


def ask_diagnostics(  # noqa: PLR0913, PLR0917 - a row's columns
    connection: Connection, name: str, device: DeviceId, by: str, now: datetime, kept: int
) -> list[str]:
    """Note that a bundle was asked for; returns older ones of the device that are no longer kept."""
    table = _table(DiagnosticsRow)
    connection.execute(
        table.insert(), [{"id": name, "device_id": device, "asked": now, "asked_by": by, "received": None, "size": 0}]
    )
    mine = select(table.c.id).where(table.c.device_id == device).order_by(table.c.asked.desc(), table.c.id)
    old = list(connection.execute(mine.offset(kept)).scalars())
    connection.execute(delete(table).where(table.c.id.in_(old)))
    return old


def receive_diagnostics(connection: Connection, name: str, device: DeviceId, now: datetime, size: int) -> bool:
    """Note that a bundle came; False when nobody waits for it."""
    table = _table(DiagnosticsRow)
    mine = (table.c.id == name) & (table.c.device_id == device) & table.c.received.is_(None)
    return connection.execute(update(table).where(mine).values(received=now, size=size)).rowcount > 0


def _table(model: Any) -> Table:
    table: Table = model.__table__
    return table
