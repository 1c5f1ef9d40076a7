"""What the routers work with; put on the application once, by the composition root."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Query, Request
from prometheus_client import CollectorRegistry

from control_plane.api.live import Live
from control_plane.ingest.link import LinkState
from control_plane.services.access import Access
from control_plane.services.catalog import Catalog
from control_plane.services.diagnostics import Diagnostics
from control_plane.services.enrolment import Enrolment
from control_plane.services.fleet import Fleet
from control_plane.services.registry import Registry
from control_plane.services.rollouts import Rollouts

ANYWHERE = frozenset({"127.0.0.1", "::1", "localhost", "0.0.0.0", "::"})  # noqa: S104 (compared, not bound)


@dataclass(frozen=True, slots=True)
class Places:
    """Where devices find what they need.

    Attributes:
        host: how devices reach this machine; empty for whatever name they asked for it by.
        broker: (host, port); an unspecified or loopback host is replaced as `host` says.
        secure: whether the broker asks for certificates.
        port: the devices' own.
    """

    host: str
    broker: tuple[str, int]
    secure: bool
    port: int

    def broker_for(self, asked: str) -> str:
        """As the device that asked for us by this name is to be told."""
        host, port = self.broker
        if host in ANYWHERE:
            host = self.host or asked
        return f"{'mqtts' if self.secure else 'mqtt'}://{_bracketed(host)}:{port}"

    def url_for(self, asked: str) -> str:
        """Of the devices' own port, told likewise."""
        return f"https://{_bracketed(self.host or asked)}:{self.port}"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


@dataclass(frozen=True, slots=True)
class Context:
    """The services behind the API.

    Attributes:
        link: whether the broker is connected.
        ready: what keeps the control plane from doing its work, nothing when all is well.
        places: where devices find the broker and their own port.
    """

    fleet: Fleet
    catalog: Catalog
    models: Registry
    access: Access
    enrolment: Enrolment
    diagnostics: Diagnostics
    rollouts: Rollouts
    live: Live
    registry: CollectorRegistry
    link: Callable[[], LinkState]
    ready: Callable[[], list[str]]
    places: Places


def context_of(request: Request) -> Context:
    """The context of the application that handles `request`."""
    context: Context = request.app.state.context
    return context


Here = Annotated[Context, Depends(context_of)]
Limit = Annotated[int, Query(ge=1, le=500, description="how many at most")]
Offset = Annotated[int, Query(ge=0, le=1_000_000_000, description="how many to pass over")]
