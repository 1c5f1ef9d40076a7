"""What the routers work with; put on the application once, by the composition root."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Query, Request
from prometheus_client import CollectorRegistry

from control_plane.api.live import Live
from control_plane.ingest.link import LinkState
from control_plane.services.catalog import Catalog
from control_plane.services.fleet import Fleet


@dataclass(frozen=True, slots=True)
class Context:
    """The services behind the API.

    Attributes:
        link: whether the broker is connected.
        ready: what keeps the control plane from doing its work, nothing when all is well.
        broker: HOST:PORT that devices on this machine can use.
    """

    fleet: Fleet
    catalog: Catalog
    live: Live
    registry: CollectorRegistry
    link: Callable[[], LinkState]
    ready: Callable[[], list[str]]
    broker: str


def context_of(request: Request) -> Context:
    """The context of the application that handles `request`."""
    context: Context = request.app.state.context
    return context


Here = Annotated[Context, Depends(context_of)]
Limit = Annotated[int, Query(ge=1, le=500, description="how many at most")]
Offset = Annotated[int, Query(ge=0, le=1_000_000_000, description="how many to pass over")]
