"""Every table, in one place. A change here needs a migration beside it; a test says when it is missing."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, Text
from sqlmodel import Field, SQLModel

from control_plane.storage.types import UtcTime

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
COUNTER = BigInteger().with_variant(Integer, "sqlite")  # only INTEGER counts by itself there


class Table(SQLModel):
    """The root of all tables; its metadata is the control plane's alone."""

    metadata: ClassVar[MetaData] = MetaData(naming_convention=NAMES)


def _time(*, nullable: bool = False) -> Any:
    return Field(default=None, sa_type=UtcTime, nullable=nullable)


def _text(default: Any = "") -> Any:
    return Field(default=default, sa_type=Text, nullable=default is None)


def _big(default: Any = 0) -> Any:
    return Field(default=default, sa_type=BigInteger, nullable=default is None)


def _label(default: str = "") -> Any:
    return Field(default=default, sa_type=Text, nullable=False, sa_column_kwargs={"server_default": default})


class Device(Table, table=True):
    """One device: what its births, reports and telemetry said last, and what is wanted of it."""

    __table_args__ = (Index(None, "site"),)

    id: str = Field(primary_key=True, max_length=63)
    boot_id: str | None = Field(default=None, max_length=36)
    connection: int = _big()
    online: bool = False
    since: datetime | None = _time(nullable=True)
    heard: datetime | None = _time(nullable=True)
    first_seen: datetime = _time()
    name: str = _text()
    reported: str | None = _text(None)  # the message, JSON
    telemetry: str | None = _text(None)
    desired: str | None = _text(None)
    desired_version: int = _big()
    reported_version: int = _big()
    site: str = _label()
    tags: str = _label()  # each between two spaces, so that one can be looked for
    note: str = _label()
    problems: str = _label()  # codes of what is wrong, as tags are kept
    offline_reason: str = _label()


class EventRow(Table, table=True):
    """Every event as it came, inserted once: the log that everything else can be made from again."""

    __tablename__ = "event"
    __table_args__ = (Index(None, "match_id"),)

    device_id: str = Field(primary_key=True, max_length=63)
    boot_id: str = Field(primary_key=True, max_length=36)
    seq: int = Field(primary_key=True, sa_type=BigInteger)
    kind: str = Field(max_length=120)
    match_id: str | None = Field(default=None, max_length=36)
    time: datetime = _time()
    received: datetime = _time()
    historical: bool = False
    payload: str = _text()


class Committed(Table, table=True):
    """How far the events of a boot are committed without a gap: what its receipt says."""

    device_id: str = Field(primary_key=True, max_length=63)
    boot_id: str = Field(primary_key=True, max_length=36)
    seq: int = _big()


class MatchRow(Table, table=True):
    """A match as its events make it."""

    __tablename__ = "matches"  # the singular is a word of SQL
    __table_args__ = (Index(None, "device_id", "last"), Index(None, "last"))

    id: str = Field(primary_key=True, max_length=36)
    device_id: str = Field(max_length=63)
    boot_id: str = Field(max_length=36)
    last: datetime = _time()
    unit: str = Field(max_length=20)
    digits: int | None = None
    started_t: float | None = None
    started: datetime | None = _time(nullable=True)
    finished_t: float | None = None
    finished: datetime | None = _time(nullable=True)
    p1: int | None = _big(None)
    p1_seq: int = _big()
    p2: int | None = _big(None)
    p2_seq: int = _big()
    prediction: str | None = _text(None)  # JSON
    prediction_seq: int = _big()
    p1_final: int | None = _big(None)
    p2_final: int | None = _big(None)
    winner: int | None = None
    historical: bool = False


class SampleRow(Table, table=True):
    """One point of a match's chart."""

    __tablename__ = "sample"

    match_id: str = Field(primary_key=True, max_length=36)
    seq: int = Field(primary_key=True, sa_type=BigInteger)
    t: float
    time: datetime = _time()
    historical: bool = False
    p1: int | None = _big(None)
    p2: int | None = _big(None)
    p1_win: float | None = None
    low: float | None = None
    high: float | None = None
    progress: float | None = None


class BundleRow(Table, table=True):
    """A model bundle in the store; its file is named by the digest."""

    __tablename__ = "bundle"
    __table_args__ = (Index(None, "name"),)

    sha256: str = Field(primary_key=True, max_length=64)
    kind: str = Field(max_length=20)
    name: str = Field(max_length=64)
    version: str = Field(max_length=64)
    size: int = _big()
    pushed: datetime = _time()
    pushed_by: str = _label()
    stage: str = _label("candidate")
    data: str = _label()  # the hash, or name, of what it was trained on
    code: str = _label()  # the revision that trained it
    card: str = _label()
    parameters: str = _label("{}")  # JSON, by name
    metrics: str = _label("{}")


class AliasRow(Table, table=True):
    """A name that a version of a kind goes by."""

    __tablename__ = "model_alias"

    kind: str = Field(primary_key=True, max_length=20)
    alias: str = Field(primary_key=True, max_length=32)
    sha256: str = Field(max_length=64)
    since: datetime = _time()
    given_by: str = Field(max_length=60)


class ModelDecision(Table, table=True):
    """What was decided about a version, by whom and why."""

    __tablename__ = "model_decision"
    __table_args__ = (Index(None, "sha256"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=COUNTER)
    sha256: str = Field(max_length=64)
    time: datetime = _time()
    operator: str = Field(max_length=60)
    action: str = _text()
    reason: str = _text()


class DiagnosticsRow(Table, table=True):
    """A bundle that a device was asked for."""

    __tablename__ = "diagnostics"
    __table_args__ = (Index(None, "device_id"),)

    id: str = Field(primary_key=True, max_length=64)
    device_id: str = Field(max_length=63)
    asked: datetime = _time()
    asked_by: str = Field(max_length=60)
    received: datetime | None = _time(nullable=True)
    size: int = _big()


class ModelStep(Table, table=True):
    """What a device reported about a model on its way in."""

    __tablename__ = "model_step"
    __table_args__ = (Index(None, "device_id", "desired_version"),)

    device_id: str = Field(primary_key=True, max_length=63)
    boot_id: str = Field(primary_key=True, max_length=36)
    seq: int = Field(primary_key=True, sa_type=BigInteger)
    desired_version: int = Field(sa_type=BigInteger)
    sha256: str = Field(max_length=64)
    kind: str = Field(max_length=20)
    name: str = Field(max_length=120)
    version: str = Field(max_length=120)
    phase: str = Field(max_length=20)
    reason: str = _text()
    time: datetime = _time()


class DeadLetter(Table, table=True):
    """A message that could not be taken in, kept aside as it came."""

    __tablename__ = "dead_letter"

    id: int | None = Field(default=None, primary_key=True, sa_type=COUNTER)
    received: datetime = _time()
    topic: str = _text()
    reason: str = _text()
    payload: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class OperatorRow(Table, table=True):
    """A person, or a program that acts for one."""

    __tablename__ = "operator"

    name: str = Field(primary_key=True, max_length=60)
    role: str = Field(max_length=20)
    disabled: bool = False
    created: datetime = _time()


class SecretRow(Table, table=True):
    """A token, a browser's session or a sign-in link: its hash, never itself."""

    __tablename__ = "secret"
    __table_args__ = (Index(None, "operator"),)

    hash: str = Field(primary_key=True, max_length=64)
    kind: str = Field(max_length=20)
    operator: str = Field(max_length=60)
    label: str = _text()
    created: datetime = _time()
    expires: datetime | None = _time(nullable=True)
    used: datetime | None = _time(nullable=True)


class AuditRow(Table, table=True):
    """One thing that an operator did, or tried to do."""

    __tablename__ = "audit"
    __table_args__ = (Index(None, "operator"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=COUNTER)
    time: datetime = _time()
    operator: str = Field(max_length=60)
    role: str = Field(max_length=20)
    action: str = _text()
    target: str = _text()
    detail: str = _text()
    status: int = 0


class EnrolmentRow(Table, table=True):
    """A key that asks, or asked, to be a device."""

    __tablename__ = "enrolment"
    __table_args__ = (Index(None, "code"), Index(None, "state", "heard"))

    key: str = Field(primary_key=True, max_length=64)  # SHA-256 of the public key
    device: str = Field(max_length=63)
    hardware: str = _text()
    csr: str = _text()
    code: str = Field(max_length=20)
    state: str = Field(max_length=20)
    reason: str = _text()
    certificate: str = _text()
    requested: datetime = _time()
    heard: datetime = _time()
    decided_by: str = _text()


class ApprovalRow(Table, table=True):
    """What lets one device in without a person: a token, by its hash, or a serial, by its own."""

    __tablename__ = "approval"

    id: str = Field(primary_key=True, max_length=64)
    kind: str = Field(max_length=20)
    label: str = _text()
    device: str | None = Field(default=None, max_length=63)
    created: datetime = _time()
    expires: datetime | None = _time(nullable=True)
    created_by: str = Field(max_length=60)


class CertificateRow(Table, table=True):
    """A certificate that a device was given."""

    __tablename__ = "certificate"
    __table_args__ = (Index(None, "device"), Index(None, "revoked"))

    serial: str = Field(primary_key=True, max_length=40)
    device: str = Field(max_length=63)
    key: str = Field(max_length=64)
    issued: datetime = _time()
    expires: datetime = _time()
    revoked: datetime | None = _time(nullable=True)
    reason: str = _text()


class RolloutRow(Table, table=True):
    """A rollout: the file that describes it, and where it stands."""

    __tablename__ = "rollout"

    name: str = Field(primary_key=True, max_length=60)
    file: str = _text()
    kind: str = Field(max_length=20)
    challenger: str = _text()  # the assignment, JSON: as it was when the rollout began
    challenger_name: str = _text()  # NAME VERSION
    champion: str = _text()
    champion_name: str = _text()
    stage: str = Field(max_length=20)
    wave: int = 0
    outcome: str = Field(max_length=20)
    paused: bool = False
    approved: str = _text()
    waits: str = _text()
    judged: str | None = _text(None)  # JSON
    since: datetime = _time()
    created: datetime = _time()
    created_by: str = Field(max_length=60)


class RolloutDevice(Table, table=True):
    """A device of a rollout; `written` is what its desired document says, which the reconciler makes `want`."""

    __tablename__ = "rollout_device"
    __table_args__ = (Index(None, "device_id"),)

    rollout: str = Field(primary_key=True, max_length=60)
    device_id: str = Field(primary_key=True, max_length=63)
    place: int
    canary: bool = False
    want: str = Field(max_length=20)
    since: datetime | None = _time(nullable=True)
    written: str = Field(max_length=20)


class RolloutDecision(Table, table=True):
    """What was decided about a rollout, and the numbers behind it."""

    __tablename__ = "rollout_decision"
    __table_args__ = (Index(None, "rollout"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=COUNTER)
    rollout: str = Field(max_length=60)
    time: datetime = _time()
    action: str = _text()
    reason: str = _text()
    decided_by: str = Field(max_length=60)
    numbers: str = _text()  # JSON


class ComparedRow(Table, table=True):
    """One match that a champion and a challenger both went through."""

    __tablename__ = "compared"
    __table_args__ = (Index(None, "rollout", "device_id"), Index(None, "kind"))

    device_id: str = Field(primary_key=True, max_length=63)
    boot_id: str = Field(primary_key=True, max_length=36)
    seq: int = Field(primary_key=True, sa_type=BigInteger)
    rollout: str = Field(max_length=60)
    match_id: str = Field(max_length=36)
    kind: str = Field(max_length=20)
    time: datetime = _time()
    phase: str = Field(max_length=20)
    champion: str = _text()  # NAME VERSION
    champion_sha256: str | None = Field(default=None, max_length=64)
    challenger_sha256: str | None = Field(default=None, max_length=64)
    champion_log_loss: float | None = None
    challenger_log_loss: float | None = None
    champion_exact_reads: float | None = None
    challenger_exact_reads: float | None = None
    champion_abstentions: float | None = None
    challenger_abstentions: float | None = None
    champion_latency_ms: float | None = None
    challenger_latency_ms: float | None = None
