"""Devices and what is wanted of them."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query

from contract.ids import DeviceId
from contract.messages import ProblemCode
from control_plane.api.context import Here, Limit, Offset
from control_plane.api.guard import VIEWER
from control_plane.api.shapes import DeviceOut, Page, Shape
from control_plane.domain.device import SILENT_AFTER
from control_plane.storage.reads import Sought

Words = Annotated[str | None, Query(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
Status = Literal["online", "degraded", "silent", "offline"]

router = APIRouter(prefix="/api/v1", tags=["devices"])


class SiteOut(Shape):
    """A place where devices stand, and how many of them are what."""

    site: str
    devices: int
    online: int
    degraded: int
    silent: int
    offline: int


class SiteList(Shape):
    """All of them."""

    items: tuple[SiteOut, ...]


@router.get("/devices", dependencies=[VIEWER])
def list_devices(  # noqa: PLR0913, PLR0917 - one for each filter
    here: Here,
    q: Words = None,
    site: Words = None,
    tag: Words = None,
    problem: ProblemCode | None = None,
    status: Status | None = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> Page[DeviceOut]:
    """Devices by id; `q` looks for a part of the id, name, site or note."""
    now = datetime.now(UTC)
    code = problem.value if problem is not None else None
    rows, total = here.fleet.devices(limit, offset, Sought(q, site, tag, code, status, now - SILENT_AFTER))
    return Page(items=tuple(DeviceOut.of(row, now) for row in rows), total=total, limit=limit, offset=offset)


@router.get("/sites", dependencies=[VIEWER])
def list_sites(here: Here) -> SiteList:
    """Every site with how many of its devices stand how; devices without one come under the empty name."""
    return SiteList(items=tuple(SiteOut.model_validate(dict(row)) for row in here.fleet.sites(datetime.now(UTC))))


@router.get("/devices/{device}", dependencies=[VIEWER])
def show_device(here: Here, device: DeviceId) -> DeviceOut:
    """One device."""
    return DeviceOut.of(here.fleet.device(device), datetime.now(UTC))
