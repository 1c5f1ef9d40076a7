"""The composition root: puts the device together, runs it, and takes it apart within two seconds."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import importlib.metadata
import logging
import os
import signal
import socket
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import IO, TYPE_CHECKING, cast
from urllib.parse import urlsplit

import structlog
import uvicorn

from contract import messages as wire
from contract.ids import BootId, DeviceId
from edge_agent import condition, diagnostics, logs
from edge_agent import metrics as figures
from edge_agent.beside.companion import Companion
from edge_agent.beside.duel import Duel
from edge_agent.capture.live import CaptureState, LiveCapture
from edge_agent.capture.opencv import open_video
from edge_agent.capture.paced import open_paced
from edge_agent.composition import builtin_reader, reader_from
from edge_agent.condition import Signs
from edge_agent.enrolment.ask import Applicant
from edge_agent.enrolment.identity import Identity, Wallet
from edge_agent.enrolment.keeper import Ears, Keeper
from edge_agent.errors import SettingsError
from edge_agent.kiosk.acceptance import Acceptance
from edge_agent.kiosk.board import Board
from edge_agent.kiosk.day import Day
from edge_agent.kiosk.server import Health, Kiosk, build
from edge_agent.kiosk.snapshot import draw
from edge_agent.kits import reader_kit, winner_kit
from edge_agent.layouts import Layouts
from edge_agent.naming import live_names
from edge_agent.pipeline import Pipeline
from edge_agent.reporting.link import Address, Callbacks, Link
from edge_agent.reporting.outbox import Outbox
from edge_agent.reporting.reconnection import LinkState
from edge_agent.reporting.reporter import Reporter
from edge_agent.settings import MQTT_PORT, Settings, without_credentials, without_secrets
from edge_agent.supervision import Supervisor
from edge_agent.twin import Controls, Twin
from edge_agent.updates import startup
from edge_agent.updates.hands import Beside, Hands
from edge_agent.updates.lease import Lease
from edge_agent.updates.machine import Figures
from edge_agent.updates.probation import Vitals
from edge_agent.updates.signed import Source as Models
from edge_agent.updates.store import ModelStore
from edge_agent.updates.updater import Updater
from edge_agent.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from edge_agent.capture.source import Source
    from edge_agent.ports import ScreenReader
    from edge_agent.updates.kit import Kit, Loaded
    from models.bundle import Bundle
    from models.predictor import Predictor

LOOK_EVERY = 0.25
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})

log = structlog.get_logger(__name__)


class Agent:
    """One device.

    Args:
        settings: checked.
        build_reader: a reader from a bundle.
        builtin: the reader that comes with the agent.
        restart: start the agent anew, for a reason; None where nobody can.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        build_reader: Callable[[Bundle], ScreenReader] = reader_from,
        builtin: Callable[[], tuple[ScreenReader, Bundle]] = builtin_reader,
        restart: Callable[[str], None] | None = None,
    ) -> None:
        self._settings, self._restart = settings, restart
        self._began = time.monotonic()
        self._boot = BootId.mint()
        self._lock = _lock(settings)
        self._socket = _listen(settings)
        self._outbox = Outbox(settings.data / "outbox.db", self._boot)
        self._store = ModelStore(settings.data / "models")
        self.metrics = figures.Metrics()
        self.board = Board(settings.name, day=Day(settings.data / "day.json"))
        if urlsplit(self.page).hostname not in LOOPBACK:
            self.board.tell(join=self.page)
        self._reporter = Reporter(self._outbox, live_names())
        self._cpu = condition.Cpu()
        self._drift: timedelta | None = None
        self._identity: Identity | None = None
        self._reports = 0
        self._name = settings.name
        controls = Controls(self._apply, self._watch, self._sees, self._changed)
        self._twin = Twin(settings.data / "settings.json", controls)
        self._source = self._twin.source() or settings.source
        kits = (reader_kit(build_reader, builtin), winner_kit())
        loaded = {kit.kind: (kit, startup.first(self._store, kit, datetime.now(UTC))) for kit in kits}
        self._worker = self._make_worker({kind: each for kind, (_, each) in loaded.items()})
        self._link = self._make_link()
        self._keeper = self._make_keeper()
        self._updater = self._make_updater(loaded)
        self.metrics.watch(
            figures.Sources(
                lambda: self._worker.capture.status(),  # noqa: PLW0108 - another one after a change of source
                lambda: (self._outbox.depth, self._outbox.dropped, self._reporter.lost),
                lambda: (self.link_state, self._link.connections if self._link else 0),
            )
        )
        self._stop: asyncio.Event | None = None

    @property
    def page(self) -> str:
        """The address of the device's own page."""
        host = self._settings.host
        if host in ("0.0.0.0", "::"):  # noqa: S104 - compared, not listened on
            host = socket.gethostname()
        return f"http://{host}:{self._socket.getsockname()[1]}"

    @property
    def link_state(self) -> LinkState:
        """Where the connection stands."""
        return self._link.state if self._link else LinkState.CLOSED

    def health(self) -> Health:
        """What is wrong with the device; being offline is not."""
        signs = Signs(
            no_picture=self._no_picture(),
            silent=time.monotonic() - self._worker.alive_at,
            failing=self._worker.failing,
            lost=self._reporter.lost,
        )
        return Health(tuple(problem.text for problem in condition.problems(signs)))

    async def run(self) -> None:
        """Work until SIGTERM, SIGINT or `stop`."""
        self._stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        with _signals(loop, self._stop):
            kiosk = Kiosk(
                board=self.board,
                registry=self.metrics.registry,
                health=self.health,
                snapshot=lambda: self._worker.snapshot,
                stopping=self._stop,
                acceptance=Acceptance(self._settings.data / "accepted.json"),
            )
            config = uvicorn.Config(
                build(kiosk), log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=1
            )
            server = _Server(config)
            serving = asyncio.create_task(server.serve(sockets=[self._socket]))
            self._start()
            await self._look_around(serving)
            server.should_exit = True
            await asyncio.gather(serving, asyncio.to_thread(self._end))

    def stop(self) -> None:
        """End as a signal would; called in the loop's thread."""
        if self._stop is not None:
            self._stop.set()

    def _let_in(self, identity: Identity) -> None:
        """The control plane has said who we are and where to go."""
        if identity.device != self._settings.device:
            log.info("the control plane calls this device otherwise", device=identity.device)
        self._identity = identity
        tls = identity.tls()
        self._updater.move(Models(identity.place.url, identity.root(), tls))
        if self._link:
            asked, told = self._settings.broker, urlsplit(identity.place.broker)
            host, port = (asked.host, asked.port) if asked else (told.hostname or "", told.port or MQTT_PORT)
            secure = told.scheme == "mqtts"
            self._link.move(Address(host, port, DeviceId(identity.device), tls if secure else None))
            self._link.start()

    def _start(self) -> None:
        log.info("watching", device=self._settings.device, source=without_credentials(self._source))
        log.info("page", url=self.page)
        self._twin.start()
        self._worker.start()
        self._updater.start()
        if self._keeper:
            self._keeper.start()
        elif self._link:
            self._link.start()

    async def _look_around(self, serving: asyncio.Task[None]) -> None:
        """Keep the page's surroundings fresh until it is time to end."""
        assert self._stop is not None  # noqa: S101 - set by the only caller
        supervisor = Supervisor()
        supervisor.ready()
        while not self._stop.is_set() and not serving.done():
            if time.monotonic() - self._worker.alive_at < condition.STUCK:
                supervisor.alive()
            link = self.link_state.value if self._link else "alone"
            model = self._updater.models()[0]
            self.board.tell(link=link, model=f"{model.name} {model.version}")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), LOOK_EVERY)
        self._stop.set()
        supervisor.stopping()

    def _end(self) -> None:
        self._worker.stop()
        self._worker.join(0.8)
        self._twin.close(0.2)
        if self._keeper:
            self._keeper.close(0.3)
        self._updater.close(0.3)
        if self._link:
            self._link.close(0.8)
        self._outbox.close()
        self._lock.close()
        log.info("ended")

    def _make_worker(self, loaded: dict[wire.ModelKind, Loaded]) -> Worker:
        reader, predict = (loaded[kind].part for kind in (wire.ModelKind.READER, wire.ModelKind.WINNER))
        timed = self.metrics.timed_predictor(cast("Predictor", predict))
        self._reporter.model = timed.name
        self.board.tell(predictor=timed.name)
        reads = cast("ScreenReader", reader)
        pipeline = Pipeline(self.metrics.timed(reads), timed)
        join = (self._capture_of(self._source), pipeline, self.board, self._reporter, self.metrics)
        layouts = Layouts(self._settings.data / "layouts.json")
        return Worker(*join, reader=reads, lease=Lease(time.monotonic), layouts=layouts, clock=self._clock)

    def _clock(self) -> float:
        return time.monotonic() - self._began

    def _capture_of(self, source: Source) -> LiveCapture:
        opener = (lambda: open_video(source)) if source.live else (lambda: open_paced(source))
        return LiveCapture(opener, name=without_credentials(source), clock=self._clock)

    def _apply(self, values: wire.Settings) -> None:
        """Put settings in force, all but the source."""
        self._name = values.name or self._settings.name
        players = values.players or ("", "")
        named = [given or f"Player {number}" for number, given in enumerate(players, 1)]
        self.board.tell(device=self._name, players=named, style=(values.page or wire.PageStyle.FULL).value)
        self._worker.rate = values.rate

    def _watch(self, source: Source | None) -> None:
        self._source = source or self._settings.source
        self._worker.watch(self._capture_of(self._source))

    def _sees(self) -> bool:
        return self._no_picture() is None and not self._worker.changing

    def _changed(self) -> None:
        if self._link:
            self._link.report()

    def _no_picture(self) -> str | None:
        status = self._worker.capture.status()
        return None if status.state is CaptureState.LIVE else status.reason or status.state.value

    def _problems(self) -> tuple[wire.Problem, ...]:
        report = self._twin.report
        signs = Signs(
            no_picture=self._no_picture(),
            silent=time.monotonic() - self._worker.alive_at,
            failing=self._worker.failing,
            lost=self._reporter.lost,
            confidence=self.metrics.confidence(),
            temperature=figures.temperature(),
            throttled=condition.throttled(),
            disk_free=condition.disk_free(self._settings.data),
            clock_off=self._drift.total_seconds() if self._drift is not None else None,
            safe=report.refused if report.safe else None,
        )
        return condition.problems(signs)

    def _make_link(self) -> Link | None:
        address = self._settings.broker
        if address is None and self._settings.url is None:
            return None
        callbacks = Callbacks(self._reported, self._telemetry, self._desired, self._command, self._on_lost)
        # where a control plane lets us in, it also says where the broker is, and the link waits for that
        return Link(address or Address("", MQTT_PORT, self._settings.device), self._outbox, callbacks)

    def _make_keeper(self) -> Keeper | None:
        url = self._settings.url
        if url is None:
            return None

        def claim(code: str, at: str, why: str) -> None:
            self.board.tell(claim=code, claim_at=at, claim_why=why)

        def drift(by: timedelta) -> None:
            self._drift = by

        ears = Ears(claim, self._let_in, lambda: self.link_state is LinkState.CONNECTED, drift)
        applicant = Applicant(self._settings.device, self._settings.serial, self._settings.token)
        return Keeper(url, applicant, Wallet(self._settings.data / "identity"), ears)

    def _on_lost(self) -> None:
        if self._keeper:
            self._keeper.check_soon()

    def _make_updater(self, loaded: dict[wire.ModelKind, tuple[Kit, Loaded]]) -> Updater:
        """Without a control plane it brings nothing in, but sees through what is on probation."""
        hands = Hands(
            swap=self._worker.swap,
            cancel=self._worker.cancel,
            beside=self._beside,
            vitals=self._vitals,
            report=self._reporter.report,
            changed=self._changed,
            restart=self._begin_anew,
        )
        return Updater(None, self._store, hands, loaded)

    def _beside(self, kind: wire.ModelKind, beside: Beside | None) -> None:
        if beside is None:
            self._worker.beside(kind, None)
            return
        speaks = lambda: cast("Predictor", self._updater.part(wire.ModelKind.WINNER))  # noqa: E731
        duel = Duel(beside, speaks, lambda: self.metrics.latency(reader=kind is wire.ModelKind.READER))
        pace = lambda: self.metrics.rate()[1]  # noqa: E731
        companion = Companion(duel, self._reporter.report, lambda why: self._updater.complain(kind, why), pace)
        self._worker.beside(kind, companion)

    def _vitals(self) -> Vitals:
        effort, sure = self.metrics.usual()
        return Vitals(
            figures=Figures(frame_ms=effort, confidence=sure),
            failing=self._worker.failing,
            silent=time.monotonic() - self._worker.alive_at,
            matches=self.metrics.finished,
        )

    def _begin_anew(self, reason: str) -> None:
        log.error("the worker does not come back, starting anew", reason=reason)
        if self._restart:
            self._restart(reason)

    def _reported(self) -> wire.Reported:
        self._reports += 1
        return wire.Reported(
            boot_id=self._boot,
            time=datetime.now(UTC),
            name=self._name,
            agent_version=importlib.metadata.version("kubeddr"),
            source=without_credentials(self._source),
            kiosk=self.page,
            desired_version=self._updater.settled,
            models=self._updater.models(),
            version=self._reports,
            settings=_told(self._twin.report),
        )

    def _telemetry(self) -> wire.Telemetry:
        fps, frame_ms = self.metrics.rate()
        return wire.Telemetry(
            boot_id=self._boot,
            time=datetime.now(UTC),
            uptime=time.monotonic() - self._began,
            source_ok=self._no_picture() is None,
            fps=fps,
            frame_ms=frame_ms,
            outbox=self._outbox.depth,
            temperature=figures.temperature(),
            memory=figures.memory(),
            cpu=self._cpu.share(),
            throttled=condition.throttled(),
            confidence=self.metrics.confidence(),
            stages=self.metrics.stages(),
            disk_free=condition.disk_free(self._settings.data),
            clock_off=None if self._drift is None else self._drift.total_seconds(),
            problems=self._problems(),
        )

    def _desired(self, desired: wire.Desired) -> None:
        self._twin.offer(desired.settings)
        self._updater.offer(desired)

    def _command(self, command: wire.Command) -> None:
        if command.action is wire.CommandAction.IDENTIFY:
            self.board.identify()
        elif command.action is wire.CommandAction.DIAGNOSE:
            self._diagnose(command.id)

    def _diagnose(self, name: str) -> None:
        """Hand in what helps to find a fault; only to a control plane that knows us, and that we know."""
        identity = self._identity
        if identity is None:
            log.warning("diagnostics are handed in by devices with a certificate only")
            return
        newest = self._worker.snapshot
        documents = {
            "reported": self._reported().model_dump(mode="json"),
            "telemetry": self._telemetry().model_dump(mode="json"),
            "page": self.board.view(),
            "outbox": {"waiting": self._outbox.depth, "dropped": self._outbox.dropped, "lost": self._reporter.lost},
        }
        data = diagnostics.bundle(documents, None if newest is None else draw(newest))
        diagnostics.hand_in(identity.place.url, identity.tls(), name, data)


def run(settings: Settings) -> None:
    """Run an agent until it is told to end, and leave nothing behind.

    Raises:
        EdgeAgentError: it cannot start; the text says why.
    """
    logs.configure(logging.INFO)
    asyncio.run(Agent(settings, restart=_anew).run())
    if any(thread is not threading.main_thread() and thread.is_alive() for thread in threading.enumerate()):
        # A camera's driver may hang in a read for seconds, and its thread must not hold up the end, nor run into
        # an interpreter that is being taken apart. Everything of ours is closed by now.
        sys.stderr.flush()
        os._exit(0)


def _anew(_reason: str) -> None:
    """Become a new process with the same command line: a thread that hangs in a network cannot be ended otherwise."""
    sys.stderr.flush()
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - the very same


def _told(report: wire.SettingsReport) -> wire.SettingsReport:
    """The report as others may see it."""
    source = report.values.source
    if source is None:
        return report
    return report.model_copy(update={"values": report.values.model_copy(update={"source": without_secrets(source)})})


class _Server(uvicorn.Server):
    """A server that leaves the signals to the agent."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.contextmanager
def _signals(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> Iterator[None]:
    caught = []
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(RuntimeError, ValueError):  # not in the main thread, as in a test
            loop.add_signal_handler(number, stop.set)
            caught.append(number)
    try:
        yield
    finally:
        for number in caught:
            loop.remove_signal_handler(number)


def _lock(settings: Settings) -> IO[str]:
    """Hold the data folder for this process alone."""
    try:
        settings.data.mkdir(parents=True, exist_ok=True)
        file = (settings.data / "lock").open("w")
    except OSError as error:
        raise SettingsError(f"--data {settings.data} cannot be used ({error.strerror}).") from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise SettingsError(f"Another agent works in {settings.data}. Give each its own --data.") from error
    file.write(str(os.getpid()))
    file.flush()
    return file


def _listen(settings: Settings) -> socket.socket:
    try:
        return socket.create_server((settings.host, settings.port), backlog=64)
    except (OSError, OverflowError) as error:
        raise SettingsError(f"The page cannot listen on {settings.host}:{settings.port} ({error}).") from error
