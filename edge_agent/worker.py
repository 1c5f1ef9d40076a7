"""The one thread in which pictures become readings: always the newest one, whatever happens."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import structlog

from edge_agent.capture.live import CaptureState, LiveCapture
from edge_agent.composition import displays
from edge_agent.kiosk.snapshot import Snapshot
from game.match import MatchFinished
from vision.known import known
from vision.layout import Layout

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_agent.kiosk.board import Board
    from edge_agent.layouts import Layouts
    from edge_agent.metrics import Metrics
    from edge_agent.pipeline import Pipeline, StepResult
    from edge_agent.reporting.reporter import Reporter
    from edge_agent.updates.updater import Loaded
    from vision.frame import Frame

TAKE = 0.25  # seconds to wait for a picture
TELL_EVERY = 60.0  # seconds between two errors in the log

log = structlog.get_logger(__name__)


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
        loaded: Loaded,
        layouts: Layouts | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._capture, self._pipeline, self._board = capture, pipeline, board
        self._reporter, self._metrics, self._clock = reporter, metrics, clock
        self._layouts = layouts
        self._use(loaded)
        self._swap_lock = threading.Lock()
        self._waiting: tuple[Loaded, threading.Event] | None = None
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

    def swap(self, loaded: Loaded) -> threading.Event:
        """Ask for another reader, which takes over when no match is running."""
        done = threading.Event()
        with self._swap_lock:
            self._waiting = (loaded, done)
        return done

    def cancel(self) -> bool:
        """Take back a swap; False when it has already happened."""
        with self._swap_lock:
            waiting, self._waiting = self._waiting, None
        return waiting is not None

    def _run(self) -> None:
        while not self._stopping.is_set():
            self.alive_at = time.monotonic()
            try:
                self._turn()
            except Exception as error:  # noqa: BLE001 - one bad picture must not end the evening
                self._fail(error)
                self._stopping.wait(0.05)
                self._recover()
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
        self._swap_between_songs()
        if frame is not None:
            self._frame(frame)
        elif self._pipeline.running or status.state is not CaptureState.LIVE:
            self._tell(self._pipeline.blind(self._clock()))

    def _frame(self, frame: Frame) -> None:
        begun = time.monotonic()
        result = self._pipeline.step(frame)
        self.snapshot = Snapshot(frame.image, result.reading, displays(self._reader))
        self._tell(result)
        self._metrics.frame(result.reading, self._clock() - frame.t, time.monotonic() - begun)
        self.failing = 0

    def _tell(self, result: StepResult) -> None:
        self._board.step(result)
        self._reporter.step(result)
        finished = sum(isinstance(event, MatchFinished) for event in result.events)
        self._metrics.matches.inc(finished)
        if finished and self._layouts and self.snapshot:
            found = known(self.snapshot.image, Layout(*self.snapshot.displays))
            if found is not None:
                self._layouts.keep(found)

    def _use(self, loaded: Loaded) -> None:
        self._reader = loaded.reader
        if self._layouts is not None:
            self._layouts.tell(loaded.reader)

    def _swap_between_songs(self) -> None:
        if self._waiting is None or self._pipeline.running:
            return
        with self._swap_lock:
            if self._waiting is None:
                return
            loaded, done = self._waiting
            self._waiting = None
            self._use(loaded)
            self._pipeline.replace_reader(self._metrics.timed(loaded.reader))
            done.set()

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
