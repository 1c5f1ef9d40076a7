"""When to connect, as a machine without sockets: the link asks it and tells it what happened."""

from __future__ import annotations

from enum import StrEnum

from edge_agent.backoff import Backoff

STEADY = 10.0  # seconds a connection must hold before the next loss is taken for a new trouble


class LinkState(StrEnum):
    """Where the connection to the broker stands."""

    WAITING = "waiting"  # not connected; the next try has its time
    CONNECTING = "connecting"
    CONNECTED = "connected"
    CLOSED = "closed"  # we are done


class Reconnection:
    """Tries again after 1, 2, 4 ... 30 seconds, each shortened by chance so that a fleet does not come back at once."""

    def __init__(self, backoff: Backoff | None = None, *, patience: float = 6.0) -> None:
        self.state = LinkState.WAITING
        self.reason = ""
        self.attempts = 0
        self._backoff = backoff or Backoff(1.0, 30.0, jitter=0.5)
        self._patience = patience
        self._next_at = 0.0
        self._since = 0.0

    def due(self, now: float) -> bool:
        """Whether to try now."""
        return self.state is LinkState.WAITING and now >= self._next_at

    def connecting(self, now: float) -> None:
        """A try has begun."""
        self.state, self._since = LinkState.CONNECTING, now
        self.attempts += 1

    def overdue(self, now: float) -> bool:
        """Whether the try has gone on for too long without an answer."""
        return self.state is LinkState.CONNECTING and now - self._since > self._patience

    def connected(self, now: float) -> None:
        """The broker has accepted us."""
        self.state, self.reason, self._since = LinkState.CONNECTED, "", now

    def lost(self, now: float, reason: str) -> float:
        """The try failed, or the connection broke.

        Returns:
            Seconds until the next try.
        """
        if self.state is LinkState.CONNECTED and now - self._since >= STEADY:
            self._backoff.reset()
        wait = self._backoff.next()
        self.state, self.reason, self._next_at = LinkState.WAITING, reason, now + wait
        return wait

    def at_once(self) -> None:
        """Something has changed for the better: try now."""
        self._next_at = 0.0
        self._backoff.reset()

    def close(self) -> None:
        """No more tries."""
        self.state = LinkState.CLOSED
