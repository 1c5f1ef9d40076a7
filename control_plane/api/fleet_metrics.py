"""How the fleet is, counted when Prometheus asks."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from prometheus_client.core import Metric

    from control_plane.ingest.link import LinkState
    from control_plane.services.fleet import Fleet


class FleetCollector(Collector):
    """Devices by presence, matches that run, and whether the broker is connected."""

    def __init__(self, fleet: Fleet, link: Callable[[], LinkState]) -> None:
        self._fleet = fleet
        self._link = link

    def collect(self) -> Iterator[Metric]:
        """The figures of now."""
        devices = GaugeMetricFamily("kubeddr_devices", "Devices by presence", labels=["presence"])
        for presence, count in self._fleet.counts(datetime.now(UTC)).items():
            devices.add_metric([presence], count)
        yield devices
        _, running = self._fleet.matches(1, 0, state="running")
        yield GaugeMetricFamily("kubeddr_matches_running", "Matches that run", value=running)
        yield GaugeMetricFamily("kubeddr_broker_connected", "Whether the broker is connected", value=self._link().up)

    def describe(self) -> Iterator[Metric]:
        """Nothing beforehand: the database may not be there yet."""
        return iter(())
