"""What somebody has to see to now and then, and never two at once: whoever holds the lock in the database does it."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Protocol

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

log = structlog.get_logger("reconciler")

ROUND = 5.0  # seconds


class Held(Protocol):
    """Whatever says who may."""

    def hold(self) -> bool:
        """Whether it is us, now."""

    def release(self) -> None:
        """Leave it to others."""


class AlwaysHeld:
    """For what each has to see to for itself."""

    def hold(self) -> bool:
        """It is us."""
        return True

    def release(self) -> None:
        """Nothing is left to anybody."""


class Chore:
    """Something to do every so many seconds."""

    def __init__(self, name: str, every: float, do: Callable[[], object]) -> None:
        self.name, self.every, self.do = name, every, do
        self.due = 0.0


class Reconciler:
    """Does its chores while it holds the lock, in a thread of its own; one that fails is tried again when it is due."""

    def __init__(self, lock: Held, chores: Sequence[Chore], *, every: float = ROUND) -> None:
        self._lock, self._chores, self._every = lock, chores, every
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="reconciler", daemon=True)
        self.leads = False

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, and leave the lock to the next."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(10)

    def _run(self) -> None:
        while not self._stopping.is_set():
            leads = self._lock.hold()
            if leads != self.leads:
                log.info("reconciling" if leads else "another one reconciles")
            self.leads = leads
            if leads:
                for chore in self._chores:
                    self._do(chore)
            self._stopping.wait(self._every)
        self._lock.release()
        self.leads = False

    def _do(self, chore: Chore) -> None:
        now = time.monotonic()
        if now < chore.due or self._stopping.is_set():
            return
        chore.due = now + chore.every
        try:
            chore.do()
        except Exception:
            log.exception("a chore failed", chore=chore.name)
