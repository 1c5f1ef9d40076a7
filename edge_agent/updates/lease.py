"""Who may not be disturbed, and until when: a model takes over only where nobody holds the lease."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

TERM = 10.0  # seconds that a lease lasts unless it is renewed
DEFERRAL = 1800.0  # seconds that a model waits for it at most


class Lease:
    """One lease with a named owner. It ends by itself, so that an owner that hangs holds up nobody for ever.

    Args:
        clock: monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float], *, term: float = TERM) -> None:
        self._clock, self._term = clock, term
        self._lock = threading.Lock()
        self._owner, self._until = "", 0.0

    @property
    def owner(self) -> str:
        """Who holds it; empty for nobody."""
        with self._lock:
            return self._owner if self._clock() < self._until else ""

    def hold(self, owner: str) -> bool:
        """Take or renew it; False when somebody else holds it."""
        with self._lock:
            now = self._clock()
            if self._owner not in {"", owner} and now < self._until:
                return False
            self._owner, self._until = owner, now + self._term
            return True

    def release(self, owner: str) -> None:
        """Give it up, if it is this owner's."""
        with self._lock:
            if self._owner == owner:
                self._owner, self._until = "", 0.0


def may_interrupt(owner: str, waited: float, *, override: bool, deferral: float = DEFERRAL) -> bool:
    """Whether a model that has waited so many seconds may take over while `owner` holds the lease."""
    return not owner or override or waited >= deferral
