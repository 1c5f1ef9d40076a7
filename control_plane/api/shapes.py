"""What the API answers with: one shape each, made from a row of a view."""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, Generic, Self, TypeVar

from pydantic import BaseModel, ConfigDict
from sqlalchemy import RowMapping

from contract.ids import Sha256
from contract.messages import ActiveModel, Desired, ModelPhase, Prediction, Reported, Telemetry
from control_plane.domain.desired import Outcome, Step, outcome
from control_plane.domain.device import Presence
from control_plane.domain.registry import Stage
from control_plane.storage.rows import connection_of, match_of

Item = TypeVar("Item")


class Shape(BaseModel):
    """The root of all answers."""

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True)


class Page(Shape, Generic[Item]):
    """Some of a list: `total` is how many there are, `offset` how many were passed over."""

    items: tuple[Item, ...]
    total: int
    limit: int
    offset: int


class DeviceOut(Shape):
    """One device.

    Attributes:
        status: `presence`, but `degraded` where a device that is online says that something is wrong.
        reasons: what is wrong, or why it is offline.
        since: when it became online or offline; `heard` is when something last came from it.
    """

    id: str
    name: str
    presence: Presence
    status: str
    reasons: tuple[str, ...]
    since: datetime | None
    heard: datetime | None
    first_seen: datetime
    boot_id: str | None
    agent_version: str
    source: str
    kiosk: str
    models: tuple[ActiveModel, ...]
    telemetry: Telemetry | None
    desired_version: int
    reported_version: int
    match_id: str | None
    site: str
    tags: tuple[str, ...]
    note: str

    @classmethod
    def of(cls, row: RowMapping, now: datetime) -> Self:
        """From a row of the fleet."""
        reported = Reported.model_validate_json(row["reported"]) if row["reported"] else None
        telemetry = Telemetry.model_validate_json(row["telemetry"]) if row["telemetry"] else None
        link = connection_of(row)
        presence = link.presence(now)
        status, reasons = _status(presence, telemetry, row["offline_reason"])
        return cls(
            id=row["id"],
            name=row["name"] or row["id"],
            presence=presence,
            status=status,
            reasons=reasons,
            since=link.since,
            heard=link.heard,
            first_seen=row["first_seen"],
            boot_id=link.boot,
            agent_version=reported.agent_version if reported else "",
            source=reported.source if reported else "",
            kiosk=reported.kiosk if reported else "",
            models=reported.models if reported else (),
            telemetry=telemetry,
            desired_version=row["desired_version"],
            reported_version=row["reported_version"],
            match_id=row["match_id"],
            site=row["site"],
            tags=tuple(row["tags"].split()),
            note=row["note"],
        )


def _status(presence: Presence, told: Telemetry | None, offline: str) -> tuple[str, tuple[str, ...]]:
    if presence is Presence.OFFLINE:
        return presence.value, (offline,) if offline else ()
    if presence is Presence.ONLINE and told is not None and told.problems:
        return "degraded", tuple(problem.text or problem.code.value for problem in told.problems)
    return presence.value, ()


class MatchOut(Shape):
    """One match.

    Attributes:
        state: running, finished, or interrupted when nothing more can come of it.
        p1, p2: the final scores once it is finished, else the newest that were read; hundredths for percent.
        started_t: source seconds of its start; samples are on the same clock.
    """

    id: str
    device: str
    device_name: str
    device_online: bool
    device_since: datetime | None
    state: str
    unit: str
    digits: int | None
    started: datetime | None
    started_t: float | None
    finished: datetime | None
    finished_t: float | None
    last: datetime
    p1: int | None
    p2: int | None
    winner: int | None
    prediction: Prediction | None
    historical: bool

    @classmethod
    def of(cls, row: RowMapping) -> Self:
        """From a row of the match summaries."""
        match = match_of(row)
        over = match.finished is not None
        return cls(
            id=match.id,
            device=match.device,
            device_name=row["device_name"] or match.device,
            device_online=row["device_online"],
            device_since=row["device_since"],
            state=row["state"],
            unit=match.unit.value,
            digits=match.digits,
            started=match.started,
            started_t=match.started_t,
            finished=match.finished,
            finished_t=match.finished_t,
            last=match.last,
            p1=match.p1_final if over else match.p1,
            p2=match.p2_final if over else match.p2,
            winner=match.winner,
            prediction=match.prediction,
            historical=match.historical,
        )


class SampleOut(Shape):
    """One point of a match's chart."""

    seq: int
    t: float
    time: datetime
    p1: int | None
    p2: int | None
    p1_win: float | None
    low: float | None
    high: float | None
    progress: float | None
    historical: bool

    @classmethod
    def of(cls, row: RowMapping) -> Self:
        """From its row."""
        return cls(**{name: row[name] for name in cls.model_fields})


class MatchDetail(Shape):
    """A match with its chart."""

    match: MatchOut
    samples: tuple[SampleOut, ...]


class BundleOut(Shape):
    """A model in the store; `size` in bytes."""

    sha256: str
    kind: str
    name: str
    version: str
    size: int
    pushed: datetime
    pushed_by: str
    stage: Stage
    url: str

    @classmethod
    def of(cls, row: RowMapping) -> Self:
        """From its row."""
        named = {name: row[name] for name in cls.model_fields if name != "url"}
        return cls(**named, url=f"/api/v1/models/{row['sha256']}/bundle")


class StepOut(Shape):
    """What a device reported about a model on its way in."""

    desired_version: int
    sha256: str
    kind: str
    name: str
    version: str
    phase: str
    reason: str
    time: datetime

    @classmethod
    def of(cls, row: RowMapping) -> Self:
        """From its row."""
        return cls(**{name: row[name] for name in cls.model_fields})


class WishOut(Shape):
    """One model that is wanted of a device, to run or as a shadow, and what became of it."""

    kind: str
    name: str
    version: str
    sha256: str
    asked: int
    shadow: bool
    outcome: Outcome
    reason: str


class DesiredOut(Shape):
    """What is wanted of a device, and how far it has come. Version 0: nothing was ever asked."""

    version: int
    time: datetime | None
    models: tuple[WishOut, ...]
    steps: tuple[StepOut, ...]

    @classmethod
    def of(cls, desired: Desired | None, rows: Sequence[RowMapping], device: RowMapping) -> Self:
        """From the document, the device's steps, newest first, and the device."""
        told = tuple(StepOut.of(row) for row in rows)
        if desired is None:
            return cls(version=0, time=None, models=(), steps=told)
        reported = Reported.model_validate_json(device["reported"]) if device["reported"] else None
        steps = [
            Step(row["desired_version"], Sha256(row["sha256"]), ModelPhase(row["phase"]), row["reason"])
            for row in reversed(rows)
        ]
        wishes = []
        for model in (*desired.models, *desired.shadows):
            shadow = model in desired.shadows
            result, reason = outcome(model, steps, reported)
            named = {"kind": model.kind.value, "name": model.name, "version": model.version, "sha256": model.sha256}
            wishes.append(WishOut(**named, asked=model.asked, shadow=shadow, outcome=result, reason=reason))
        return cls(version=desired.version, time=desired.time, models=tuple(wishes), steps=told)
