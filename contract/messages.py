"""The messages of every channel but events: who is there, what is wanted, what is so, what was committed."""

from typing import Self

from pydantic import model_validator

from contract.events import (
    SCHEMA_VERSION,
    Body,
    Contender,
    Event,
    Interval,
    MatchFinished,
    MatchProgress,
    MatchStarted,
    ModelCompared,
    ModelPhase,
    ModelReport,
    Prediction,
    UnknownBody,
)
from contract.ids import BootId, Sha256
from contract.topics import Channel
from contract.twin import PageStyle, Problem, ProblemCode, Settings, SettingsReport, SettingsWish
from contract.values import Count, Label, ModelKind, OpenEnum, Probability, ScoreUnit, Seq, Text, Time, Wire

__all__ = [
    "SCHEMA_VERSION",
    "ActiveModel",
    "Body",
    "Command",
    "CommandAction",
    "Contender",
    "Desired",
    "Event",
    "Interval",
    "MatchFinished",
    "MatchProgress",
    "MatchStarted",
    "Message",
    "ModelAssignment",
    "ModelCompared",
    "ModelKind",
    "ModelPhase",
    "ModelReport",
    "ModelUpdate",
    "PageStyle",
    "Prediction",
    "Problem",
    "ProblemCode",
    "Receipt",
    "Reported",
    "ScoreUnit",
    "Settings",
    "SettingsReport",
    "SettingsWish",
    "Status",
    "Telemetry",
    "UnknownBody",
    "message_type",
]


class Status(Wire):
    """Birth and will. Both of one connection carry the same boot_id and connection.

    Attributes:
        online: True in the birth, False in the will and in an orderly farewell.
        connection: counts this boot's connections from 1, so that a late will of the last connection is known as such.
        time: of the birth; a will is written before its time and carries that of its birth.
        reason: why it is offline; empty in a birth.
    """

    schema_version: Seq = SCHEMA_VERSION
    boot_id: BootId
    online: bool
    connection: Count = 0
    time: Time | None = None
    reason: Text = ""


class ModelAssignment(Wire):
    """The model of one kind that a device should run, or have beside the one that runs.

    Attributes:
        size: bytes; the device bounds its download by it.
        path: where the control plane serves the bundle, relative to the URL that the device knows it by.
        asked: the version of the document that first asked for it; a later document may only carry it along.
        target: its name in the signed metadata; a device that holds to signatures takes no other way to it.
        rollout: that asks for it; empty when a person does.
        override: it may take over in the middle of a song, and be tried again where it was once refused or reverted.
    """

    kind: ModelKind
    name: Label
    version: Label
    sha256: Sha256
    size: Count
    path: Text
    asked: Seq = 1
    target: Text = ""
    rollout: Text = ""
    override: bool = False


class Desired(Wire):
    """What a device should be. Retained; a higher version replaces a lower one.

    Attributes:
        models: that run, at most one of each kind; a kind that is not named stays as it is.
        shadows: that run beside them and never count, at most one of each kind; a kind that is not named has none. A
            field of its own, so that a device that knows no shadows has none, instead of running them.
        settings: None when nothing was ever set from afar.
    """

    schema_version: Seq = SCHEMA_VERSION
    version: Seq
    time: Time
    models: tuple[ModelAssignment, ...] = ()
    shadows: tuple[ModelAssignment, ...] = ()
    settings: SettingsWish | None = None

    @model_validator(mode="after")
    def _one_of_each_kind(self) -> Self:
        for models in (self.models, self.shadows):
            known = [model.kind for model in models if model.kind is not ModelKind.UNKNOWN]
            if len(known) != len(set(known)):
                raise ValueError("two models of the same kind")
        return self


class ModelUpdate(Wire):
    """The model that was asked for last, to run or to shadow, and how far it has come.

    Attributes:
        asked: the version of the document that first asked for it.
        reason: why it was refused or reverted, or what it waits for.
        since: when it came that far.
    """

    name: Text
    version: Text = ""
    sha256: Sha256
    phase: ModelPhase
    asked: Seq
    rollout: Text = ""
    reason: Text = ""
    since: Time | None = None


class ActiveModel(Wire):
    """A model that runs now. One that came with the agent has no sha256.

    Attributes:
        slot: which of the two places for models of its kind it is in; empty for one that came with the agent.
        update: what was asked for last to run; None when nothing ever was.
        challenger: what is asked for as its shadow; None when nothing is.
    """

    kind: ModelKind
    name: Text
    version: Text = ""
    sha256: Sha256 | None = None
    slot: Text = ""
    update: ModelUpdate | None = None
    challenger: ModelUpdate | None = None


class Reported(Wire):
    """What a device is. Retained, published whole whenever it changes.

    Attributes:
        name: what people call it.
        source: what it watches, without credentials.
        kiosk: the address of its own page, when it serves one.
        desired_version: the last desired document that it has settled, be it by activating or by refusing; 0 for none.
        version: counts this boot's reports from 1.
    """

    schema_version: Seq = SCHEMA_VERSION
    boot_id: BootId
    time: Time
    name: Text = ""
    agent_version: Text = ""
    source: Text = ""
    kiosk: Text = ""
    desired_version: Count = 0
    models: tuple[ActiveModel, ...] = ()
    version: Count = 0
    settings: SettingsReport = SettingsReport()


class Telemetry(Wire):
    """How a device feels. Sent at least every ten seconds, and lost without harm.

    Attributes:
        source_ok: whether pictures arrive.
        fps: frames handled in a second.
        frame_ms: milliseconds spent on one frame, the median of the last seconds.
        outbox: events that wait for their receipt.
        temperature: of the processor, degrees Celsius.
        memory: resident bytes of the agent.
        cpu: share of all processors that the agent uses, 0 to 1.
        throttled: whether the board has slowed itself down, for heat or for lack of power.
        confidence: of the readings of a game, the median of the last seconds; None while none is played.
        stages: milliseconds by stage (`read`, `predict`, and `age` from a picture's arrival to its end), medians.
        disk_free: bytes left where the agent keeps its data.
        clock_off: seconds that its clock is before the control plane's.
        problems: what is wrong; none on a device that is well.
    """

    schema_version: Seq = SCHEMA_VERSION
    boot_id: BootId
    time: Time
    uptime: float | None = None
    source_ok: bool | None = None
    fps: float | None = None
    frame_ms: float | None = None
    outbox: Count | None = None
    temperature: float | None = None
    memory: Count | None = None
    cpu: float | None = None
    throttled: bool | None = None
    confidence: Probability | None = None
    stages: dict[Label, float] = {}  # noqa: RUF012 - pydantic copies it
    disk_free: Count | None = None
    clock_off: float | None = None
    problems: tuple[Problem, ...] = ()


class Receipt(Wire):
    """Everything of that boot up to `seq`, inclusive, is committed: the device may delete it, and only then."""

    schema_version: Seq = SCHEMA_VERSION
    boot_id: BootId
    seq: Count


class CommandAction(OpenEnum):
    """What a command asks for."""

    IDENTIFY = "identify"  # show on the device's own page which one it is
    REPORT = "report"  # publish Reported again
    DIAGNOSE = "diagnose"  # hand in a bundle of what helps to find a fault, under the command's id
    UNKNOWN = "unknown"


class Command(Wire):
    """Asks for one thing, now. A device ignores one that has expired and an action that it does not know."""

    schema_version: Seq = SCHEMA_VERSION
    id: Label
    action: CommandAction
    time: Time
    expires: Time


Message = Status | Reported | Desired | Event | Telemetry | Receipt | Command

_TYPES: dict[Channel, type[Message]] = {
    Channel.STATUS: Status,
    Channel.REPORTED: Reported,
    Channel.DESIRED: Desired,
    Channel.EVENTS: Event,
    Channel.TELEMETRY: Telemetry,
    Channel.RECEIPT: Receipt,
    Channel.COMMAND: Command,
}


def message_type(channel: Channel) -> type[Message]:
    """The message that travels on `channel`."""
    return _TYPES[channel]
