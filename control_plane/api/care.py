"""Looking after one device: what it is set to, where it stands, and what it hands in."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal, Self

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, Response
from pydantic import BaseModel, Field, StringConstraints
from sqlalchemy import RowMapping

from contract.ids import DeviceId
from contract.messages import Command, CommandAction, Reported, Settings
from control_plane.api.context import Context, Here
from control_plane.api.guard import OPERATOR, VIEWER, Me, detail
from control_plane.api.shapes import DeviceOut, Shape
from control_plane.domain.access import mint
from control_plane.domain.desired import settled_settings

router = APIRouter(prefix="/api/v1/devices/{device}", tags=["care"])

Line = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
Tag = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._=-]{0,39}$")]
Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{1,64}$")]
Part = Literal["picture.jpg", "log.txt"]
PARTS = {"picture.jpg": "image/jpeg", "log.txt": "text/plain; charset=utf-8"}
Outcome = Literal["none", "pending", "applied", "refused"]


class SettingsOut(Shape):
    """What is wanted of a device's settings, what is so, and what became of the wish.

    Attributes:
        version: of the desired document; name it in a change so that nobody's is overwritten unseen.
        reason: why it was refused.
        safe: the device has gone back to what it was started with.
    """

    version: int
    wanted: Settings
    reported: Settings
    outcome: Outcome
    reason: str
    safe: bool


class NewSettings(BaseModel):
    """All that shall be set from afar; what is not named is as the device was started.

    Attributes:
        version: of the desired document that this is a change to, None to overwrite whatever is there.
    """

    values: Settings
    version: Annotated[int | None, Field(ge=0, le=2**53)] = None


class Labels(BaseModel):
    """Where a device stands and what it is tagged with; what is not named stays."""

    site: Line | None = None
    tags: Annotated[list[Tag] | None, Field(max_length=20)] = None
    note: Line | None = None


class DiagnosticsOut(Shape):
    """A bundle that was asked for; `url` once it has come."""

    id: str
    asked: datetime
    asked_by: str
    received: datetime | None
    size: int
    url: str | None

    @classmethod
    def of(cls, row: RowMapping) -> Self:
        """From its row."""
        known = {name: row[name] for name in ("id", "asked", "asked_by", "received", "size")}
        path = f"/api/v1/devices/{row['device_id']}/diagnostics/{row['id']}"
        return cls(url=path if row["received"] else None, **known)


class DiagnosticsList(Shape):
    """All of a device's that are kept."""

    items: tuple[DiagnosticsOut, ...]


@router.get("/settings", dependencies=[VIEWER])
def show_settings(here: Here, device: DeviceId) -> SettingsOut:
    """What a device is set to, and how far it has come."""
    return _shown(here, device)


@router.put("/settings", dependencies=[OPERATOR])
def set_settings(here: Here, request: Request, device: DeviceId, new: NewSettings) -> SettingsOut:
    """Set a device up from afar. It applies this without a restart, or refuses it with the reason."""
    detail(request, new.values.model_dump_json(exclude_none=True, exclude={"source"}))
    here.fleet.set_up(device, new.values, new.version)
    here.live.changed(here.fleet, [device])
    return _shown(here, device)


@router.patch("", dependencies=[OPERATOR])
def label_device(here: Here, request: Request, device: DeviceId, labels: Labels) -> DeviceOut:
    """Say where a device stands and what it is."""
    detail(request, labels.model_dump_json(exclude_none=True))
    here.fleet.label(device, labels.site, labels.tags, labels.note)
    here.live.changed(here.fleet, [device])
    return DeviceOut.of(here.fleet.device(device), datetime.now(UTC))


@router.post("/identify", status_code=202, dependencies=[OPERATOR])
def identify_device(here: Here, device: DeviceId) -> Shape:
    """Let the device's own page say which one it is."""
    now = datetime.now(UTC)
    name = "i" + mint().rpartition("_")[2].replace("-", "x").replace("_", "y")
    command = Command(id=name, action=CommandAction.IDENTIFY, time=now, expires=now + timedelta(minutes=1))
    here.fleet.command(device, command)
    return Shape()


@router.get("/diagnostics", dependencies=[OPERATOR])
def list_diagnostics(here: Here, device: DeviceId) -> DiagnosticsList:
    """What was asked of it, newest first."""
    here.fleet.device(device)
    return DiagnosticsList(items=tuple(DiagnosticsOut.of(row) for row in here.diagnostics.page(device)))


@router.post("/diagnostics", status_code=202, dependencies=[OPERATOR])
def ask_diagnostics(here: Here, me: Me, device: DeviceId) -> DiagnosticsOut:
    """Ask a device for a bundle: log, figures, what it is set to, and the last picture."""
    name = here.diagnostics.ask(device, me.name)
    return next(DiagnosticsOut.of(row) for row in here.diagnostics.page(device) if row["id"] == name)


@router.get("/diagnostics/{name}", dependencies=[OPERATOR])
def fetch_diagnostics(here: Here, device: DeviceId, name: Id) -> FileResponse:
    """The bundle itself, a zip file."""
    return FileResponse(here.diagnostics.file(device, name), media_type="application/zip", filename=f"{device}.zip")


@router.get("/diagnostics/{name}/{part}", dependencies=[OPERATOR])
def look_into_diagnostics(here: Here, device: DeviceId, name: Id, part: Part) -> Response:
    """One part of a bundle: the picture of what the device saw, or the last lines of its log."""
    return Response(here.diagnostics.part(device, name, part), media_type=PARTS[part])


def _shown(here: Context, device: DeviceId) -> SettingsOut:
    row, desired = here.fleet.device(device), here.fleet.desired(device)
    reported = Reported.model_validate_json(row["reported"]) if row["reported"] else None
    outcome, reason = settled_settings(desired, reported)
    return SettingsOut(
        version=desired.version if desired else 0,
        wanted=desired.settings.values if desired and desired.settings else Settings(),
        reported=reported.settings.values if reported else Settings(),
        outcome=outcome,
        reason=reason,
        safe=reported.settings.safe if reported else False,
    )
