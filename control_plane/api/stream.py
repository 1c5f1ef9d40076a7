"""The live stream of server-sent events."""

from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from contract.ids import DeviceId, MatchId
from control_plane.api.context import Here
from control_plane.api.guard import VIEWER
from control_plane.api.live import beat

MOST = 100  # things that a page listens to by name

Devices = Annotated[Sequence[DeviceId], Query(max_length=MOST)]
Matches = Annotated[Sequence[MatchId], Query(max_length=MOST)]
Kinds = Annotated[Sequence[Literal["device", "match", "samples", "steps", "models"]], Query(max_length=5)]

router = APIRouter(prefix="/api/v1", tags=["live"])


@router.get("/live", dependencies=[VIEWER])
async def live(here: Here, device: Devices = (), match: Matches = (), kind: Kinds = ()) -> StreamingResponse:
    """Whatever changes: `device`, `match`, `samples`, `steps`, `models`; `beat` says that the stream is alive.

    Naming devices, matches or kinds leaves all others out, as a page does that shows few of very many. `resync` means
    that the listener was too slow and should read everything again.
    """

    async def stream() -> AsyncIterator[str]:
        yield "retry: 1000\n\n"
        async for notice in here.live.hub.listen(devices=device, matches=match, kinds=kind):
            yield (notice or beat(here.link())).text()

    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(stream(), media_type="text/event-stream", headers=headers)
