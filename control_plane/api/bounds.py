"""No request is larger than what it could be for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from control_plane.api.problems import problem

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST = 1024 * 1024  # bytes of a body
ELSEWHERE = frozenset({"/api/v1/models"})  # takes in files, and has a bound of its own


class Bounded:
    """Refuses larger bodies with 413, whether their size is announced or comes to light as they arrive."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand on, or refuse."""
        if scope["type"] != "http" or scope["path"] in ELSEWHERE:
            await self._app(scope, receive, send)
            return
        announced = dict(scope["headers"]).get(b"content-length", b"")
        if announced.isdigit() and int(announced) > MOST:
            await problem(413, f"A request may have {MOST} bytes.")(scope, receive, send)
            return
        seen, refused = 0, False

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > MOST:
                return {"type": "http.disconnect"}  # whoever reads it gives up, and the connection ends
            return message

        async def told(message: Message) -> None:
            nonlocal refused
            if seen <= MOST:
                await send(message)
            elif not refused:  # whatever the application makes of the end, this is the reason
                refused = True
                await problem(413, f"A request may have {MOST} bytes.")(scope, receive, send)

        await self._app(scope, counted, told)
