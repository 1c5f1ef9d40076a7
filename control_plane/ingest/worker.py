"""From the broker into the database, in batches: written, committed, acknowledged, receipted; in that order."""

from __future__ import annotations

import queue
import threading
import time
from typing import TYPE_CHECKING, Protocol

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError, ProgrammingError

from contract.messages import Event
from contract.topics import Channel, TopicSchema
from control_plane.domain.letters import Letter, open_letter
from control_plane.storage.intake import Intake, take_in

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from control_plane.ingest.link import Delivery, Publisher
    from control_plane.ingest.metrics import IngestMetrics
    from control_plane.storage.database import Database

log = structlog.get_logger("ingest")

BATCH = 500
LINGER = 0.05  # seconds from the first message of a batch to its end
MAX_WAITING = 20_000  # above it, telemetry is let go: it is the one thing that no broker holds back
RETRY = 1.0  # seconds


class Acknowledger(Protocol):
    """Whatever can tell the broker that a message is ours now."""

    def acknowledge(self, delivery: Delivery) -> None:
        """Tell it."""


class Worker:
    """One thread that takes deliveries from a queue. A delivery is acknowledged after the commit and never before.

    A database that fails is tried again until it answers; meanwhile the broker keeps what is not acknowledged.
    """

    def __init__(
        self,
        database: Database,
        topics: TopicSchema,
        metrics: IngestMetrics,
        on_intake: Callable[[Intake], None],
    ) -> None:
        self._database = database
        self._topics = topics
        self._metrics = metrics
        self._on_intake = on_intake
        self._queue: queue.SimpleQueue[Delivery | None] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self.healthy = True

    def offer(self, delivery: Delivery) -> None:
        """Hand over a delivery; from any thread, at once."""
        if not delivery.mid and self._queue.qsize() > MAX_WAITING:
            self._metrics.dropped.inc()
            return
        self._queue.put(delivery)

    def start(self, broker: Acknowledger, publisher: Publisher) -> None:
        """Begin, answering to `broker` and sending receipts by `publisher`."""
        self._thread = threading.Thread(target=self._run, args=(broker, publisher), name="ingest", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish the batch at hand and end. What waits is not acknowledged, so it comes again."""
        self._stopping.set()
        self._queue.put(None)
        if self._thread is not None:
            self._thread.join(timeout=10)

    def _run(self, broker: Acknowledger, publisher: Publisher) -> None:
        while not self._stopping.is_set():
            batch = self._gather()
            if batch:
                self._handle(batch, broker, publisher)

    def _gather(self) -> list[Delivery]:
        first = self._queue.get()
        if first is None:
            return []
        batch = [first]
        end = time.monotonic() + LINGER
        while len(batch) < BATCH:
            try:
                following = self._queue.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                break
            if following is None:
                break
            batch.append(following)
        return batch

    def _handle(self, batch: Sequence[Delivery], broker: Acknowledger, publisher: Publisher) -> None:
        letters = [
            open_letter(self._topics, each.topic, each.payload, each.received, retained=each.retained) for each in batch
        ]
        began = time.monotonic()
        intakes = self._write(letters)
        self._metrics.seconds.observe(time.monotonic() - began)
        if intakes is None:
            return
        for delivery in batch:
            broker.acknowledge(delivery)
        for intake in intakes:
            self._metrics.count(intake)
            for device, receipt in intake.receipts:
                publisher.publish(device, Channel.RECEIPT, receipt)
            self._on_intake(intake)

    def _write(self, letters: Sequence[Letter]) -> list[Intake] | None:
        """Write until it is written; None when told to stop before."""
        while not self._stopping.is_set():
            try:
                with self._database.write() as connection:
                    intake = take_in(connection, letters)
            except (OperationalError, InterfaceError, ProgrammingError) as error:
                if self.healthy:
                    log.error("the database does not take it; trying again", reason=str(error).splitlines()[0])  # noqa: TRY400 (one line says it)
                self.healthy = False
                self._stopping.wait(RETRY)
            except Exception as error:
                # a message that the code or the database chokes on must not stop the stream: it is set aside like any
                # other that cannot be read
                log.exception("cannot take in", messages=len(letters), topic=letters[0].topic)
                if len(letters) == 1:
                    return self._write([_unacceptable(letters[0], error)]) if letters[0].message else []
                each = [self._write([letter]) for letter in letters]
                return None if None in each else [intake for some in each if some for intake in some]
            else:
                self.healthy = True
                return [intake]
        return None


def _unacceptable(letter: Letter, error: Exception) -> Letter:
    """The same letter as one that could not be read."""
    event = letter.message
    place = (event.boot_id, event.seq) if isinstance(event, Event) else None
    reason = f"it could not be taken in: {type(error).__name__}"
    return Letter(letter.topic, letter.payload, letter.received, letter.retained, letter.device, None, reason, place)
