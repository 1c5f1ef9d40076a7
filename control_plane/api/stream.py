"""The live stream of server-sent events."""

from collections.abc import AsyncIterator

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from contract.ids import DeviceId, MatchId
from control_plane.api.context import Here
from control_plane.api.guard import VIEWER
from control_plane.api.live import beat

router = APIRouter(prefix="/api/v1", tags=["live"])


@router.get("/live", dependencies=[VIEWER])
async def live(here: Here, device: DeviceId | None = None, match: MatchId | None = None) -> StreamingResponse:
    """Whatever changes: `device`, `match`, `samples`, `steps`, `models`; `beat` says that the stream is alive.

    `resync` means that the listener was too slow and should read everything again.
    """

    async def stream() -> AsyncIterator[str]:
        yield "retry: 1000\n\n"
        async for notice in here.live.hub.listen(device=device or "", match=match or ""):
            yield (notice or beat(here.link())).text()

    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(stream(), media_type="text/event-stream", headers=headers)
