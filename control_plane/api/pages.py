"""The pages: each a shell that reads the API and listens to the live stream."""

from fastapi import APIRouter
from fastapi.responses import FileResponse

from control_plane.console import STATIC

router = APIRouter(include_in_schema=False)
_FRESH = {"Cache-Control": "no-cache"}


@router.get("/sign-in")
def sign_in_page() -> FileResponse:
    """Where a browser signs in."""
    return FileResponse(STATIC / "sign-in.html", headers=_FRESH)


@router.get("/")
@router.get("/matches")
@router.get("/matches/{rest}")
@router.get("/devices/{rest}")
@router.get("/models")
@router.get("/models/{rest}")
@router.get("/rollouts")
@router.get("/rollouts/{rest}")
@router.get("/live")
@router.get("/audit")
@router.get("/users")
@router.get("/accept")
def page(rest: str = "") -> FileResponse:  # noqa: ARG001 (the page reads its own address)
    """The shell of every page; its script looks at the address."""
    return FileResponse(STATIC / "index.html", headers=_FRESH)
