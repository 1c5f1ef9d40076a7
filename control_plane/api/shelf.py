"""Models: pushed by people, fetched by devices."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse

from contract.ids import Sha256
from contract.manifest import MAX_BUNDLE
from contract.values import ModelKind
from control_plane.api.context import Here, Limit, Offset
from control_plane.api.guard import RELEASER, VIEWER, Me
from control_plane.api.shapes import BundleOut, Page
from control_plane.domain.registry import Stage
from control_plane.errors import TooLargeError

router = APIRouter(prefix="/api/v1/models", tags=["models"])


@router.get("", dependencies=[VIEWER])
def list_models(  # noqa: PLR0913, PLR0917 - one for each filter
    here: Here,
    q: Annotated[str | None, Query(max_length=100, description="part of a name, version, card, digest or data")] = None,
    kind: ModelKind | None = None,
    stage: Stage | None = None,
    limit: Limit = 50,
    offset: Offset = 0,
) -> Page[BundleOut]:
    """Models, newest first."""
    rows, total = here.models.search(limit, offset, text=q, kind=kind, stage=stage)
    return Page(items=tuple(BundleOut.of(row) for row in rows), total=total, limit=limit, offset=offset)


@router.post("", status_code=201, dependencies=[RELEASER])
async def push_model(here: Here, me: Me, request: Request) -> BundleOut:
    """Take in a bundle, as the body of the request. Pushing the same one again changes nothing."""
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > MAX_BUNDLE:
        raise TooLargeError(f"A bundle may have {MAX_BUNDLE} bytes; this one has {announced}.")
    with here.catalog.store.incoming() as incoming:
        async for block in request.stream():
            incoming.write(block)
        row = await run_in_threadpool(here.catalog.add, incoming, me.name)
    here.live.models_changed()
    return BundleOut.of(row)


@router.get("/{sha256}", dependencies=[VIEWER])
def show_model(here: Here, sha256: Sha256) -> BundleOut:
    """One model."""
    return BundleOut.of(here.catalog.get(sha256))


@router.get("/{sha256}/bundle", dependencies=[VIEWER])
def fetch_bundle(here: Here, sha256: Sha256) -> FileResponse:
    """The bundle itself. Ranges are served, so that a download that broke off can go on."""
    headers = {"ETag": f'"{sha256}"', "Cache-Control": "public, max-age=31536000, immutable"}
    return FileResponse(here.catalog.file(sha256), media_type="application/zip", headers=headers)
