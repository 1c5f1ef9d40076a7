"""How the fleet is, counted when Prometheus asks."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from control_plane.domain.device import Presence
from control_plane.storage.rows import connection_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from prometheus_client.core import Metric

    from control_plane.ingest.link import LinkState
    from control_plane.services.fleet import Fleet

MAX_DEVICES = 1_000_000


class FleetCollector(Collector):
    """Devices by presence, matches that run, and whether the broker is connected."""

    def __init__(self, fleet: Fleet, link: Callable[[], LinkState]) -> None:
        self._fleet = fleet
        self._link = link

    def collect(self) -> Iterator[Metric]:
        """The figures of now."""
        now = datetime.now(UTC)
        rows, _ = self._fleet.devices(MAX_DEVICES, 0)
        counted = Counter(connection_of(row).presence(now) for row in rows)
        devices = GaugeMetricFamily("kubeddr_devices", "Devices by presence", labels=["presence"])
        for presence in Presence:
            devices.add_metric([presence.value], counted[presence])
        yield devices
        _, running = self._fleet.matches(1, 0, state="running")
        yield GaugeMetricFamily("kubeddr_matches_running", "Matches that run", value=running)
        yield GaugeMetricFamily("kubeddr_broker_connected", "Whether the broker is connected", value=self._link().up)

    def describe(self) -> Iterator[Metric]:
        """Nothing beforehand: the database may not be there yet."""
        return iter(())
