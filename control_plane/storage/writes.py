"""What people change, as against what devices tell (see `intake`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update

from control_plane.storage.tables import BundleRow, Device

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection, Table

    from contract.ids import DeviceId, Sha256
    from contract.manifest import Manifest
    from contract.messages import Desired


def add_bundle(connection: Connection, sha256: Sha256, size: int, manifest: Manifest, now: datetime) -> None:
    """Note a bundle; one that is known already stays as it was noted."""
    table = _table(BundleRow)
    if connection.execute(select(table.c.sha256).where(table.c.sha256 == sha256)).first():
        return
    row = {"kind": manifest.kind.value, "name": manifest.name, "version": manifest.version}
    connection.execute(table.insert(), [row | {"sha256": sha256, "size": size, "pushed": now}])


def set_desired(connection: Connection, device: DeviceId, wish: Desired) -> None:
    """Replace what a device should be."""
    table = _table(Device)
    values = {"desired": wish.model_dump_json(), "desired_version": wish.version}
    connection.execute(update(table).where(table.c.id == device).values(**values))


def _table(model: Any) -> Table:
    table: Table = model.__table__
    return table
