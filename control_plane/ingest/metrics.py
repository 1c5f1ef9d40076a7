"""What ingest counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Histogram

if TYPE_CHECKING:
    from control_plane.storage.intake import Intake


class IngestMetrics:
    """Counters of one control plane, in a registry of its own."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.inserted = Counter("kubeddr_events_inserted", "Events written for the first time", registry=registry)
        self.repeated = Counter("kubeddr_events_repeated", "Events that were there already", registry=registry)
        self.aside = Counter("kubeddr_messages_set_aside", "Messages that could not be read", registry=registry)
        self.dropped = Counter("kubeddr_telemetry_dropped", "Telemetry let go under load", registry=registry)
        self.receipts = Counter("kubeddr_receipts", "Receipts sent", registry=registry)
        self.seconds = Histogram("kubeddr_batch_seconds", "Writing and committing one batch", registry=registry)

    def count(self, intake: Intake) -> None:
        """After a commit."""
        self.inserted.inc(intake.inserted)
        self.repeated.inc(intake.repeated)
        self.aside.inc(intake.aside)
        self.receipts.inc(len(intake.receipts))
