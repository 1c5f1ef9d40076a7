"""The devices' own port: HTTPS, and nobody comes in without a certificate. What a device may fetch and hand in."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, FastAPI, Path, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, PlainTextResponse
from uvicorn.protocols.http.h11_impl import H11Protocol

from contract.enrolment import DIAGNOSTICS, RENEWAL, STANDING, RenewRequest, Standing
from contract.errors import InvalidIdError
from contract.ids import DeviceId, Sha256
from contract.trust import METADATA, ROLE, TARGETS
from control_plane.api import problems
from control_plane.api.context import Here  # noqa: TC001 - FastAPI asks for it
from control_plane.errors import NotFoundError, TooLargeError, UnauthenticatedError
from control_plane.services.diagnostics import MOST

if TYPE_CHECKING:
    import asyncio

    from starlette.types import Receive, Scope, Send

    from control_plane.api.context import Context

Document = Annotated[str, Path(pattern=r"^([1-9][0-9]{0,9}\.)?[a-z]{1,20}\.json$")]
Target = Annotated[str, Path(pattern=r"^[0-9a-f]{64}\.[A-Za-z0-9._+-]{1,200}$")]
PEER = "kubeddr.peer"  # in a request's scope: (common name, serial) of the certificate that was shown


class DeviceProtocol(H11Protocol):
    """HTTP over TLS that tells the application whose certificate the connection was opened with."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Note the certificate."""
        super().connection_made(transport)
        peer, inner = _peer(transport.get_extra_info("ssl_object")), self.app

        async def with_peer(scope: Scope, receive: Receive, send: Send) -> None:
            scope[PEER] = peer
            await inner(scope, receive, send)

        self.app = with_peer


def _peer(tls: Any) -> tuple[str, str]:
    shown = tls.getpeercert() if tls is not None else {}
    names = [value for part in shown.get("subject", ()) for key, value in part if key == "commonName"]
    return (names[0] if names else ""), f"{int(shown.get('serialNumber', '0'), 16):x}"


def device_of(request: Request, here: Here) -> DeviceId:
    """Whose certificate was shown, when it still counts.

    Raises:
        ForbiddenError: it counts no more.
        UnauthenticatedError: it is not a device's.
    """
    name, serial = request.scope.get(PEER, ("", ""))
    try:
        device = DeviceId(name)
    except InvalidIdError:
        raise UnauthenticatedError("Only devices come in here, with the certificate that they were given.") from None
    request.state.expires = here.enrolment.standing(device, serial)["expires"]
    return device


Device = Annotated[DeviceId, Depends(device_of)]


def make_device_app(context: Context) -> FastAPI:
    """The application behind the devices' port."""
    app = FastAPI(title="kubeddr devices", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.context = context
    problems.install(app)

    @app.get(STANDING)
    def standing(request: Request, device: Device) -> Standing:
        return Standing(device=device, now=datetime.now(UTC), expires=request.state.expires)

    @app.post(RENEWAL, response_class=PlainTextResponse)
    def renew(here: Here, device: Device, asked: RenewRequest) -> str:
        return here.enrolment.renew(device, asked.csr).pem

    @app.put(DIAGNOSTICS + "/{name}", status_code=204)
    async def hand_in(here: Here, request: Request, device: Device, name: str) -> None:
        data = bytearray()
        async for block in request.stream():
            data += block
            if len(data) > MOST:
                raise TooLargeError(f"Diagnostics may have {MOST} bytes; these have more.")
        await run_in_threadpool(here.diagnostics.take, device, name[:64], bytes(data))

    @app.get(METADATA + "/{name}")
    def metadata(here: Here, _device: Device, name: Document) -> FileResponse:
        path = here.catalog.repository.metadata / name
        if not path.is_file():
            raise NotFoundError(f"There is no signed document {name}.")
        return FileResponse(path, media_type="application/json")

    @app.get(TARGETS + f"/{ROLE}/{{name}}")
    def target(here: Here, _device: Device, name: Target) -> FileResponse:
        sha256 = Sha256(name.partition(".")[0])
        headers = {"ETag": f'"{sha256}"', "Cache-Control": "public, max-age=31536000, immutable"}
        return FileResponse(here.catalog.file(sha256), media_type="application/zip", headers=headers)

    return app
