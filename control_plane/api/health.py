"""Whether it lives, whether it works, and how much it does."""

from http import HTTPStatus

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from control_plane import __version__
from control_plane.api.context import Here
from control_plane.api.guard import VIEWER

router = APIRouter(tags=["health"])


@router.get("/healthz")
def healthz() -> dict[str, str]:
    """It lives."""
    return {"status": "ok", "version": __version__}


@router.get("/readyz")
def readyz(here: Here) -> JSONResponse:
    """It can do its work; if not, 503 and what is missing."""
    missing = here.ready()
    status = HTTPStatus.SERVICE_UNAVAILABLE if missing else HTTPStatus.OK
    return JSONResponse({"status": "not ready" if missing else "ok", "missing": missing}, status_code=status)


@router.get("/metrics", dependencies=[VIEWER])
def metrics(here: Here) -> Response:
    """For Prometheus."""
    return Response(generate_latest(here.registry), media_type=CONTENT_TYPE_LATEST)


@router.get("/api/v1/info", dependencies=[VIEWER])
def info(here: Here) -> dict[str, str]:
    """What this is, and which broker devices on this machine can use."""
    return {"version": __version__, "broker": here.places.broker_for("127.0.0.1").partition("://")[2]}
