"""Matches, live and past."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query

from contract.ids import DeviceId, MatchId
from contract.values import Time
from control_plane.api.context import Here, Limit, Offset
from control_plane.api.guard import VIEWER
from control_plane.api.shapes import MatchDetail, MatchOut, Page, SampleOut

router = APIRouter(prefix="/api/v1/matches", tags=["matches"])

State = Literal["running", "finished", "interrupted"]
Words = Annotated[str | None, Query(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]


@router.get("", dependencies=[VIEWER])
def list_matches(  # noqa: PLR0913, PLR0917 - one for each filter
    here: Here,
    device: DeviceId | None = None,
    q: Words = None,
    state: State | None = None,
    since: Time | None = None,
    until: Time | None = None,
    limit: Limit = 50,
    offset: Offset = 0,
) -> Page[MatchOut]:
    """Matches, newest first; `since` and `until` bound their last event, `q` is a part of the device's id or name."""
    rows, total = here.fleet.matches(limit, offset, device=device, text=q, state=state, since=since, until=until)
    return Page(items=tuple(MatchOut.of(row) for row in rows), total=total, limit=limit, offset=offset)


@router.get("/{match}", dependencies=[VIEWER])
def show_match(here: Here, match: MatchId) -> MatchDetail:
    """One match with every point of its chart."""
    row, samples = here.fleet.match(match)
    return MatchDetail(match=MatchOut.of(row), samples=tuple(SampleOut.of(each) for each in samples))
