"""What was just committed, as notices for the pages."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import groupby
from typing import TYPE_CHECKING

from control_plane import __version__
from control_plane.api.hub import Hub, Notice
from control_plane.api.shapes import DeviceOut, MatchOut

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from contract.ids import DeviceId, MatchId
    from control_plane.domain.match import Sample
    from control_plane.ingest.link import LinkState
    from control_plane.services.fleet import Fleet
    from control_plane.storage.intake import Intake


class Live:
    """Turns commits into notices; what no page listens to costs nothing."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub

    def committed(self, fleet: Fleet, intake: Intake) -> None:
        """After a batch."""
        if not self.hub.watched:
            return
        self.changed(fleet, intake.devices, [match.id for match in intake.matches])
        samples = [each for each in intake.samples if self.hub.wants("samples", match=each.match)]
        notices = list(_charts(samples, {match.id: match.device for match in intake.matches}))
        notices += [Notice("steps", json.dumps({"device": device}), device=device) for device in intake.steps]
        self.hub.publish(notices)

    def changed(self, fleet: Fleet, devices: Iterable[DeviceId], matches: Iterable[MatchId] = ()) -> None:
        """When devices or matches are not what they were."""
        if not self.hub.watched:
            return
        now = datetime.now(UTC)
        devices = [each for each in devices if self.hub.wants("device", device=each)]
        matches = [each for each in matches if self.hub.wants("match", match=each)]
        if not devices and not matches:
            return
        device_rows, match_rows = fleet.named(devices, matches)
        shown = [DeviceOut.of(row, now) for row in device_rows]
        played = [MatchOut.of(row) for row in match_rows]
        notices = [Notice("device", each.model_dump_json(), device=each.id) for each in shown]
        notices += [Notice("match", each.model_dump_json(), device=each.device, match=each.id) for each in played]
        self.hub.publish(notices)

    def models_changed(self) -> None:
        """When a model was pushed."""
        self.hub.publish([Notice("models", "{}")])

    def linked(self, state: LinkState) -> None:
        """When the broker came or went."""
        self.hub.publish([beat(state)])


def beat(state: LinkState) -> Notice:
    """A sign of life: the time here, and whether the broker is connected."""
    link = {"up": state.up, "since": state.since.isoformat()}
    return Notice("beat", json.dumps({"now": datetime.now(UTC).isoformat(), "broker": link, "version": __version__}))


def _charts(samples: Iterable[Sample], devices: dict[MatchId, DeviceId]) -> Iterator[Notice]:
    for match, points in groupby(sorted(samples, key=lambda each: (each.match, each.seq)), key=lambda each: each.match):
        chart = {"match": match, "samples": [_point(point) for point in points]}
        yield Notice("samples", json.dumps(chart), device=devices[match], match=match)


def _point(sample: Sample) -> dict[str, object]:
    said = sample.prediction
    return {
        "seq": sample.seq,
        "t": sample.t,
        "time": sample.time.isoformat(),
        "p1": sample.p1,
        "p2": sample.p2,
        "p1_win": said.p1_win if said else None,
        "low": said.low if said else None,
        "high": said.high if said else None,
        "progress": said.progress if said else None,
        "historical": sample.historical,
    }
