"""Live sources: the newest frame at any time, from a thread that is watched because a read can hang for seconds."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import structlog

from edge_agent.backoff import Backoff
from vision.frame import Frame, Image

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_agent.capture.opencv import Grabber

_FAILED_READS = 5  # a camera may drop a picture; this many in a row are the end of the stream
_HUNG_THREADS = 3  # a hung driver must not collect threads; beyond this we wait for one to come back
_JOIN_SECONDS = 0.3

log = structlog.get_logger(__name__)


class CaptureState(StrEnum):
    """Where a live source stands."""

    OPENING = "opening"  # the first picture has not come yet
    LIVE = "live"  # pictures arrive
    STALLED = "stalled"  # the source is open and gives no pictures
    LOST = "lost"  # the source ended or does not open; it is tried again
    CLOSED = "closed"  # we are done with it


@dataclass(frozen=True, slots=True)
class CaptureStatus:
    """What can be told about a live source at one moment.

    Attributes:
        reason: why there is no picture, for a person; empty while there is one.
        since: the clock's time at which this state began.
        read: pictures received so far.
        dropped: pictures that a newer one replaced before they were looked at.
        opened: how often the source was opened with success.
    """

    state: CaptureState
    reason: str
    since: float
    read: int
    dropped: int
    opened: int


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a source may be silent, in seconds."""

    stall: float = 2.0
    opening: float = 8.0


class _Session:
    """One opening of the source, and the thread that reads from it. `failed` holds the reason once it is over."""

    __slots__ = ("active_at", "ended", "failed", "opened", "thread")

    def __init__(self, now: float) -> None:
        self.active_at = now
        self.opened = False
        self.ended = False
        self.failed: str | None = None
        self.thread: threading.Thread | None = None


class LiveCapture:
    """Holds the newest frame of a source and brings the source back when it goes away.

    Supervision runs inside `take`, which the worker calls all the time: there is no second thread to go wrong.

    Args:
        open_grabber: opens the source; None when it does not open. Runs in the reading thread, may hang.
        clock: monotonic seconds; gives `Frame.t`.
    """

    def __init__(
        self,
        open_grabber: Callable[[], Grabber | None],
        *,
        name: str = "the source",
        clock: Callable[[], float] = time.monotonic,
        patience: Patience | None = None,
        backoff: Backoff | None = None,
    ) -> None:
        self._open = open_grabber
        self._name = name
        self._clock = clock
        self._patience = patience or Patience()
        self._backoff = backoff or Backoff(first=0.25, last=2.0)
        self._fresh = threading.Condition()
        self._frame: Frame | None = None
        self._session: _Session | None = None
        self._hung: list[threading.Thread] = []
        self._retry_at = clock()
        self._state = CaptureState.OPENING
        self._reason = ""
        self._since = clock()
        self._read = self._dropped = self._opened = 0

    def take(self, timeout: float) -> Frame | None:
        """The newest frame not taken before, waiting at most `timeout` seconds; None when there is none."""
        self._supervise()
        with self._fresh:
            if self._frame is None:
                self._fresh.wait(timeout)
            frame, self._frame = self._frame, None
        if frame is not None and self._state is not CaptureState.LIVE:
            self._backoff.reset()
            self._change(CaptureState.LIVE, "")
        return frame

    def status(self) -> CaptureStatus:
        """The state and the counts now. Safe to call from any thread."""
        return CaptureStatus(self._state, self._reason, self._since, self._read, self._dropped, self._opened)

    def wake(self) -> None:
        """Make a `take` that waits return now."""
        with self._fresh:
            self._fresh.notify_all()

    def close(self) -> None:
        """End the reading thread; one that hangs in the driver is left behind as a daemon."""
        session, self._session = self._session, None
        self._change(CaptureState.CLOSED, "")
        if session is None:
            return
        session.ended = True
        if session.thread is not None:
            session.thread.join(_JOIN_SECONDS)

    def _supervise(self) -> None:
        if self._state is CaptureState.CLOSED:
            return
        now = self._clock()
        session = self._session
        if session is None:
            self._hung = [thread for thread in self._hung if thread.is_alive()]
            if now >= self._retry_at and len(self._hung) < _HUNG_THREADS:
                self._start(now)
            return
        with self._fresh:
            waiting = self._frame is not None
        if session.failed is not None and not waiting:
            self._give_up(session, CaptureState.LOST, session.failed, now)
            return
        limit = self._patience.stall if session.opened else self._patience.opening
        if now - session.active_at > limit and not waiting:
            if session.opened:
                self._give_up(session, CaptureState.STALLED, f"{self._name} gave no picture for {limit:g} s", now)
            else:
                self._give_up(session, CaptureState.LOST, f"{self._name} did not open within {limit:g} s", now)
            if session.thread is not None:
                self._hung.append(session.thread)

    def _start(self, now: float) -> None:
        session = _Session(now)
        session.thread = threading.Thread(target=self._grab, args=(session,), name="capture", daemon=True)
        self._session = session
        session.thread.start()

    def _give_up(self, session: _Session, state: CaptureState, reason: str, now: float) -> None:
        session.ended = True
        self._session = None
        self._retry_at = now + self._backoff.next()
        self._change(state, reason)

    def _change(self, state: CaptureState, reason: str) -> None:
        if state is self._state:
            self._reason = reason
            return
        log.info("capture", state=state.value, was=self._state.value, source=self._name, reason=reason or None)
        self._state, self._reason, self._since = state, reason, self._clock()

    def _grab(self, session: _Session) -> None:
        """The reading thread: ends when the source does, or when it finds itself given up."""
        grabber: Grabber | None = None
        try:
            grabber = self._open()
            if grabber is None:
                session.failed = f"{self._name} does not open"
                return
            session.opened, session.active_at = True, self._clock()
            self._opened += 1
            failed = 0
            while not session.ended and failed < _FAILED_READS:
                image = grabber.read()
                failed = failed + 1 if image is None else 0
                if image is not None and not session.ended:
                    session.active_at = self._clock()
                    self._post(image, session.active_at)
            session.failed = f"{self._name} ended"
        except Exception as error:  # noqa: BLE001 - a driver may raise anything; the source is then lost, not the agent
            session.failed = f"{self._name} failed: {error}"
        finally:
            if grabber is not None:
                grabber.release()
            with self._fresh:
                self._fresh.notify()

    def _post(self, image: Image, t: float) -> None:
        with self._fresh:
            if self._frame is not None:
                self._dropped += 1
            self._frame = Frame(image, t, self._read)
            self._read += 1
            self._fresh.notify()
