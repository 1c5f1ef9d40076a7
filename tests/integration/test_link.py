"""The device's link against a real broker: cut, silent, away, and back."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from contract import messages as wire
from contract.ids import BootId, DeviceId, MatchId
from edge_agent.backoff import Backoff
from edge_agent.reporting.link import Address, Callbacks, Link
from edge_agent.reporting.outbox import Outbox
from edge_agent.reporting.reconnection import LinkState, Reconnection
from tests.device_broker import Broker, FakeControlPlane, Wire, eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

DEVICE = "cabinet-1"


MATCH = MatchId.mint()


def body(n: int) -> str:
    return wire.MatchProgress(match_id=MATCH, t=n).model_dump_json()


class Device:
    """A link with what the agent would give it."""

    def __init__(self, folder: Path, port: int) -> None:
        self.outbox = Outbox(folder / "outbox.db", BootId.mint())
        self.desired: list[wire.Desired] = []
        self.commands: list[wire.Command] = []
        boot = self.outbox.boot_id
        callbacks = Callbacks(
            reported=lambda: wire.Reported(boot_id=boot, time=datetime.now(UTC), name="First cabinet"),
            telemetry=lambda: wire.Telemetry(boot_id=boot, time=datetime.now(UTC), outbox=self.outbox.depth),
            desired=self.desired.append,
            command=self.commands.append,
        )
        again = Reconnection(Backoff(0.1, 0.5), patience=2.0)
        self.link = Link(Address("127.0.0.1", port, DeviceId(DEVICE)), self.outbox, callbacks, reconnection=again)
        self.link.start()
        self.count = 0

    def happens(self, n: int = 1) -> None:
        for _ in range(n):
            self.count += 1
            self.outbox.put(body(self.count), datetime.now(UTC), keep=self.count % 10 == 0)

    def close(self) -> None:
        self.link.close()
        self.outbox.close()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    broker = Broker(tmp_path)
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[int], Device]]:
    devices: list[Device] = []

    def begin(port: int) -> Device:
        devices.append(Device(tmp_path, port))
        return devices[-1]

    yield begin
    for device in devices:
        device.close()


@pytest.fixture
def plane(broker: Broker) -> Iterator[FakeControlPlane]:
    plane = FakeControlPlane(broker.port, DEVICE)
    yield plane
    plane.close()


def numbers(plane: FakeControlPlane) -> list[float]:
    """What was heard, each event once, in the order of the device."""
    return [plane.kept[key]["body"]["t"] for key in sorted(plane.kept)]


def test_birth_report_events_and_farewell(
    plane: FakeControlPlane, broker: Broker, start: Callable[[int], Device]
) -> None:
    device = start(broker.port)
    device.happens(250)
    eventually(lambda: device.outbox.depth == 0 and device.count == 250)
    events = plane.seen["events"]
    assert [event["seq"] for event in events] == list(range(1, 251))
    assert all(event["boot_id"] == device.outbox.boot_id and not event["historical"] for event in events)
    birth = plane.seen["status"][0]
    assert (birth["online"], birth["boot_id"], birth["connection"]) == (True, device.outbox.boot_id, 1)
    assert eventually(lambda: plane.seen["reported"])[0]["name"] == "First cabinet"
    assert eventually(lambda: plane.seen["telemetry"])
    device.link.close()
    last = eventually(lambda: plane.seen["status"][1:])[-1]
    assert (last["online"], last["boot_id"], last["connection"]) == (False, device.outbox.boot_id, 1)
    assert device.link.state is LinkState.CLOSED


def test_a_device_without_a_broker_goes_on_and_delivers_later(tmp_path: Path, start: Callable[[int], Device]) -> None:
    broker = Broker(tmp_path)
    device = start(broker.port)
    device.happens(30)
    eventually(lambda: device.link.reason)
    assert device.outbox.depth == 30
    broker.start()
    plane = FakeControlPlane(broker.port, DEVICE)
    eventually(lambda: device.outbox.depth == 0)
    assert numbers(plane) == list(range(1, 31))
    plane.close()
    broker.stop()


def test_a_cut_line_loses_doubles_and_reorders_nothing(
    plane: FakeControlPlane, broker: Broker, start: Callable[[int], Device]
) -> None:
    line = Wire(broker.port)
    device = start(line.port)
    eventually(lambda: device.link.state is LinkState.CONNECTED)
    busy = threading.Event()

    def play() -> None:
        while not busy.is_set():
            device.happens(5)
            time.sleep(0.01)

    player = threading.Thread(target=play)
    player.start()
    for _ in range(4):
        time.sleep(0.3)
        line.break_now()
        time.sleep(0.3)
        line.mend()
        eventually(lambda: device.link.state is LinkState.CONNECTED)
    busy.set()
    player.join()
    eventually(lambda: device.outbox.depth == 0)
    assert numbers(plane) == list(range(1, device.count + 1))
    assert len(plane.kept) == device.count > 300
    assert device.link.connections >= 5
    wills = [status for status in plane.seen["status"] if not status["online"]]
    assert {status["boot_id"] for status in wills} == {device.outbox.boot_id}
    assert plane.seen["status"][-1]["online"]
    line.close()


def test_a_broker_that_dies_and_forgets_is_sent_everything_again(
    plane: FakeControlPlane, broker: Broker, start: Callable[[int], Device]
) -> None:
    plane.receipts = False
    device = start(broker.port)
    device.happens(20)
    eventually(lambda: len(plane.kept) == 20)
    broker.stop()
    device.happens(20)
    plane.receipts = True
    plane.ready.clear()
    broker.start()
    assert plane.ready.wait(5)
    eventually(lambda: device.outbox.depth == 0)
    assert numbers(plane) == list(range(1, 41))


def test_what_an_earlier_boot_left_comes_first_and_as_history(
    plane: FakeControlPlane, broker: Broker, start: Callable[[int], Device], tmp_path: Path
) -> None:
    earlier = Outbox(tmp_path / "outbox.db", BootId.mint())
    hour_ago = datetime.now(UTC) - timedelta(hours=1)
    for i in range(5):
        earlier.put(body(i), hour_ago, keep=True)
    earlier.close()
    device = start(broker.port)
    device.happens(5)
    eventually(lambda: device.outbox.depth == 0 and device.count == 5)
    events = plane.seen["events"]
    assert [event["historical"] for event in events] == [True] * 5 + [False] * 5
    assert [event["boot_id"] for event in events[:5]] == [earlier.boot_id] * 5
    assert datetime.fromisoformat(events[0]["time"]) == hour_ago


def test_documents_and_commands_come_in_and_nonsense_does_no_harm(
    plane: FakeControlPlane, broker: Broker, start: Callable[[int], Device]
) -> None:
    now = datetime.now(UTC)
    plane.publish("desired", {"version": 3, "time": now.isoformat(), "models": []}, retain=True)
    device = start(broker.port)
    assert eventually(lambda: device.desired)[0].version == 3
    plane.publish("desired", {"version": "x"})
    plane._client.publish(f"kubeddr/v1/{DEVICE}/receipt", b"\xff\x00 no json", 1)
    soon, past = (now + timedelta(minutes=1)).isoformat(), (now - timedelta(minutes=1)).isoformat()
    for name, expires in (("late", past), ("fine", soon)):
        command = {"id": name, "action": "identify", "time": past, "expires": expires}
        plane.publish("command", command)
    assert eventually(lambda: device.commands)[0].id == "fine"
    assert device.link.undecodable == 2
    device.happens(3)
    eventually(lambda: device.outbox.depth == 0 and len(plane.kept) == 3)
