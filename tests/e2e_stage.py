"""The whole house for the tests from end to end: every program a process of its own, nothing in it a stand-in."""

from __future__ import annotations

import contextlib
import json
import signal
import sqlite3
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

import cv2
import httpx

from kubeddr.demo_plan import free_ports
from kubeddr.processes import Children
from models.simulate import cabinet as cabinets
from models.simulate.session import Screen, lengths
from tests.device_broker import Wire, eventually
from tests.people import SIGNED_IN

if TYPE_CHECKING:
    from pathlib import Path

    from kubeddr.processes import Child
    from models.simulate.match import Match

HOST = "127.0.0.1"
SIZE, FPS = (640, 360), 10.0
LEAD, TAIL = 0.5, 4.5  # seconds of a clip before play, and of the results after it
PATIENCE = 60.0  # seconds that anything may take on a machine with much else to do


@dataclass(frozen=True, slots=True)
class Clip:
    """A filmed match of the rendered cabinet, from just before play to the results, and what it truly was."""

    path: Path
    match: Match

    @property
    def finals(self) -> tuple[int, int, int]:
        """Both final scores, and who won."""
        one, two = (side.final.score for side in self.match.sides)
        return one, two, self.match.winner


def film(path: Path, song: float, seed: int = 3, theme: str = "plates") -> Clip:
    """Film the evening's first match, without the waiting before and after it."""
    built = cabinets.build(seed, theme, SIZE, song)
    match = built.session.match(0)
    long = dict(lengths(match))
    begin = long[Screen.SELECT] + long[Screen.STAGE]
    end = begin + long[Screen.PLAY] + TAIL
    out = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), FPS, SIZE)
    for index in range(int((begin - LEAD) * FPS), int(end * FPS)):
        out.write(built.frame(index / FPS))
    out.release()
    return Clip(path, match)


@dataclass(frozen=True, slots=True)
class Heard:
    """One server-sent event, and the time of day at which it came, seconds."""

    at: float
    event: str
    data: dict[str, Any]


class Ear:
    """Listens to a stream of server-sent events, and keeps all of it."""

    def __init__(self, url: str) -> None:
        self._heard: list[Heard] = []
        self._url, self._closed = url, False
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def heard(self, event: str = "") -> list[Heard]:
        """What has come so far."""
        return [each for each in list(self._heard) if each.event == event]

    @property
    def view(self) -> dict[str, Any]:
        """A device's page as it is now."""
        found: Heard = eventually(lambda: self._heard and self._heard[-1], PATIENCE)
        return found.data

    def close(self) -> None:
        """Listen no more; the thread ends with the next thing that is said."""
        self._closed = True

    def _listen(self) -> None:
        while not self._closed:
            with (
                contextlib.suppress(httpx.HTTPError),
                httpx.stream("GET", self._url, trust_env=False, headers=SIGNED_IN) as stream,
            ):
                event = ""
                for line in stream.iter_lines():
                    if self._closed:
                        return
                    if line.startswith("event: "):
                        event = line.removeprefix("event: ")
                    elif line.startswith("data: "):
                        self._heard.append(Heard(time.time(), event, json.loads(line.removeprefix("data: "))))
                        event = ""
            time.sleep(0.1)


class Stage:
    """A control plane with its broker, and whatever devices and cabinets a test starts. A context manager."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        port, self.broker_port, devices = free_ports(3)
        self.url = f"http://{HOST}:{port}"
        self.children = Children(folder / "logs")
        where = ("--port", str(port), "--broker-port", str(self.broker_port), "--data", str(folder / "cloud"))
        self._words = ("control-plane", *where, "--device-port", str(devices))
        self._plane: Child | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.children.stop()

    def start(self) -> None:
        """Start the control plane, and its broker with it."""
        self._plane = self.children.start("the control plane", f"control-plane-{time.monotonic_ns()}", self._words)
        self.until_well(self._plane, f"{self.url}/readyz")

    def kill(self) -> None:
        """SIGKILL the control plane, and its broker with it."""
        assert self._plane is not None
        self._plane.signal(signal.SIGKILL)
        self._plane.process.wait()

    def until_well(self, child: Child, url: str) -> None:
        """Wait until a program answers that it is well."""

        def well() -> bool:
            assert child.code is None, child.last_words()
            with contextlib.suppress(httpx.HTTPError):
                return httpx.get(url, trust_env=False).is_success
            return False

        eventually(well, PATIENCE)

    def get(self, path: str) -> dict[str, Any]:
        """What the control plane's API says."""
        answer = httpx.get(f"{self.url}/api/v1{path}", trust_env=False, headers=SIGNED_IN)
        assert answer.is_success, answer.text
        said: dict[str, Any] = answer.json()
        return said

    def token(self, device: str) -> str:
        """What lets a device in."""
        answer = httpx.post(
            f"{self.url}/api/v1/approvals/tokens", json={"device": device}, trust_env=False, headers=SIGNED_IN
        )
        assert answer.is_success, answer.text
        return str(answer.json()["secret"])

    def rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        """Rows of the control plane's database, from the file itself."""
        with contextlib.closing(sqlite3.connect(self.folder / "cloud" / "kubeddr.db", timeout=PATIENCE)) as db:
            db.row_factory = sqlite3.Row
            return [dict(row) for row in db.execute(query, values)]

    def events(self, device: str) -> list[dict[str, Any]]:
        """A device's events in the order in which they were written, each with its `body`."""
        rows = self.rows("SELECT * FROM event WHERE device_id = ? ORDER BY rowid", device)
        return [row | {"body": json.loads(row["payload"])["body"]} for row in rows]


class Device:
    """`kubeddr agent` as a process, its line to the broker, and an ear at its page."""

    def __init__(self, stage: Stage, name: str, source: str) -> None:
        self.stage, self.name, self._source = stage, name, source
        self.wire = Wire(stage.broker_port)
        self.data = stage.folder / "devices" / name
        self._starts = 0
        self.start()

    def start(self) -> None:
        """Start it, as after a power cut."""
        self._starts += 1
        (port,) = free_ports(1)
        self.page = f"http://{HOST}:{port}"
        options = {
            "--source": self._source,
            "--device": self.name,
            "--url": self.stage.url,
            "--broker": f"{HOST}:{self.wire.port}",
            "--data": str(self.data),
            "--port": str(port),
        }
        if self._starts == 1:
            options["--token"] = self.stage.token(self.name)
        words = [word for pair in options.items() for word in pair]
        self.process = self.stage.children.start(self.name, f"{self.name}-{self._starts}", ("agent", *words))
        eventually(lambda: self.process.code is not None or self._answers(), PATIENCE)
        assert self.process.code is None, self.process.last_words()
        self.ear = Ear(f"{self.page}/events")

    def kill(self) -> None:
        """SIGKILL: it has no time for anything."""
        self.ear.close()
        self.process.signal(signal.SIGKILL)
        self.process.process.wait()

    def close(self) -> None:
        """End it in good order."""
        self.ear.close()
        self.process.process.terminate()
        self.process.process.wait(PATIENCE)
        self.wire.close()

    def metric(self, name: str) -> float:
        """One of its figures."""
        lines = httpx.get(f"{self.page}/metrics", trust_env=False).text.splitlines()
        return float(next(line.split()[-1] for line in lines if line.startswith(f"{name} ")))

    def health(self) -> list[str]:
        """What is wrong with it."""
        reasons: list[str] = httpx.get(f"{self.page}/healthz", trust_env=False).json()["reasons"]
        return reasons

    def phase(self, phase: str) -> dict[str, Any]:
        """Its page, once it is in this phase."""
        view: dict[str, Any] = eventually(lambda: (view := self.ear.view)["phase"] == phase and view, PATIENCE)
        return view

    def fresh_match(self) -> dict[str, Any]:
        """Its page at the beginning of a match that had not begun before."""
        before = len(self.ear.heard())

        def begun() -> Any:
            later = [heard.data for heard in self.ear.heard()[before:]]
            idle = next((n for n, view in enumerate(later) if view["phase"] != "match"), None)
            return idle is not None and next((view for view in later[idle:] if view["phase"] == "match"), None)

        view: dict[str, Any] = eventually(begun, PATIENCE)
        return view

    def goes_on(self, points: int) -> None:
        """Wait until the course on its page has grown by so many points."""
        before = len(self.ear.view["course"])
        eventually(lambda: len(self.ear.view["course"]) >= before + points, PATIENCE)

    def settled(self) -> None:
        """Wait until the control plane has all that it reported."""
        eventually(lambda: self.metric("kubeddr_outbox_events") == 0, PATIENCE)

    def _answers(self) -> bool:
        with contextlib.suppress(httpx.HTTPError):
            return httpx.get(self.page, trust_env=False).is_success
        return False


def running_match(stage: Stage, device: Device) -> str:
    """The match that the control plane sees running."""

    def found() -> Any:
        matches = stage.get(f"/matches?device={device.name}&state=running")["items"]
        return matches and matches[0]["id"]

    match: str = eventually(found, PATIENCE)
    return match


def presence(stage: Stage, device: Device) -> str:
    """What the control plane thinks of the device."""
    said: str = stage.get(f"/devices/{device.name}")["presence"]
    return said


def finished(stage: Stage, match: str) -> dict[str, Any]:
    """The row of a match, once it is finished."""
    query = "SELECT * FROM matches WHERE id = ? AND finished IS NOT NULL"
    row: dict[str, Any] = eventually(lambda: (rows := stage.rows(query, match)) and rows[0], PATIENCE)
    return row


def seconds(time_of_day: str) -> float:
    """A time as the database keeps it (UTC, unsaid) or as a message says it, as seconds."""
    parsed = datetime.fromisoformat(time_of_day)
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()
