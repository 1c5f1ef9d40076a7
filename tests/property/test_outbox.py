"""The outbox and its sender against a control plane that may be away, hear twice, or forget to answer."""

from __future__ import annotations

import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from contract.ids import BootId
from edge_agent.reporting.outbox import Outbox, Stored
from edge_agent.reporting.sender import Sender

MEMORY = "/dev/shm"  # noqa: S108 - a folder is made in it under a name of its own
NOW = datetime(2026, 1, 1, tzinfo=UTC)


class ControlPlane:
    """Keeps an event once; receipts what it has without a gap, where `oldest` says that a gap stays one."""

    def __init__(self) -> None:
        self.kept: dict[tuple[BootId, int], str] = {}
        self.order: list[tuple[BootId, int]] = []
        self.upto: dict[BootId, int] = {}

    def hear(self, event: Stored) -> None:
        if (event.boot_id, event.seq) not in self.kept:
            self.order.append((event.boot_id, event.seq))
        self.kept.setdefault((event.boot_id, event.seq), event.body)
        upto = max(self.upto.get(event.boot_id, 0), event.oldest - 1)
        while (event.boot_id, upto + 1) in self.kept:
            upto += 1
        self.upto[event.boot_id] = upto


class OutboxMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        # In memory where the system has such a place: the disk's flushes are not what is tried here.
        self.folder = tempfile.TemporaryDirectory(dir=MEMORY if os.access(MEMORY, os.W_OK) else None)
        self.plane = ControlPlane()
        self.now = 0.0
        self.put: dict[tuple[BootId, int], tuple[str, bool]] = {}
        self.count = 0
        self.dropped = 0
        self.silently_lost = False
        self.under_way: list[Stored] = []
        self.boot()

    def boot(self) -> None:
        self.box = Outbox(Path(self.folder.name) / "outbox.db", BootId.mint(), limit=3000)
        self.sender = Sender(self.box, window=7)

    @rule(keep=st.booleans(), n=st.integers(1, 12))
    def happens(self, keep: bool, n: int) -> None:
        for _ in range(n):
            self.count += 1
            seq = self.box.put(f'{{"n": {self.count}}}', NOW, keep=keep)
            self.put[self.box.boot_id, seq] = (f'{{"n": {self.count}}}', keep)

    @rule()
    def sends(self) -> None:
        events = self.sender.due(self.now)
        assert len(events) <= 7
        self.under_way += events

    @rule(lost=st.booleans(), twice=st.booleans())
    def arrives(self, lost: bool, twice: bool) -> None:
        """The network hands over what is under way in order, or a full broker drops it all without a word."""
        self.silently_lost |= lost and bool(self.under_way)
        for event in () if lost else self.under_way:
            self.plane.hear(event)
            if twice:
                self.plane.hear(event)
        self.under_way = []

    @rule(late=st.integers(0, 5))
    def receipts(self, late: int) -> None:
        for boot, seq in list(self.plane.upto.items()):
            self.sender.receipted(boot, max(0, seq - late), self.now)

    @rule(nonsense=st.integers(0, 10**9))
    def receipts_nonsense(self, nonsense: int) -> None:
        self.sender.receipted(BootId.mint(), nonsense, self.now)

    @rule(seconds=st.sampled_from([0.1, 5.0, 200.0]))
    def waits(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def reconnects(self) -> None:
        self.under_way = []
        self.sender.rewind()

    @rule()
    def restarts(self) -> None:
        self.dropped += self.box.dropped
        self.box.close()
        self.under_way = []
        self.boot()

    @invariant()
    def what_was_receipted_was_committed(self) -> None:
        waiting = self.box.depth
        assert waiting + len(self.plane.kept) + self.box.dropped + self.dropped >= len(self.put)

    def teardown(self) -> None:
        """Let everything through, then look: nothing lost, nothing changed, in order."""
        for _ in range(3000):
            if self.box.depth == 0:
                break
            self.sends()
            self.arrives(lost=False, twice=False)
            self.receipts(late=0)
            self.now += 1.0
        assert self.box.depth == 0
        missing = self.put.keys() - self.plane.kept.keys()
        assert all(not self.put[key][1] for key in missing)  # only samples are ever dropped
        assert len(missing) <= self.dropped + self.box.dropped
        assert all(self.put[key][0] == body for key, body in self.plane.kept.items())
        boots = list(dict.fromkeys(boot for boot, _ in self.put))
        assert self.silently_lost or [boots.index(boot) for boot, _ in self.plane.order] == sorted(
            boots.index(boot) for boot, _ in self.plane.order
        )
        for boot in () if self.silently_lost else boots:
            heard = [seq for other, seq in self.plane.order if other == boot]
            assert heard == sorted(heard)
        self.box.close()
        self.folder.cleanup()


OutboxMachine.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestOutbox = OutboxMachine.TestCase
