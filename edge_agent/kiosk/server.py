"""The page's web server: a few small answers and one stream."""

import asyncio
import base64
import hashlib
import io
import json
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import segno
from fastapi import FastAPI, Request, Response
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, StreamingResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from edge_agent.errors import SettingsError
from edge_agent.kiosk.acceptance import Acceptance
from edge_agent.kiosk.board import Board
from edge_agent.kiosk.snapshot import Snapshot, draw, jpeg, seen

PAGE = Path(__file__).with_name("page.html")
LETTERING = Path(__file__).with_name("lettering.woff2")
APART = 0.04  # seconds between two words of the stream, at least
BEAT_EVERY = 1.0  # seconds after which the stream says something even when nothing changes
FRESH = {"Cache-Control": "no-store"}


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
        acceptance: what was accepted in set-up.
    """

    board: Board
    registry: CollectorRegistry
    health: Callable[[], Health]
    snapshot: Callable[[], Snapshot | None]
    stopping: asyncio.Event
    acceptance: Acceptance


def build(kiosk: Kiosk) -> FastAPI:
    """The application."""
    app = FastAPI(title="kubeddr device", docs_url=None, redoc_url=None, openapi_url=None)
    page = PAGE.read_text(encoding="utf-8")
    headers = {"Cache-Control": "no-cache", "Content-Security-Policy": policy(page), "Referrer-Policy": "no-referrer"}

    @app.get("/")
    def index() -> HTMLResponse:
        return HTMLResponse(page, headers=headers)

    @app.get("/lettering.woff2")
    def lettering() -> FileResponse:
        return FileResponse(LETTERING, media_type="font/woff2", headers={"Cache-Control": "max-age=86400"})

    @app.get("/events")
    async def events() -> StreamingResponse:
        quick = FRESH | {"X-Accel-Buffering": "no"}
        return StreamingResponse(_stream(kiosk), media_type="text/event-stream", headers=quick)

    @app.get("/healthz")
    def healthz() -> JSONResponse:
        health = kiosk.health()
        return JSONResponse({"ok": health.ok, "reasons": list(health.reasons)}, 200 if health.ok else 503)

    @app.get("/metrics")
    def metrics() -> Response:
        return Response(generate_latest(kiosk.registry), media_type=CONTENT_TYPE_LATEST)

    _codes(app, kiosk)
    _eyes(app, kiosk)
    return app


def _codes(app: FastAPI, kiosk: Kiosk) -> None:
    """What a phone can photograph."""

    @app.get("/claim.svg")
    def claim() -> Response:
        code, at = kiosk.board.facts["claim"], kiosk.board.facts["claim_at"]
        return _qr(f"{at}/accept#{code}" if code else "", "this device does not wait to be let in\n")

    @app.get("/join.svg")
    def join() -> Response:
        return _qr(kiosk.board.facts["join"], "this page is for this machine alone\n")


def _eyes(app: FastAPI, kiosk: Kiosk) -> None:
    """What the camera sees, and that somebody finds it right."""

    @app.get("/snapshot.jpg")
    def snapshot() -> Response:
        newest = kiosk.snapshot()
        return _no_picture() if newest is None else Response(draw(newest), media_type="image/jpeg", headers=FRESH)

    @app.get("/seen")
    def look() -> Response:
        newest = kiosk.snapshot()
        if newest is None:
            return _no_picture()
        found = seen(newest)
        picture = base64.b64encode(jpeg(newest.image)).decode()
        return JSONResponse(found | {"picture": picture, "accepted": kiosk.acceptance.compared(found)}, headers=FRESH)

    @app.post("/accept")
    def accept(request: Request) -> Response:
        newest, origin = kiosk.snapshot(), request.headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
            return JSONResponse({"detail": "This came from another site: use the device's own page."}, 403)
        if newest is None:
            return JSONResponse({"detail": "There is no picture yet."}, 409)
        try:
            kiosk.acceptance.accept(seen(newest), datetime.now().astimezone().isoformat(timespec="seconds"))
        except SettingsError as error:
            return JSONResponse({"detail": str(error)}, 409)
        return JSONResponse({"detail": "Accepted."})


def policy(page: str) -> str:
    """The content-security policy that allows this page's own script and style and nothing else."""

    def digest(tag: str) -> str:
        inside = re.search(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        text = inside.group(1) if inside else ""
        return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    return (
        f"default-src 'none'; script-src {digest('script')}; style-src {digest('style')}; font-src 'self'; "
        "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'"
    )


def _no_picture() -> Response:
    return Response("no picture yet\n", 503, media_type="text/plain")


def _qr(text: str, missing: str) -> Response:
    if not text:
        return Response(missing, 404, media_type="text/plain")
    picture = io.BytesIO()
    segno.make(text, error="m").save(picture, kind="svg", scale=4, border=2, light="#fff")
    return Response(picture.getvalue(), media_type="image/svg+xml", headers=FRESH)


async def _stream(kiosk: Kiosk) -> AsyncIterator[str]:
    """The board as soon as it has changed, and a heartbeat in between."""
    loop, news = asyncio.get_running_loop(), asyncio.Event()
    stopping = loop.create_task(kiosk.stopping.wait())
    stopping.add_done_callback(lambda _: news.set())
    try:
        with kiosk.board.watched(partial(loop.call_soon_threadsafe, news.set)):
            while not kiosk.stopping.is_set():
                yield f"data: {json.dumps(kiosk.board.view())}\n\n"
                await asyncio.sleep(APART)
                try:
                    await asyncio.wait_for(news.wait(), BEAT_EVERY)
                except TimeoutError:
                    continue
                news.clear()
    finally:
        stopping.cancel()
