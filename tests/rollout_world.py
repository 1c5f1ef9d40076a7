"""A fleet that lives in a dictionary, and a control plane that may die at any moment. No broker, no processes."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

from sqlalchemy import event

from contract.codec import encode
from contract.ids import BootId, DeviceId, MatchId, Sha256
from contract.messages import (
    ActiveModel,
    Contender,
    Desired,
    Event,
    ModelAssignment,
    ModelCompared,
    ModelKind,
    ModelPhase,
    ModelUpdate,
    Reported,
    Status,
)
from contract.topics import TOPICS, Channel
from control_plane.domain.letters import open_letter
from control_plane.errors import ConflictError
from control_plane.releases.store import Stored
from control_plane.services.fleet import Fleet
from control_plane.services.rollouts import Rollouts
from control_plane.storage import reads, writes
from control_plane.storage.database import Database
from control_plane.storage.intake import take_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from contract.manifest import Manifest
    from contract.messages import Message

CHAMPION, CHALLENGER, OTHER = (Sha256(letter * 64) for letter in "abc")
VERSIONS = {CHAMPION: "1", CHALLENGER: "2", OTHER: "3"}
FILE = """
rollout: trial
model: winner 2
champion: winner 1
canary: 6
gate: {metric: log_loss, margin: 0.05, least: 4, matches: 12}
waves: [3, 50%, 100%]
success: 80%
errors: 20%
silence: 30m
"""


class CrashError(BaseException):
    """The process is gone; no `except Exception` stands in its way."""


class FakeCatalog:
    """Three models, and no files."""

    def __init__(self) -> None:
        self.retired = set[Sha256]()

    def assignment(self, sha256: Sha256) -> ModelAssignment:
        if sha256 in self.retired:
            raise ConflictError(f"winner {VERSIONS[sha256]} is retired")
        version = VERSIONS[sha256]
        return ModelAssignment(
            kind=ModelKind.WINNER, name="winner", version=version, sha256=sha256, size=1000, path=f"/{version}"
        )


@dataclass
class FakeDevice:
    """Obeys its document, and plays: it does what is wanted as soon as it hears of it.

    Attributes:
        worse: how much worse the challenger does here.
        refuses: models that it does not take.
        deaf: hears nothing and says nothing.
    """

    id: DeviceId
    chance: Random
    worse: float = 0.0
    refuses: frozenset[str] = frozenset()
    deaf: bool = False
    boot: BootId = field(default_factory=BootId.mint)
    desired: Desired | None = None
    runs: Sha256 | None = None  # None for the one that came with it, which is the champion
    shadow: ModelAssignment | None = None
    update: ModelUpdate | None = None
    seq: int = 0
    ran: list[Sha256 | None] = field(default_factory=list)

    def hear(self, desired: Desired) -> None:
        if self.deaf or (self.desired is not None and desired.version <= self.desired.version):
            return
        self.desired = desired
        for model in desired.models:
            if model.sha256 in self.refuses:
                self.update = _update(model, ModelPhase.REFUSED, "it does not start")
            else:
                self.runs = model.sha256
                self.update = _update(model, ModelPhase.COMMITTED)
        self.ran.append(self.runs)
        self.shadow = desired.shadows[0] if desired.shadows else None

    def reported(self) -> Reported:
        challenger = _update(self.shadow, ModelPhase.SHADOWING) if self.shadow else None
        active = ActiveModel(
            kind=ModelKind.WINNER,
            name="winner",
            version=VERSIONS[self.runs] if self.runs else "1",
            sha256=self.runs,
            update=self.update,
            challenger=challenger,
        )
        settled = self.desired.version if self.desired else 0
        return Reported(boot_id=self.boot, time=datetime.now(UTC), desired_version=settled, models=(active,))

    def play(self) -> list[Message]:
        """What it has to say: what it is, and with a shadow a match that both went through."""
        if self.deaf:
            return []
        said: list[Message] = [self.reported()]
        if self.shadow is not None:
            loss = 0.4 + self.chance.gauss(0, 0.3) ** 2
            body = ModelCompared(
                match_id=MatchId.mint(),
                model_kind=ModelKind.WINNER,
                phase=ModelPhase.SHADOWING,
                champion=Contender(name="winner", version="1", sha256=self.runs, predictions=100, log_loss=loss),
                challenger=Contender(
                    name="winner",
                    version="2",
                    sha256=self.shadow.sha256,
                    predictions=100,
                    log_loss=max(0.0, loss + self.worse + self.chance.gauss(0, 0.01)),
                    latency_ms=0.4,
                ),
                rollout=self.shadow.rollout,
                winner=1,
            )
            self.seq += 1
            said.append(Event(boot_id=self.boot, seq=self.seq, time=datetime.now(UTC), oldest=1, body=body))
        return said


class World:
    """Database, devices and a control plane that is made anew after each crash."""

    def __init__(self, folder: Path, devices: int = 20, seed: int = 1, worse: float = 0.0) -> None:
        self.database = Database(f"sqlite:///{folder}/world.db")
        self.database.migrate()
        chance = Random(seed)  # noqa: S311 - the same fleet every time
        self.devices = {
            (name := DeviceId(f"d{number:02}")): FakeDevice(name, Random(chance.random()), worse)  # noqa: S311 - the same
            for number in range(devices)
        }
        self.published: list[tuple[DeviceId, Desired]] = []
        self.points = 0
        self.crash_at: int | None = None
        self.where = ""
        self.since: datetime | None = datetime.now(UTC) - timedelta(days=1)
        for hook in ("before_cursor_execute", "commit"):
            event.listen(self.database._engine, hook, self._listener(hook))
        with self.unharmed(), self.database.write() as connection:
            for sha256, version in VERSIONS.items():
                writes.add_bundle(connection, Stored(sha256, 1000, _manifest(version)), datetime.now(UTC), "")
        self.tell([(each.id, Status(boot_id=each.boot, online=True, connection=1)) for each in self.devices.values()])
        self.live()
        self.restart()

    def restart(self) -> None:
        """A control plane that knows nothing but the database."""
        self.fleet = Fleet(self.database, self)  # type: ignore[arg-type]
        self.catalog = FakeCatalog()
        self.rollouts = Rollouts(self.database, self.fleet, self.catalog, lambda: self.since)  # type: ignore[arg-type]

    def publish(self, device: DeviceId, channel: Channel, message: Desired) -> None:
        """As the broker would."""
        self.point(f"publish {channel}")
        self.published.append((device, message))
        if device in self.devices:
            self.devices[device].hear(message)

    def live(self) -> None:
        """Every device says what it has to say."""
        self.tell([(each.id, message) for each in self.devices.values() for message in each.play()])

    def tell(self, said: Sequence[tuple[DeviceId, Any]]) -> None:
        channels: dict[Any, Channel] = {
            Status: Channel.STATUS,
            Reported: Channel.REPORTED,
            Event: Channel.EVENTS,
        }
        now = datetime.now(UTC)
        letters = [
            open_letter(TOPICS, TOPICS.build(device, channels[type(each)]), encode(each), now, retained=False)
            for device, each in said
        ]
        with self.unharmed(), self.database.write() as connection:
            take_in(connection, letters)

    def turn(self) -> None:
        """The reconciler's turn, then the devices'."""
        self.rollouts.tend()
        self.live()

    def until_ended(self, turns: int = 60) -> str:
        """How it ended."""
        for _ in range(turns):
            if (outcome := self.outcome()) is not None:
                return outcome
            self.turn()
        raise AssertionError(f"it has not ended in {turns} turns: {self.rollouts.get('trial')[0].waits}")

    def outcome(self) -> str | None:
        rollout, _, _ = self.rollouts.get("trial")
        return rollout.outcome.value if rollout.stage == "ended" else None

    def desired(self, device: DeviceId) -> Desired | None:
        with self.database.read() as connection:
            row = reads.device(connection, device)
        return Desired.model_validate_json(row["desired"]) if row is not None and row["desired"] else None

    def remind(self) -> None:
        """As another chore does every minute, and every start of a control plane."""
        self.fleet.announce()

    def close(self) -> None:
        self.database.close()

    def point(self, where: str) -> None:
        """A step at which a process can die; only that of the control plane's own thread counts."""
        if self._harmless():
            return
        self.points += 1
        if self.points == self.crash_at:
            self.where = where
            raise CrashError(where)

    @contextmanager
    def unharmed(self) -> Iterator[None]:
        self._safe = True
        try:
            yield
        finally:
            self._safe = False

    _safe = False

    def _harmless(self) -> bool:
        return self._safe or threading.current_thread() is not threading.main_thread()

    def _listener(self, name: str) -> Any:
        def executed(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            self.point(" ".join(statement.split()[:4]))

        def committed(_connection: Any) -> None:
            self.point("commit")

        return executed if name == "before_cursor_execute" else committed


def _update(model: ModelAssignment, phase: ModelPhase, reason: str = "") -> ModelUpdate:
    return ModelUpdate(
        name=model.name,
        version=model.version,
        sha256=model.sha256,
        phase=phase,
        asked=model.asked,
        rollout=model.rollout,
        reason=reason,
    )


def _manifest(version: str) -> Manifest:
    from contract.manifest import Manifest  # noqa: PLC0415 - for the type elsewhere

    return Manifest.model_validate(
        {
            "kind": "winner",
            "name": "winner",
            "version": version,
            "schema": 1,
            "files": {"winner.tflite": {"size": 1, "sha256": "0" * 64}},
        }
    )
