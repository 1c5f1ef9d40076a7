"""The command itself, killed and cut off at the worst moments."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx
import pytest

from contract.ids import MatchId
from contract.messages import MatchStarted
from control_plane.broker import mosquitto
from tests.cloud_fakes import PATIENCE, FakeDevice, eventually, match_bodies
from tests.enrolled import enrol
from tests.people import SIGNED_IN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KUBEDDR = [sys.executable, "-c", "from kubeddr.cli import main; main()"]
URL_IN = "kubeddr control plane: "


class Process:
    """`kubeddr control-plane` as a process."""

    def __init__(self, data: Path, *options: str) -> None:
        command = [*KUBEDDR, "control-plane", "--port", "0", "--device-port", "0", "--data", str(data), *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.startswith(URL_IN), line
        self.url = line.removeprefix(URL_IN).split()[0]
        self.broker = line.rstrip(")\n").split("broker ")[1]
        eventually(lambda: httpx.get(f"{self.url}/readyz", trust_env=False).status_code == 200, "readiness")

    def end(self, how: int) -> int:
        self.process.send_signal(how)
        code = self.process.wait(PATIENCE)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code


@contextmanager
def started(data: Path, *options: str) -> Iterator[Process]:
    process = Process(data, *options)
    try:
        yield process
    finally:
        if process.process.poll() is None:
            process.end(signal.SIGKILL)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[tuple[str, int]]:
    with mosquitto(tmp_path / "broker") as address:
        yield address


def test_what_was_not_committed_comes_again(tmp_path: Path, broker: tuple[str, int]) -> None:
    data = tmp_path / "cloud"
    to_broker = ("--broker", f"{broker[0]}:{broker[1]}")
    device = FakeDevice(broker, "left")
    match = MatchId.mint()
    bodies = match_bodies(match)
    with started(data, *to_broker) as first:
        device.tell(bodies[0])
        eventually(lambda: device.receipted() == 1, "the first receipt")
        other = sqlite3.connect(data / "kubeddr.db", isolation_level=None)
        other.execute("begin immediate")  # nothing can be committed from now on
        for body in bodies[1:]:
            device.tell(body)
        time.sleep(0.3)  # it has them, and cannot write them
        assert first.end(signal.SIGKILL) == -signal.SIGKILL
        other.rollback()
        other.close()
    assert device.receipted() == 1
    with started(data, *to_broker) as second:
        eventually(lambda: device.receipted() == len(bodies), "the receipt of the rest, which nobody sent again")
        found = httpx.get(f"{second.url}/api/v1/matches/{match}", trust_env=False, headers=SIGNED_IN).json()
        assert [sample["seq"] for sample in found["samples"]] == [2, 3, 4, 5, 6]
        assert second.end(signal.SIGTERM) == 0
    device.close()


def test_what_comes_while_the_control_plane_is_away_waits_in_order(tmp_path: Path, broker: tuple[str, int]) -> None:
    data = tmp_path / "cloud"
    to_broker = ("--broker", f"{broker[0]}:{broker[1]}")
    device = FakeDevice(broker, "left")
    with started(data, *to_broker) as first:
        assert first.end(signal.SIGINT) in {0, 130}
    # more than mosquitto keeps when it is not told to
    for number in range(2500):
        event = device.event(MatchStarted(match_id=MatchId.mint(), t=number))
        device.client.publish(f"kubeddr/v1/{device.id}/events", event.model_dump_json(), qos=1)
    with started(data, *to_broker) as second:
        eventually(lambda: device.receipted() == 2500, "the last receipt")
        assert second.end(signal.SIGTERM) == 0
    assert [receipt.seq for receipt in device.receipts] == sorted(receipt.seq for receipt in device.receipts)
    device.close()


def test_a_database_that_is_locked_for_a_while_only_delays(tmp_path: Path, broker: tuple[str, int]) -> None:
    data = tmp_path / "cloud"
    device = FakeDevice(broker, "left")
    with started(data, "--broker", f"{broker[0]}:{broker[1]}") as process:
        other = sqlite3.connect(data / "kubeddr.db", isolation_level=None)
        other.execute("begin immediate")
        device.tell(MatchStarted(match_id=MatchId.mint(), t=0))
        time.sleep(0.5)
        assert not device.receipts
        other.rollback()
        other.close()
        eventually(lambda: device.receipted() == 1, "the receipt")
        assert process.end(signal.SIGTERM) == 0
    device.close()


def test_it_brings_its_own_broker_and_takes_it_away_again(tmp_path: Path) -> None:
    with started(tmp_path, "--broker-port", "0") as process:
        host, port = process.broker.split(":")
        with httpx.Client(base_url=process.url, trust_env=False, headers=SIGNED_IN) as client:
            identity = enrol(client, "left", tmp_path / "device")
        device = FakeDevice((host, int(port)), "left", tls=identity.tls())
        device.tell(MatchStarted(match_id=MatchId.mint(), t=0))
        eventually(lambda: device.receipted() == 1, "the receipt")
        device.close()
        stream = httpx.stream("GET", f"{process.url}/api/v1/live", trust_env=False, timeout=PATIENCE, headers=SIGNED_IN)
        with stream as live:  # an open page does not hold it up
            assert live.status_code == 200
            began = time.monotonic()
            assert process.end(signal.SIGTERM) == 0
            assert time.monotonic() - began < 10
    with pytest.raises(ConnectionRefusedError):
        FakeDevice((host, int(port)), "left")


def test_a_killed_control_plane_leaves_no_broker_behind(tmp_path: Path) -> None:
    with started(tmp_path, "--broker-port", "0") as process:
        host, port = process.broker.split(":")
        process.end(signal.SIGKILL)

    def gone() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex((host, int(port))) != 0

    eventually(gone, "the end of the broker")


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        (["--broker", "nowhere"], 2, "HOST:PORT"),
        (["--port", "70000"], 2, "port"),
        (["--host", "256.0.0.1"], 1, "Cannot listen on 256.0.0.1"),
        (["--data", "/proc/nothing"], 1, "The data folder /proc/nothing cannot be used"),
    ],
)
def test_what_is_set_wrongly_is_told_in_one_sentence(options: list[str], code: int, says: str) -> None:
    defaults = ["--port", "0", "--broker-port", "0", "--device-port", "0"]
    done = subprocess.run(
        [*KUBEDDR, "control-plane", *defaults, *options], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == code
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_without_mosquitto_it_says_what_to_do(tmp_path: Path) -> None:
    environment = os.environ | {"PATH": str(tmp_path)}
    code = (
        "import control_plane.broker as b, shutil; shutil.which = lambda *a, **k: None;"
        "from kubeddr.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "control-plane", "--port", "0", "--data", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=environment,
    )
    assert done.returncode == 1
    assert "mosquitto is not installed" in done.stderr
    assert "Traceback" not in done.stderr
