"""The composition root: settings in, a running control plane out."""

from __future__ import annotations

import asyncio
import errno
import signal
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog
import uvicorn
from prometheus_client import CollectorRegistry

from contract.topics import TopicSchema
from control_plane.api.app import make_app
from control_plane.api.context import Context
from control_plane.api.fleet_metrics import FleetCollector
from control_plane.api.hub import Hub
from control_plane.api.live import Live
from control_plane.broker import mosquitto
from control_plane.errors import StartError
from control_plane.ingest.link import Link, LinkState
from control_plane.ingest.metrics import IngestMetrics
from control_plane.ingest.worker import Worker
from control_plane.releases.store import BundleStore
from control_plane.services.catalog import Catalog
from control_plane.services.fleet import Fleet
from control_plane.storage.database import Database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fastapi import FastAPI

    from control_plane.settings import Settings

log = structlog.get_logger("control-plane")


@dataclass(frozen=True, slots=True)
class Running:
    """A control plane at work.

    Attributes:
        address: (host, port) of the pages and the API.
        broker: (host, port).
        stop: asks it to end; from any thread.
    """

    address: tuple[str, int]
    broker: tuple[str, int]
    stop: Callable[[], None]

    @property
    def url(self) -> str:
        """Of the pages and the API."""
        host, port = self.address
        shown = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104 (compared, not bound)
        return f"http://{f'[{shown}]' if ':' in shown else shown}:{port}"


@contextmanager
def assembled(settings: Settings, broker: tuple[str, int]) -> Iterator[tuple[FastAPI, Hub]]:
    """Everything but the web server: storage, ingest at work, and the application.

    Raises:
        StartError: the data folder or the database cannot be used.
    """
    with ExitStack() as stack:
        with _usable(settings):
            store = BundleStore(settings.data / "bundles")
        database = Database(settings.database)
        stack.callback(database.close)
        database.migrate()
        registry, hub, topics = CollectorRegistry(), Hub(), TopicSchema(root=settings.topic_root)
        live = Live(hub)
        worker = Worker(database, topics, IngestMetrics(registry), lambda intake: live.committed(fleet, intake))
        chores = stack.enter_context(ThreadPoolExecutor(1, thread_name_prefix="chores"))

        def on_state(state: LinkState) -> None:
            live.linked(state)
            if state.up:
                chores.submit(_logged, fleet.announce)

        link = Link(broker, settings.client_id, topics, worker.offer, on_state)
        fleet = Fleet(database, link)
        registry.register(FleetCollector(fleet, lambda: link.state))

        def missing() -> list[str]:
            faults = [] if database.alive() else ["the database does not answer"]
            faults += [] if worker.healthy else ["the database does not take what devices send"]
            return faults + ([] if link.state.up else [f"the broker {broker[0]}:{broker[1]} is not connected"])

        context = Context(
            fleet=fleet,
            catalog=Catalog(database, store),
            live=live,
            registry=registry,
            link=lambda: link.state,
            ready=missing,
            broker=f"{broker[0]}:{broker[1]}",
        )
        worker.start(link, link)
        stack.callback(worker.stop)
        link.start()
        stack.callback(link.stop)
        yield make_app(context), hub


def run(settings: Settings, on_start: Callable[[Running], None]) -> None:
    """Run until interrupted or told to stop; `on_start` is called once everything listens.

    Raises:
        StartError: something that is needed is not there; the text says what to do.
    """
    with ExitStack() as stack:
        listener = stack.enter_context(_listen(settings.host, settings.port))
        with _usable(settings):
            settings.data.mkdir(parents=True, exist_ok=True)
        folder = settings.data / "broker"
        address = settings.broker_address or stack.enter_context(mosquitto(folder, settings.broker_port))
        app, hub = stack.enter_context(assembled(settings, address))
        config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=3)
        port: int = listener.getsockname()[1]
        server = _Server(config, hub, lambda: on_start(Running((settings.host, port), address, server.end)))
        asyncio.run(server.serve(sockets=[listener]))


@contextmanager
def _usable(settings: Settings) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StartError(f"The data folder {settings.data} cannot be used: {error.strerror}.") from error


class _Server(uvicorn.Server):
    """A server that says when it listens, and ends the live streams when it is told to stop."""

    def __init__(self, config: uvicorn.Config, hub: Hub, on_start: Callable[[], None]) -> None:
        super().__init__(config)
        self._hub = hub
        self._on_start = on_start

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop in good order on a signal, and do not raise it again: what was started is still to be stopped."""
        if threading.current_thread() is threading.main_thread():  # no other can take signals
            loop = asyncio.get_running_loop()
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(number, self.handle_exit, number, None)
        yield

    def end(self) -> None:
        """Stop in good order."""
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_start()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._hub.close()
        await super().shutdown(sockets)


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise StartError(f"Port {port} is taken: choose another with --port, or 0 for a free one.") from error
        raise StartError(f"Cannot listen on {host} port {port}: {error.strerror}.") from error
    return listener


def _logged(task: Callable[[], None]) -> None:
    try:
        task()
    except Exception:
        log.exception("a chore failed")
