"""What could not be read, kept aside for whoever looks into it."""

from datetime import datetime
from typing import Self

from fastapi import APIRouter
from sqlalchemy import RowMapping

from control_plane.api.context import Here, Limit, Offset
from control_plane.api.guard import VIEWER
from control_plane.api.shapes import Page, Shape

router = APIRouter(prefix="/api/v1/dead-letters", tags=["dead letters"])

SHOWN = 2000  # characters


class DeadLetterOut(Shape):
    """One message that could not be read; `payload` is its beginning, with what is no text written as escapes."""

    id: int
    received: datetime
    topic: str
    reason: str
    size: int
    payload: str

    @classmethod
    def of(cls, row: RowMapping) -> Self:
        """From its row."""
        data: bytes = row["payload"]
        return cls(
            id=row["id"],
            received=row["received"],
            topic=row["topic"],
            reason=row["reason"],
            size=len(data),
            payload=data[:SHOWN].decode("utf-8", "backslashreplace"),
        )


@router.get("", dependencies=[VIEWER])
def list_dead_letters(here: Here, limit: Limit = 50, offset: Offset = 0) -> Page[DeadLetterOut]:
    """The newest, newest first."""
    rows, total = here.fleet.dead_letters(limit, offset)
    return Page(items=tuple(DeadLetterOut.of(row) for row in rows), total=total, limit=limit, offset=offset)
