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
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog
import uvicorn
from prometheus_client import CollectorRegistry

from contract.topics import TopicSchema
from control_plane.api.app import make_app
from control_plane.api.context import Context, Places
from control_plane.api.device_port import DeviceProtocol, make_device_app
from control_plane.api.fleet_metrics import FleetCollector
from control_plane.api.hub import Hub
from control_plane.api.live import Live
from control_plane.authority.ca import Authority
from control_plane.broker import Broker, secure_mosquitto, write_access
from control_plane.discovery import announced
from control_plane.errors import StartError
from control_plane.ingest.link import Link, LinkState
from control_plane.ingest.metrics import IngestMetrics
from control_plane.ingest.worker import Worker
from control_plane.releases.repository import Repository
from control_plane.releases.store import BundleStore
from control_plane.services.access import Access
from control_plane.services.catalog import Catalog
from control_plane.services.diagnostics import Diagnostics
from control_plane.services.enrolment import Enrolment, Policy
from control_plane.services.fleet import Fleet
from control_plane.services.reconciler import AlwaysHeld, Chore, Reconciler
from control_plane.services.registry import Registry
from control_plane.services.rollouts import Rollouts
from control_plane.settings import SECURE
from control_plane.storage.database import Database

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator

    from control_plane.settings import Settings

log = structlog.get_logger("control-plane")

ROLLOUTS_EVERY = 2.0  # seconds


@dataclass(frozen=True, slots=True)
class Running:
    """A control plane at work.

    Attributes:
        address: (host, port) of the pages and the API.
        broker: (host, port) where devices find it.
        devices: port of what devices fetch.
        first_token: the admin's, when this is the first start and none was given; kept nowhere.
        stop: asks it to end; from any thread.
    """

    address: tuple[str, int]
    broker: tuple[str, int]
    devices: int
    first_token: str | None
    stop: Callable[[], None]

    @property
    def url(self) -> str:
        """Of the pages and the API."""
        host, port = self.address
        shown = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104 (compared, not bound)
        return f"http://{f'[{shown}]' if ':' in shown else shown}:{port}"


@dataclass(frozen=True, slots=True)
class Line:
    """How to reach the broker.

    Attributes:
        devices: (host, port) where devices come in.
        service: (host, port) where we do.
        tls: what we show and whom we trust; None for a broker in the clear.
    """

    devices: tuple[str, int]
    service: tuple[str, int]
    tls: ssl.SSLContext | None


def run(settings: Settings, on_start: Callable[[Running], None]) -> None:
    """Run until interrupted or told to stop; `on_start` is called once everything listens.

    Raises:
        StartError: something that is needed is not there; the text says what to do.
    """
    with ExitStack() as stack:
        listener = stack.enter_context(_listen(settings.host, settings.port))
        with _usable(settings):
            settings.data.mkdir(parents=True, exist_ok=True)
            authority = Authority(settings.data / "authority", settings.names)
            store = BundleStore(settings.data / "bundles")
            repository = _repository(settings)
        database = Database(settings.database)
        stack.callback(database.close)
        database.migrate()
        access = Access(database)
        token = access.begin(settings.admin_token.get_secret_value())
        access.tidy()
        topics = TopicSchema(root=settings.topic_root)
        enrolment, line = stack.enter_context(_admission(settings, database, authority, topics))
        door = stack.enter_context(_listen(settings.host, settings.device_port, "--device-port"))
        places = Places(settings.public_host, line.devices, line.tls is not None, door.getsockname()[1])
        catalog = Catalog(database, store, repository)
        catalog.sign()
        parts = Parts(database, catalog, access, enrolment, places)
        context, hub = stack.enter_context(assembled(settings, topics, line, parts))
        port: int = listener.getsockname()[1]
        if settings.announced:
            stack.enter_context(announced(settings.host, port))
        running = Running(
            (settings.host, port),
            line.devices,
            places.port,
            token,
            lambda: server.end(),  # noqa: PLW0108 - it comes after
        )
        server = _Server(_config(make_app(context)), hub, lambda: on_start(running))
        asyncio.run(_serve(server, listener, _devices_server(context, authority), door))


def _repository(settings: Settings) -> Repository:
    """The signed metadata; a first start makes its keys, all of them, and says that some do not belong here."""
    repository = Repository(settings.data / "releases")
    if not repository.there:
        offline = settings.data / "offline-keys"
        repository.create(offline)
        log.warning("the keys that sign keys were made here: take this folder offline (docs/trust.md)", folder=offline)
    return repository


@dataclass(frozen=True, slots=True)
class Parts:
    """What stands before the line to the broker does."""

    database: Database
    catalog: Catalog
    access: Access
    enrolment: Enrolment
    places: Places


@contextmanager
def assembled(settings: Settings, topics: TopicSchema, line: Line, parts: Parts) -> Iterator[tuple[Context, Hub]]:
    """Ingest at work, and what the web application stands on."""
    with ExitStack() as stack:
        database = parts.database
        registry, hub = CollectorRegistry(), Hub()
        live = Live(hub)
        worker = Worker(database, topics, IngestMetrics(registry), lambda intake: live.committed(fleet, intake))
        chores = stack.enter_context(ThreadPoolExecutor(1, thread_name_prefix="chores"))

        def on_state(state: LinkState) -> None:
            live.linked(state)
            if state.up:
                chores.submit(_logged, fleet.announce)

        link = Link(line.service, settings.client_id, topics, worker.offer, on_state, line.tls, settings.share)
        fleet = Fleet(database, link)
        rollouts = Rollouts(database, fleet, parts.catalog, lambda: link.state.since if link.state.up else None)
        registry.register(FleetCollector(fleet, lambda: link.state))

        def missing() -> list[str]:
            faults = [] if database.alive() else ["the database does not answer"]
            faults += [] if worker.healthy else ["the database does not take what devices send"]
            host, port = line.service
            return faults + ([] if link.state.up else [f"the broker {host}:{port} is not connected"])

        context = Context(
            fleet=fleet,
            catalog=parts.catalog,
            models=Registry(database, parts.catalog),
            access=parts.access,
            enrolment=parts.enrolment,
            diagnostics=Diagnostics(database, link, settings.data / "diagnostics"),
            rollouts=rollouts,
            live=live,
            registry=registry,
            link=lambda: link.state,
            ready=missing,
            places=parts.places,
        )
        chores_of_one = (
            Chore("rollouts", ROLLOUTS_EVERY, rollouts.tend),
            Chore("remind", 60, fleet.remind),
            Chore("people", 3600, parts.access.tidy),
            Chore("requests", 600, parts.enrolment.tidy),
        )
        reconciler = Reconciler(database.lock("reconciler"), chores_of_one, every=ROLLOUTS_EVERY)
        # what each control plane keeps for itself and has an end: the list of revoked certificates, and signatures
        own = (
            Chore("revoked", 24 * 3600, parts.enrolment.publish),
            Chore("signatures", 3600, parts.catalog.repository.refresh),
        )
        renewal = Reconciler(AlwaysHeld(), own)
        worker.start(link, link)
        stack.callback(worker.stop)
        link.start()
        stack.callback(link.stop)
        for chores_of in (reconciler, renewal):
            chores_of.start()
            stack.callback(chores_of.stop)
        yield context, hub


@contextmanager
def _admission(
    settings: Settings, database: Database, authority: Authority, topics: TopicSchema
) -> Iterator[tuple[Enrolment, Line]]:
    """Who is let in, and the broker that holds to it: one of our own unless another is named.

    Raises:
        StartError: the broker does not start.
    """
    folder, started = settings.data / "broker", list[Broker]()
    folder.mkdir(parents=True, exist_ok=True)

    def shut_out(devices: set[str]) -> None:
        write_access(folder, topics, devices)
        for broker in started:
            broker.reload()

    enrolment = Enrolment(database, authority, Policy(timedelta(days=settings.certificate_days), shut_out))
    enrolment.publish()
    enrolment.tidy()
    address = settings.broker_address
    if address is not None:
        tls = authority.as_client() if settings.broker.startswith(SECURE) else None
        yield enrolment, Line(address, address, tls)
        return
    with secure_mosquitto(folder, authority, topics, settings.host, settings.broker_port) as broker:
        started.append(broker)
        yield enrolment, Line(broker.devices, broker.service, authority.as_client())


def _config(app: object, **more: object) -> uvicorn.Config:
    return uvicorn.Config(
        app,  # type: ignore[arg-type]
        log_config=None,
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=3,
        **more,  # type: ignore[arg-type]
    )


def _devices_server(context: Context, authority: Authority) -> uvicorn.Server:
    config = _config(make_device_app(context), http=DeviceProtocol)
    config.load()
    config.ssl = authority.as_server()
    return _Quiet(config)


async def _serve(server: _Server, listener: socket.socket, devices: uvicorn.Server, door: socket.socket) -> None:
    beside = asyncio.create_task(devices.serve(sockets=[door]))
    try:
        await server.serve(sockets=[listener])
    finally:
        devices.should_exit = True
        await beside


@contextmanager
def _usable(settings: Settings) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StartError(f"The data folder {settings.data} cannot be used: {error.strerror}.") from error


class _Quiet(uvicorn.Server):
    """A server that leaves the signals to the other one."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Do nothing."""
        yield


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


def _listen(host: str, port: int, option: str = "--port") -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise StartError(f"Port {port} is taken: choose another with {option}, or 0 for a free one.") from error
        raise StartError(f"Cannot listen on {host} port {port}: {error.strerror}.") from error
    return listener


def _logged(task: Callable[[], None]) -> None:
    try:
        task()
    except Exception:
        log.exception("a chore failed")
