"""What a device should be."""

from fastapi import APIRouter
from pydantic import BaseModel

from contract.ids import DeviceId, Sha256
from contract.values import ModelKind
from control_plane.api.context import Context, Here
from control_plane.api.guard import RELEASER, VIEWER
from control_plane.api.shapes import DesiredOut

router = APIRouter(prefix="/api/v1/devices/{device}/desired", tags=["desired"])


class Assign(BaseModel):
    """Asks for one model; it takes the place of the one of its kind.

    Attributes:
        shadow: it shall run beside what runs, be compared with it, and never count.
        override: it may take over in the middle of a song, and is tried again where it was once taken back.
    """

    sha256: Sha256
    shadow: bool = False
    override: bool = False


@router.get("", dependencies=[VIEWER])
def show_desired(here: Here, device: DeviceId) -> DesiredOut:
    """What is wanted of a device, and how far it has come."""
    return _shown(here, device)


@router.post("/models", dependencies=[RELEASER])
def assign_model(here: Here, device: DeviceId, asked: Assign) -> DesiredOut:
    """Ask a device to run a model. The answer names the version of the document that says so."""
    model = here.catalog.assignment(asked.sha256).model_copy(update={"override": asked.override})
    here.fleet.assign(device, model, shadow=asked.shadow)
    here.live.changed(here.fleet, [device])
    return _shown(here, device)


@router.delete("/shadows/{kind}", dependencies=[RELEASER])
def end_shadow(here: Here, device: DeviceId, kind: ModelKind) -> DesiredOut:
    """Ask a device to have nothing beside what runs of this kind."""
    here.fleet.unshadow(device, kind)
    here.live.changed(here.fleet, [device])
    return _shown(here, device)


def _shown(here: Context, device: DeviceId) -> DesiredOut:
    return DesiredOut.of(here.fleet.desired(device), here.fleet.steps(device), here.fleet.device(device))
