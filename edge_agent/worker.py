"""The one thread in which pictures become readings: always the newest one, whatever happens."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import structlog

from contract.messages import ModelKind
from edge_agent.capture.live import CaptureState, LiveCapture
from edge_agent.composition import displays
from edge_agent.kiosk.snapshot import Snapshot
from edge_agent.updates.lease import may_interrupt
from game.match import MatchFinished
from vision.known import known
from vision.layout import Layout

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_agent.beside.companion import Companion
    from edge_agent.kiosk.board import Board
    from edge_agent.layouts import Layouts
    from edge_agent.metrics import Metrics
    from edge_agent.pipeline import Pipeline, StepResult
    from edge_agent.ports import ScreenReader
    from edge_agent.reporting.reporter import Reporter
    from edge_agent.updates.kit import Loaded
    from edge_agent.updates.lease import Lease
    from models.predictor import Predictor
    from vision.frame import Frame

THE_MATCH = "the match"  # who holds the lease while one runs
TAKE = 0.25  # seconds to wait for a picture
TELL_EVERY = 60.0  # seconds between two errors in the log

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A model that is to take over, since when, and whether whatever is going on."""

    loaded: Loaded
    done: threading.Event
    since: float
    now: bool


class Worker:
    """Takes pictures, steps the pipeline, tells the page and the reporter.

    Args:
        layouts: what to remember of where scores are found; None remembers nothing.
        clock: the one that the capture stamps frames with.
    """

    def __init__(  # noqa: PLR0913 - what it joins is what it is for
        self,
        capture: LiveCapture,
        pipeline: Pipeline,
        board: Board,
        reporter: Reporter,
        metrics: Metrics,
        *,
        reader: ScreenReader,
        lease: Lease,
        layouts: Layouts | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._capture, self._pipeline, self._board = capture, pipeline, board
        self._reporter, self._metrics, self._clock = reporter, metrics, clock
        self._layouts, self._lease = layouts, lease
        self._use(reader)
        self._swap_lock = threading.Lock()
        self._waiting: dict[ModelKind, _Waiting] = {}
        self._beside: dict[ModelKind, Companion] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="worker", daemon=True)
        self.snapshot: Snapshot | None = None
        self.alive_at = time.monotonic()
        self.failing = 0  # pictures in a row that ended in an error
        self._tell_at = self.alive_at
        self.rate: float | None = None  # pictures a second at most
        self._due = self.alive_at
        self._next_capture: LiveCapture | None = None

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """Ask the thread to end."""
        self._stopping.set()
        self._capture.wake()

    def join(self, timeout: float) -> None:
        """Wait for the end of the thread."""
        if self._thread.is_alive():
            self._thread.join(timeout)

    @property
    def capture(self) -> LiveCapture:
        """The source that is watched now, or from the next moment between two songs on."""
        return self._next_capture or self._capture

    @property
    def changing(self) -> bool:
        """Whether another source is still to take over."""
        return self._next_capture is not None

    def watch(self, capture: LiveCapture) -> None:
        """Ask for another source, which takes over when no match is running, or at once where there is no picture."""
        with self._swap_lock:
            stale, self._next_capture = self._next_capture, capture
        if stale is not None:
            stale.close()

    def swap(self, loaded: Loaded, now: bool) -> threading.Event:
        """Ask for another model, which takes over when nobody holds the lease; or now, whoever does."""
        waiting = _Waiting(loaded, threading.Event(), self._clock(), now)
        with self._swap_lock:
            self._waiting[loaded.model.kind] = waiting
        return waiting.done

    def cancel(self, kind: ModelKind) -> bool:
        """Take back a swap; False when it has already happened."""
        with self._swap_lock:
            return self._waiting.pop(kind, None) is not None

    def beside(self, kind: ModelKind, companion: Companion | None) -> None:
        """Show this what comes from now on, in place of what was shown it before; None for nobody."""
        others = {each: there for each, there in self._beside.items() if each is not kind}
        old = self._beside.get(kind)
        self._beside = others if companion is None else {**others, kind: companion}
        if old is not None:
            old.close()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self.alive_at = time.monotonic()
            try:
                self._turn()
            except Exception as error:  # noqa: BLE001 - one bad picture must not end the evening
                self._fail(error)
                self._stopping.wait(0.05)
                self._recover()
        for companion in self._beside.values():
            companion.close()
        self._reporter.abandon(self._clock())
        self._capture.close()

    def _turn(self) -> None:
        if self.rate is not None and self._stopping.wait(max(0.0, self._due - time.monotonic())):
            return
        self._due = time.monotonic() + (1.0 / self.rate if self.rate else 0.0)
        self._change_source()
        frame = self._capture.take(TAKE)
        status = self._capture.status()
        self._board.picture(status)
        if self._pipeline.running:
            self._lease.hold(THE_MATCH)
        else:
            self._lease.release(THE_MATCH)
        self._swap()
        if frame is not None:
            self._frame(frame)
        elif self._pipeline.running or status.state is not CaptureState.LIVE:
            self._tell(None, self._pipeline.blind(self._clock()))

    def _frame(self, frame: Frame) -> None:
        begun, effort = time.monotonic(), time.thread_time()
        result = self._pipeline.step(frame)
        effort = time.thread_time() - effort
        self.snapshot = Snapshot(frame.image, result.reading, displays(self._reader))
        self._tell(frame, result)
        self._metrics.frame(result.reading, self._clock() - frame.t, time.monotonic() - begun, effort)
        self.failing = 0

    def _tell(self, frame: Frame | None, result: StepResult) -> None:
        self._board.step(result)
        match = self._reporter.match
        self._reporter.step(result)
        for companion in self._beside.values():  # they only look on: nothing of theirs comes back here
            companion.see(frame, result, match or self._reporter.match)
        finished = sum(isinstance(event, MatchFinished) for event in result.events)
        self._metrics.matches.inc(finished)
        self._metrics.finished += finished
        if finished and self._layouts and self.snapshot:
            found = known(self.snapshot.image, Layout(*self.snapshot.displays))
            if found is not None:
                self._layouts.keep(found)

    def _use(self, reader: ScreenReader) -> None:
        self._reader = reader
        if self._layouts is not None:
            self._layouts.tell(reader)

    def _swap(self) -> None:
        """Let models take over that wait for it, unless they have to wait for the end of the match."""
        if not self._waiting:
            return
        owner, now = self._lease.owner, self._clock()
        with self._swap_lock:
            for kind, waiting in tuple(self._waiting.items()):
                if may_interrupt(owner, now - waiting.since, override=waiting.now):
                    del self._waiting[kind]
                    self._put(waiting.loaded)
                    waiting.done.set()

    def _put(self, loaded: Loaded) -> None:
        self._metrics.begin_anew()
        if loaded.model.kind is ModelKind.READER:
            self._use(cast("ScreenReader", loaded.part))
            self._pipeline.replace_reader(self._metrics.timed(self._reader))
            return
        predict = self._metrics.timed_predictor(cast("Predictor", loaded.part))
        self._pipeline.predictor = predict
        self._reporter.model = predict.name
        self._board.tell(predictor=predict.name)

    def _change_source(self) -> None:
        if self._next_capture is None:
            return
        live = self._capture.status().state is CaptureState.LIVE
        if self._pipeline.running and live:
            return
        with self._swap_lock:
            old, new = self._capture, self._next_capture
            self._next_capture = None
        if new is not None:
            self._capture = new
            self._pipeline.reset()
            old.close()

    def _fail(self, error: Exception) -> None:
        """Count an error, and tell it unless one was told just now: one a frame would fill the disk."""
        self._metrics.errors.inc()
        self.failing += 1
        now = time.monotonic()
        if now >= self._tell_at:
            self._tell_at = now + TELL_EVERY
            log.error("a frame failed, going on with the next", in_a_row=self.failing, exc_info=error)

    def _recover(self) -> None:
        try:
            self._pipeline.reset()
        except Exception:
            log.exception("the reader does not reset")
