"""Rollouts over ten thousand devices: what a decision costs, and how soon all who are online know what is wanted."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from bench.figure import Figure
from bench.fleet import DEVICES, plane_on, until
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
from control_plane.broker import mosquitto
from control_plane.domain.letters import open_letter
from control_plane.services.fleet import Fleet
from control_plane.services.rollouts import Rollouts
from control_plane.storage.database import Database
from control_plane.storage.intake import take_in
from control_plane.storage.tables import BundleRow
from models.bundle import BUILTIN, SUFFIX, builtin
from models.shaken import shaken

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from contract.messages import Message

MATCHES = 10  # of each device of the canary
DECISION, KNOWN = 1.0, 60.0  # seconds
PLAYING = 90  # seconds that the crowd stays once all are online
FILE = """
rollout: bench
model: {model}
champion: {champion}
canary: {canary}
gate: {{margin: 0.05}}
waves: [100%]
"""
CHAMPION, CHALLENGER = Sha256("a" * 64), Sha256("b" * 64)
CHANNELS: Mapping[type[object], Channel] = {
    Status: Channel.STATUS,
    Reported: Channel.REPORTED,
    Event: Channel.EVENTS,
}


def figures() -> Iterator[Figure]:
    """Both, one after the other."""
    yield from _decisions()
    yield from _knowing()


class _Fleet:
    """Ten thousand devices in a database, which do what they are asked when they are told to."""

    def __init__(self, folder: Path) -> None:
        self.database = Database(f"sqlite:///{folder}/bench.db")
        self.database.migrate()
        self.boots = {DeviceId(f"d{number:05}"): BootId.mint() for number in range(DEVICES)}
        self.wishes: dict[DeviceId, Desired] = {}
        rows = [
            {"sha256": sha256, "kind": "winner", "name": "winner", "version": version, "size": 1, "pushed": _now()}
            for sha256, version in ((CHAMPION, "1"), (CHALLENGER, "2"))
        ]
        with self.database.write() as connection:
            connection.execute(BundleRow.__table__.insert(), rows)  # type: ignore[attr-defined]
        self.tell({device: Status(boot_id=boot, online=True, connection=1) for device, boot in self.boots.items()})
        self.tell({device: self.reported(device, None) for device in self.boots})
        began = _now()
        self.rollouts = Rollouts(self.database, Fleet(self.database, self), self, lambda: began)  # type: ignore[arg-type]

    def assignment(self, sha256: Sha256) -> ModelAssignment:
        """As the catalogue of models."""
        version = "1" if sha256 == CHAMPION else "2"
        return ModelAssignment(kind=ModelKind.WINNER, name="winner", version=version, sha256=sha256, size=1, path="/")

    def publish(self, device: DeviceId, _channel: Channel, wish: Desired) -> None:
        """As the broker."""
        self.wishes[device] = wish

    def obey(self) -> None:
        """Every device that was asked for something says that it is so."""
        self.tell({device: self.reported(device, wish) for device, wish in self.wishes.items()})
        self.wishes.clear()

    def play(self, rollout: str) -> None:
        """Every device of the canary goes through its matches."""
        canary = [member.device for member, *_ in self.rollouts.stands(rollout) if member.canary]
        for number in range(1, MATCHES + 1):
            self.tell({DeviceId(device): self.compared(DeviceId(device), number, rollout) for device in canary})

    def compared(self, device: DeviceId, number: int, rollout: str) -> Event:
        """A match in which both did as well."""
        own = Contender(name="winner", version="1", log_loss=0.4, predictions=100, latency_ms=0.3)
        other = Contender(name="winner", version="2", sha256=CHALLENGER, log_loss=0.4, predictions=100, latency_ms=0.3)
        body = ModelCompared(
            match_id=MatchId.mint(),
            model_kind=ModelKind.WINNER,
            phase=ModelPhase.SHADOWING,
            champion=own,
            challenger=other,
            rollout=rollout,
            winner=1,
        )
        return Event(boot_id=self.boots[device], seq=number, time=_now(), oldest=1, body=body)

    def reported(self, device: DeviceId, wish: Desired | None) -> Reported:
        """What it says it is, once it is what it should be."""
        runs, shadows = (wish.models, wish.shadows) if wish else ((), ())
        update = _update(runs[0], ModelPhase.COMMITTED) if runs else None
        active = ActiveModel(
            kind=ModelKind.WINNER,
            name="winner",
            version=runs[0].version if runs else "1",
            sha256=runs[0].sha256 if runs else None,
            update=update,
            challenger=_update(shadows[0], ModelPhase.SHADOWING) if shadows else None,
        )
        settled = wish.version if wish else 0
        return Reported(boot_id=self.boots[device], time=_now(), desired_version=settled, models=(active,))

    def tell(self, said: Mapping[DeviceId, Message]) -> None:
        """Into the database, as ingest would."""
        letters = [
            open_letter(TOPICS, TOPICS.build(device, CHANNELS[type(each)]), encode(each), _now(), retained=False)
            for device, each in said.items()
        ]
        for start in range(0, len(letters), 500):
            with self.database.write() as connection:
                take_in(connection, letters[start : start + 500])


def _decisions() -> Iterator[Figure]:
    """Processor seconds of the reconciler's turns, documents written or not."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))  # nobody reads it here
    with tempfile.TemporaryDirectory(prefix="kubeddr-bench-") as folder:
        fleet = _Fleet(Path(folder))
        file = FILE.format(model="winner 2", champion="winner 1", canary="10%")
        fleet.rollouts.apply(file, "bench")
        fleet.rollouts.tend()  # the canary begins
        fleet.obey()
        fleet.play("bench")
        began = time.process_time()
        fleet.rollouts.tend()  # the gate lets it through, and all ten thousand are asked
        both = time.process_time() - began
        fleet.obey()
        began = time.process_time()
        fleet.rollouts.tend()  # all have answered: what each says is read
        decision = time.process_time() - began
        stage = fleet.rollouts.get("bench")[0].outcome
        fleet.database.close()
    if stage != "succeeded":
        raise RuntimeError(f"the rollout of the benchmark is {stage}")
    yield Figure(f"rollout.decision, {DEVICES} devices that all have news", decision, "s", DECISION)
    yield Figure(f"rollout.wave, decided and {DEVICES} documents written", both, "s")


def _knowing() -> Iterator[Figure]:
    """From the rollout's beginning to when the last device has heard what is wanted of it."""
    champion = builtin("winner")
    version = champion.manifest.version
    with tempfile.TemporaryDirectory(prefix="kubeddr-bench-") as name:
        folder = Path(name)
        with mosquitto(folder / "broker") as broker, plane_on(folder, broker, "") as plane:
            for bundle in ((BUILTIN / f"winner{SUFFIX}").read_bytes(), shaken(champion, f"{version}-other", 0.1)):
                plane.post("/api/v1/models", content=bundle).raise_for_status()
            where = ("--broker", f"{broker[0]}:{broker[1]}", "--json")
            what = ("--devices", str(DEVICES), "--seconds", str(PLAYING), "--rate", "0.02")
            command = [sys.executable, "-m", "kubeddr", "simulate-fleet", *where, *what]
            crowd = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own command
            online = "/api/v1/devices?status=online&limit=1"
            until(lambda: plane.get(online).json()["total"] >= DEVICES)
            file = FILE.format(model=f"winner {version}-other", champion=f"winner {version}", canary="100%")
            began = datetime.now(UTC).timestamp()
            plane.post("/api/v1/rollouts", json={"file": file}).raise_for_status()
            said = json.loads(crowd.communicate()[0])
    yield Figure("rollout.known_by", said["told"], "devices", DEVICES, least=True)
    yield Figure("rollout.known_after", said["told_last"] - began if said["told_last"] else None, "s", KNOWN)


def _update(model: ModelAssignment, phase: ModelPhase) -> ModelUpdate:
    same = {name: getattr(model, name) for name in ("name", "version", "sha256", "asked", "rollout")}
    return ModelUpdate(phase=phase, **same)


def _now() -> datetime:
    return datetime.now(UTC)
