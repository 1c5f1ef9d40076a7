"""Runs a duel in a thread of its own, which cannot disturb what counts: it takes what it is given, or misses it."""

from __future__ import annotations

import contextlib
import queue
import threading
from typing import TYPE_CHECKING, Protocol

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable

    from contract.ids import MatchId
    from contract.messages import ModelCompared
    from edge_agent.pipeline import StepResult
    from vision.frame import Frame

WAITING = 8  # pictures that may wait for it
WINDOW = 200  # pictures over which it is judged
MISSED = 0.25  # share of them that it may miss
HOLES = 0.1  # share of a match that it may miss where that is to be compared
ERRORS = 5  # pictures in a row that may end in an error
SLOWER = 3.0  # times as long as before a picture of what counts may take, and
SPARE_MS = 30.0  # so many milliseconds on top

log = structlog.get_logger(__name__)

_Work = tuple["Frame | None", "StepResult", "MatchId | None"]


class Watched(Protocol):
    """A duel."""

    def see(self, frame: Frame | None, result: StepResult, match: MatchId | None) -> ModelCompared | None:
        """Take in a picture."""


class Companion:
    """See above.

    Args:
        duel: what it runs.
        compared: told of a comparison, in the companion's thread.
        trouble: told why it has ended by itself.
        pace: milliseconds that a picture of what counts takes now; None when that is not known.
    """

    def __init__(
        self,
        duel: Watched,
        compared: Callable[[ModelCompared], None],
        trouble: Callable[[str], None],
        pace: Callable[[], float | None],
    ) -> None:
        self._duel, self._compared, self._trouble, self._pace = duel, compared, trouble, pace
        self._usual = pace()
        self._work: queue.Queue[_Work | None] = queue.Queue(WAITING)
        self._given = self._missed = self._failing = 0
        self._match = [0, 0]  # pictures given and missed since the last comparison
        self._closed = False
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="beside", daemon=True)
        self._thread.start()

    def see(self, frame: Frame | None, result: StepResult, match: MatchId | None) -> None:
        """Hand a picture over; at once, whatever state it is in."""
        if self._closed or self._ended.is_set():
            return
        self._given += 1
        self._match[0] += 1
        if result.events and self._work.full():
            with contextlib.suppress(queue.Empty):  # where a match begins and ends must not be missed
                self._work.get_nowait()
        try:
            self._work.put_nowait((frame, result, match))
        except queue.Full:
            self._missed += 1
            self._match[1] += 1
        if self._given >= WINDOW:
            self._judge()

    def close(self) -> None:
        """End with what is still to be seen, such as the end of a match; nobody waits for it."""
        self._closed = True
        with contextlib.suppress(queue.Full):
            self._work.put_nowait(None)

    def _judge(self) -> None:
        given, missed, self._given, self._missed = self._given, self._missed, 0, 0
        if missed > given * MISSED:
            self._end(f"it does not keep up: it missed {missed} of {given} pictures")
        took = self._pace()
        if took is not None and self._usual is not None and took > self._usual * SLOWER + SPARE_MS:
            self._end(f"with it beside, a picture takes {took:.0f} ms, and took {self._usual:.0f} ms without")

    def _run(self) -> None:
        while not self._ended.is_set() and not (self._closed and self._work.empty()):
            work = self._work.get()
            if work is None or self._ended.is_set():
                return
            try:
                found = self._duel.see(*work)
                self._failing = 0
            except Exception as error:  # noqa: BLE001 - its faults are its own
                self._failing += 1
                if self._failing >= ERRORS:
                    self._end(f"{self._failing} pictures in a row ended in an error: {type(error).__name__}: {error}")
                continue
            if found is not None:
                self._tell(found)

    def _tell(self, found: ModelCompared) -> None:
        (given, missed), self._match = self._match, [0, 0]
        if missed <= given * HOLES:
            self._compared(found)
        else:
            log.info("not compared: too much of the match was missed", match=found.match_id, missed=missed, of=given)

    def _end(self, reason: str) -> None:
        if not self._ended.is_set():
            self._ended.set()
            log.warning("what runs beside is ended", reason=reason)
            self._trouble(reason)
