"""Between the domain's values and the rows that keep them, both ways, once."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from contract.ids import BootId, DeviceId, MatchId
from contract.messages import Event, ModelCompared, ModelReport, Prediction, ScoreUnit
from control_plane.domain.device import Connection
from control_plane.domain.match import Match, Sample

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TypeAlias

    from sqlalchemy import RowMapping

    from control_plane.domain.letters import Letter

    AnyRow: TypeAlias = Mapping[str, Any] | RowMapping

_RENAMED = {"device": "device_id", "boot": "boot_id"}
UNREADABLE = "unreadable"  # the kind of an event that was kept aside; its place is taken all the same


def connection_of(row: AnyRow) -> Connection:
    """A device row's part that births and wills decide."""
    boot = BootId(row["boot_id"]) if row["boot_id"] else None
    return Connection(boot, row["connection"], row["online"], row["since"], row["heard"])


def connection_row(connection: Connection) -> dict[str, Any]:
    """The inverse of `connection_of`."""
    return {
        "boot_id": connection.boot,
        "connection": connection.connection,
        "online": connection.online,
        "since": connection.since,
        "heard": connection.heard,
    }


def match_of(row: AnyRow) -> Match:
    """A match from its row; further columns are passed over."""
    values = {each.name: row[_RENAMED.get(each.name, each.name)] for each in fields(Match)}
    prediction = values["prediction"]
    return Match(
        **values
        | {
            "id": MatchId(values["id"]),
            "device": DeviceId(values["device"]),
            "boot": BootId(values["boot"]),
            "unit": ScoreUnit(values["unit"]),
            "prediction": Prediction.model_validate_json(prediction) if prediction else None,
        }
    )


def match_row(match: Match) -> dict[str, Any]:
    """The inverse of `match_of`."""
    row = {_RENAMED.get(each.name, each.name): getattr(match, each.name) for each in fields(match)}
    return row | {
        "unit": match.unit.value,
        "prediction": match.prediction.model_dump_json() if match.prediction else None,
    }


def sample_row(sample: Sample) -> dict[str, Any]:
    """A chart point."""
    said = sample.prediction
    return {
        "match_id": sample.match,
        "seq": sample.seq,
        "t": sample.t,
        "time": sample.time,
        "historical": sample.historical,
        "p1": sample.p1,
        "p2": sample.p2,
        "p1_win": said.p1_win if said else None,
        "low": said.low if said else None,
        "high": said.high if said else None,
        "progress": said.progress if said else None,
    }


def event_row(letter: Letter) -> dict[str, Any] | None:
    """The row of an event, readable or not; None when the letter is none, or its place is not known."""
    event = letter.message
    if isinstance(event, Event):
        return {
            "device_id": letter.device,
            "boot_id": event.boot_id,
            "seq": event.seq,
            "kind": event.body.kind,
            "match_id": getattr(event.body, "match_id", None),
            "time": event.time,
            "received": letter.received,
            "historical": event.historical,
            "payload": letter.payload.decode(),
        }
    if letter.place is None:
        return None
    boot, seq = letter.place
    return {
        "device_id": letter.device,
        "boot_id": boot,
        "seq": seq,
        "kind": UNREADABLE,
        "match_id": None,
        "time": letter.received,
        "received": letter.received,
        "historical": False,
        "payload": "",
    }


def step_row(device: DeviceId, event: Event, report: ModelReport) -> dict[str, Any]:
    """What a device reported about a model."""
    return {
        "device_id": device,
        "boot_id": event.boot_id,
        "seq": event.seq,
        "desired_version": report.desired_version,
        "sha256": report.sha256,
        "kind": report.model_kind.value,
        "name": report.name,
        "version": report.version,
        "phase": report.phase.value,
        "reason": report.reason,
        "time": event.time,
    }


FIGURES = ("log_loss", "exact_reads", "abstentions", "latency_ms")
"""What two models that went through the same match are compared by."""


def compared_row(device: DeviceId, event: Event, body: ModelCompared) -> dict[str, Any]:
    """How two models did in one match."""
    sides = (("champion", body.champion), ("challenger", body.challenger))
    return {
        "device_id": device,
        "boot_id": event.boot_id,
        "seq": event.seq,
        "rollout": body.rollout[:60],
        "match_id": body.match_id,
        "kind": body.model_kind.value,
        "time": event.time,
        "phase": body.phase.value,
        "champion": f"{body.champion.name} {body.champion.version}",
        "champion_sha256": body.champion.sha256,
        "challenger_sha256": body.challenger.sha256,
        **{f"{side}_{name}": getattr(contender, name) for side, contender in sides for name in FIGURES},
    }
