"""One message of every sort, as the generated examples show it and the tests read it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from contract.ids import BootId, DeviceId, MatchId, Sha256
from contract.messages import (
    ActiveModel,
    Command,
    CommandAction,
    Contender,
    Desired,
    Event,
    Interval,
    MatchFinished,
    MatchProgress,
    MatchStarted,
    ModelAssignment,
    ModelCompared,
    ModelKind,
    ModelPhase,
    ModelReport,
    ModelUpdate,
    Prediction,
    Problem,
    ProblemCode,
    Receipt,
    Reported,
    Settings,
    SettingsReport,
    SettingsWish,
    Status,
    Telemetry,
)
from contract.topics import Channel

if TYPE_CHECKING:
    from contract.messages import Message

DEVICE = DeviceId("arcade-left")
BOOT = BootId("0197a3c0-5c00-7000-8000-00000000b007")
MATCH = MatchId("0197a3c1-0a80-7000-8000-0000000a57c4")
DIGEST = Sha256("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")
OTHER = Sha256("60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752")


def _at(second: int) -> datetime:
    return datetime(2025, 6, 24, 18, 30, second, tzinfo=UTC)


EXAMPLES: dict[str, tuple[Channel, Message]] = {
    "status_birth": (Channel.STATUS, Status(boot_id=BOOT, online=True, connection=1, time=_at(0))),
    "status_will": (Channel.STATUS, Status(boot_id=BOOT, online=False, connection=1, time=_at(0), reason="lost")),
    "reported": (
        Channel.REPORTED,
        Reported(
            boot_id=BOOT,
            time=_at(1),
            name="Left cabinet",
            agent_version="0.1.0",
            source="camera 0",
            kiosk="http://127.0.0.1:8090",
            desired_version=3,
            models=(
                ActiveModel(
                    kind=ModelKind.READER,
                    name="reader",
                    version="1",
                    sha256=DIGEST,
                    slot="a",
                    update=ModelUpdate(
                        name="reader", version="1", sha256=DIGEST, phase=ModelPhase.COMMITTED, asked=3, since=_at(1)
                    ),
                ),
                ActiveModel(
                    kind=ModelKind.WINNER,
                    name="winner",
                    version="1",
                    challenger=ModelUpdate(
                        name="winner",
                        version="2",
                        sha256=OTHER,
                        phase=ModelPhase.SHADOWING,
                        asked=3,
                        rollout="r-7",
                        since=_at(1),
                    ),
                ),
            ),
            version=2,
            settings=SettingsReport(settled=3, values=Settings(players=("Ada", "Bo"), rate=30.0)),
        ),
    ),
    "desired": (
        Channel.DESIRED,
        Desired(
            version=3,
            time=_at(2),
            models=(
                ModelAssignment(
                    kind=ModelKind.READER,
                    name="reader",
                    version="1",
                    sha256=DIGEST,
                    size=181_034,
                    path=f"/api/v1/models/{DIGEST}/bundle",
                    asked=3,
                    target="models/reader-1.kubeddr",
                ),
            ),
            shadows=(
                ModelAssignment(
                    kind=ModelKind.WINNER,
                    name="winner",
                    version="2",
                    sha256=OTHER,
                    size=90_112,
                    path=f"/api/v1/models/{OTHER}/bundle",
                    asked=3,
                    target="models/winner-2.kubeddr",
                    rollout="r-7",
                ),
            ),
            settings=SettingsWish(asked=3, values=Settings(players=("Ada", "Bo"), rate=30.0)),
        ),
    ),
    "event_match_started": (
        Channel.EVENTS,
        Event(boot_id=BOOT, seq=1, time=_at(10), oldest=1, body=MatchStarted(match_id=MATCH, t=12.4, digits=7)),
    ),
    "event_match_progress": (
        Channel.EVENTS,
        Event(
            boot_id=BOOT,
            seq=2,
            time=_at(20),
            oldest=1,
            body=MatchProgress(
                match_id=MATCH,
                t=22.4,
                p1=183_250,
                p2=179_900,
                prediction=Prediction(
                    p1_win=0.61,
                    low=0.48,
                    high=0.73,
                    progress=0.19,
                    p1_final=Interval(low=901_000, high=968_000),
                    p2_final=Interval(low=889_000, high=961_000),
                    model="stern",
                    model_version="1",
                ),
            ),
        ),
    ),
    "event_match_finished": (
        Channel.EVENTS,
        Event(
            boot_id=BOOT,
            seq=3,
            time=_at(50),
            historical=True,
            oldest=2,
            body=MatchFinished(match_id=MATCH, t=102.4, p1_final=953_410, p2_final=921_020, winner=1),
        ),
    ),
    "event_model_refused": (
        Channel.EVENTS,
        Event(
            boot_id=BOOT,
            seq=4,
            time=_at(55),
            oldest=4,
            body=ModelReport(
                phase=ModelPhase.REFUSED,
                desired_version=3,
                model_kind=ModelKind.READER,
                name="reader",
                version="1",
                sha256=DIGEST,
                reason="self-test failed: locator is off by 0.31, allowed 0.05",
            ),
        ),
    ),
    "event_model_compared": (
        Channel.EVENTS,
        Event(
            boot_id=BOOT,
            seq=5,
            time=_at(56),
            oldest=5,
            body=ModelCompared(
                match_id=MATCH,
                model_kind=ModelKind.WINNER,
                phase=ModelPhase.SHADOWING,
                champion=Contender(
                    name="winner", version="1", predictions=181, log_loss=0.412, abstentions=0.02, latency_ms=0.31
                ),
                challenger=Contender(
                    name="winner",
                    version="2",
                    sha256=OTHER,
                    predictions=181,
                    log_loss=0.398,
                    abstentions=0.02,
                    latency_ms=0.29,
                ),
                rollout="r-7",
                winner=1,
            ),
        ),
    ),
    "telemetry": (
        Channel.TELEMETRY,
        Telemetry(
            boot_id=BOOT,
            time=_at(58),
            uptime=58.0,
            source_ok=True,
            fps=29.9,
            frame_ms=11.5,
            outbox=1,
            temperature=54.5,
            memory=187_000_000,
            cpu=0.31,
            throttled=False,
            confidence=0.98,
            stages={"read": 9.1, "predict": 0.2, "age": 14.0},
            disk_free=9_000_000_000,
            clock_off=0.4,
            problems=(Problem(code=ProblemCode.HOT, text="the processor has 84 degrees"),),
        ),
    ),
    "receipt": (Channel.RECEIPT, Receipt(boot_id=BOOT, seq=3)),
    "command": (
        Channel.COMMAND,
        Command(id="c-1", action=CommandAction.IDENTIFY, time=_at(59), expires=_at(59).replace(minute=31)),
    ),
}
