"""The page's web server: four small answers and one stream."""

import asyncio
import io
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import segno
from fastapi import FastAPI, Response
from fastapi.responses import HTMLResponse, JSONResponse, StreamingResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from edge_agent.kiosk.board import Board
from edge_agent.kiosk.snapshot import Snapshot, draw

PAGE = Path(__file__).with_name("page.html")
LOOK_EVERY = 0.1  # seconds between looks at the board
BEAT_EVERY = 1.0  # seconds after which the stream says something even when nothing changes


@dataclass(frozen=True, slots=True)
class Health:
    """Whether the device does its work.

    Attributes:
        reasons: what is wrong, in words; empty when nothing is.
    """

    reasons: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.reasons


@dataclass(frozen=True, slots=True)
class Kiosk:
    """What the page is made of.

    Attributes:
        snapshot: the newest picture, or None before there was one.
        stopping: set when the agent ends, so that open streams end too.
    """

    board: Board
    registry: CollectorRegistry
    health: Callable[[], Health]
    snapshot: Callable[[], Snapshot | None]
    stopping: asyncio.Event


def build(kiosk: Kiosk) -> FastAPI:
    """The application."""
    app = FastAPI(title="kubeddr device", docs_url=None, redoc_url=None, openapi_url=None)
    page = PAGE.read_text(encoding="utf-8")

    @app.get("/")
    def index() -> HTMLResponse:
        return HTMLResponse(page, headers={"Cache-Control": "no-cache"})

    @app.get("/events")
    async def events() -> StreamingResponse:
        return StreamingResponse(
            _stream(kiosk),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    @app.get("/snapshot.jpg")
    def snapshot() -> Response:
        newest = kiosk.snapshot()
        if newest is None:
            return Response("no picture yet\n", 503, media_type="text/plain")
        return Response(draw(newest), media_type="image/jpeg", headers={"Cache-Control": "no-store"})

    @app.get("/claim.svg")
    def claim() -> Response:
        code, at = kiosk.board.facts["claim"], kiosk.board.facts["claim_at"]
        if not code:
            return Response("this device does not wait to be let in\n", 404, media_type="text/plain")
        picture = io.BytesIO()
        segno.make(f"{at}/accept#{code}", error="m").save(picture, kind="svg", scale=4, border=2, light="#fff")
        return Response(picture.getvalue(), media_type="image/svg+xml", headers={"Cache-Control": "no-store"})

    @app.get("/healthz")
    def healthz() -> JSONResponse:
        health = kiosk.health()
        return JSONResponse({"ok": health.ok, "reasons": list(health.reasons)}, 200 if health.ok else 503)

    @app.get("/metrics")
    def metrics() -> Response:
        return Response(generate_latest(kiosk.registry), media_type=CONTENT_TYPE_LATEST)

    return app


async def _stream(kiosk: Kiosk) -> AsyncIterator[str]:
    """The board whenever it has changed, at most ten times a second, and a heartbeat in between."""
    loop = asyncio.get_running_loop()
    version, said = -1, 0.0
    while not kiosk.stopping.is_set():
        now = loop.time()
        if kiosk.board.version != version or now - said >= BEAT_EVERY:
            version, said = kiosk.board.version, now
            yield f"data: {json.dumps(kiosk.board.view())}\n\n"
        await asyncio.sleep(LOOK_EVERY)
