"""Which events go out now, and what a receipt means. No network here: the link does what this says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_agent.backoff import Backoff

if TYPE_CHECKING:
    from contract.ids import BootId
    from edge_agent.reporting.outbox import Outbox, Stored

WINDOW = 100
"""Events that may be under way without a receipt: what a broker has to queue for one device at most."""


class Sender:
    """Sends in order, keeps a bounded number under way, and sends again what is not receipted in time.

    Args:
        window: events under way at most.
        patience: seconds to wait for a receipt before sending again; longer each time nothing comes.
    """

    def __init__(self, outbox: Outbox, *, window: int = WINDOW, patience: Backoff | None = None) -> None:
        self._outbox = outbox
        self._window = window
        self._patience = patience or Backoff(3.0, 60.0)
        self._after: tuple[BootId, int] | None = None
        self._sent: dict[BootId, int] = {}
        self._again_at: float | None = None

    def rewind(self) -> None:
        """The connection is new: everything under way may be lost, so begin with the oldest again."""
        self._after, self._again_at = None, None
        self._patience.reset()

    def due(self, now: float) -> tuple[Stored, ...]:
        """The events to send now; they count as under way from here on."""
        if self._again_at is not None and now >= self._again_at:
            self._after, self._again_at = None, None
        room = self._window
        events = self._outbox.following(self._after, room)
        if events:
            under_way = events[0].seq - events[0].oldest
            events = events[: max(0, room - under_way)]
        if events:
            last = events[-1]
            self._after = (last.boot_id, last.seq)
            self._sent[last.boot_id] = max(self._sent.get(last.boot_id, 0), last.seq)
            if self._again_at is None:
                self._again_at = now + self._patience.next()
        return events

    def receipted(self, boot_id: BootId, seq: int, now: float) -> int:
        """The control plane has everything of a boot up to `seq`; never believed beyond what was sent.

        Returns:
            How many events left the outbox.
        """
        gone = self._outbox.receipt(boot_id, min(seq, self._sent.get(boot_id, 0)))
        if gone:
            self._patience.reset()
            self._again_at = now + self._patience.next() if self._outbox.depth else None
        return gone
