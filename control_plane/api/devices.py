"""Devices and what is wanted of them."""

from datetime import UTC, datetime

from fastapi import APIRouter

from contract.ids import DeviceId
from control_plane.api.context import Here, Limit, Offset
from control_plane.api.guard import VIEWER
from control_plane.api.shapes import DeviceOut, Page

router = APIRouter(prefix="/api/v1/devices", tags=["devices"])


@router.get("", dependencies=[VIEWER])
def list_devices(here: Here, limit: Limit = 100, offset: Offset = 0) -> Page[DeviceOut]:
    """Every device that has ever reported, by id."""
    rows, total = here.fleet.devices(limit, offset)
    now = datetime.now(UTC)
    return Page(items=tuple(DeviceOut.of(row, now) for row in rows), total=total, limit=limit, offset=offset)


@router.get("/{device}", dependencies=[VIEWER])
def show_device(here: Here, device: DeviceId) -> DeviceOut:
    """One device."""
    return DeviceOut.of(here.fleet.device(device), datetime.now(UTC))
