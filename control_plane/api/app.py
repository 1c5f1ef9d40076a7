"""The web application: routers, pages, metrics and health, on services that are handed in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from control_plane import __version__
from control_plane.api import (
    aside,
    care,
    desired,
    devices,
    enrol,
    health,
    matches,
    pages,
    people,
    problems,
    registry,
    rollouts,
    shelf,
    stream,
)
from control_plane.api.bounds import Bounded
from control_plane.api.guard import audited
from control_plane.api.problems import Problem
from control_plane.console import STATIC

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from fastapi import Request, Response
    from starlette.routing import BaseRoute

    from control_plane.api.context import Context

# all that a page needs comes from here, so it works offline and nothing else is let in
POLICY = "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

ROOMS = (devices, care, desired, enrol, matches, registry, shelf, rollouts, aside, people, stream, health, pages)


def routes() -> list[BaseRoute]:
    """Every route of every room."""
    return [route for room in ROOMS for route in room.router.routes]


def make_app(context: Context) -> FastAPI:
    """An application on these services."""
    app = FastAPI(
        title="kubeddr control plane",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        responses={code: {"model": Problem, "description": text} for code, text in problems.EXPECTED.items()},
    )
    app.add_middleware(Bounded)
    app.state.context = context
    problems.install(app)
    for room in ROOMS:
        app.include_router(room.router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")

    @app.middleware("http")
    async def guard(request: Request, handle: Callable[[Request], Awaitable[Response]]) -> Response:
        response = await handle(request)
        await audited(context.access, request, response)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "no-referrer")
        return response

    return app
