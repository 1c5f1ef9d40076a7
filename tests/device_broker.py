"""A real mosquitto for the device's tests, which can be stopped, started again and cut off."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import subprocess
import threading
import time
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MOSQUITTO = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def eventually(true: Callable[[], Any], seconds: float = 10.0) -> Any:
    """Ask until the answer is truthy."""
    end = time.monotonic() + seconds
    while not (answer := true()):
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.02)
    return answer


class Broker:
    """mosquitto on a port of its own, without a memory: what it forgets must come again."""

    def __init__(self, folder: Path) -> None:
        if MOSQUITTO is None:
            pytest.skip("mosquitto is not installed")
        self.port = free_port()
        self._config = folder / "mosquitto.conf"
        self._config.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence false\nmax_queued_messages 200000\n"
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        assert MOSQUITTO is not None
        self._process = subprocess.Popen([MOSQUITTO, "-c", str(self._config)], stderr=subprocess.DEVNULL)
        eventually(self._listens)

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


def hang_up(end: socket.socket) -> None:
    """Close a socket so that the other side knows, even while a thread waits in it."""
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()


class Wire:
    """A TCP line to the broker that can be cut, and that can go silent without anybody hanging up."""

    def __init__(self, target: int) -> None:
        self.port = free_port()
        self._target = target
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self.cut = False
        self.silent = False
        self._server = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._server.accept()
            except OSError:
                return
            if self.cut:
                near.close()
                continue
            try:
                far = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                near.close()
                continue
            self._pairs.append((near, far))
            for one, two in ((near, far), (far, near)):
                threading.Thread(target=self._pump, args=(one, two), daemon=True).start()

    def _pump(self, one: socket.socket, two: socket.socket) -> None:
        try:
            while data := one.recv(65536):
                if not self.silent:
                    two.sendall(data)
        except OSError:
            pass
        for end in (one, two):
            hang_up(end)

    def break_now(self) -> None:
        """Cut the line: what is on it is gone, and nobody gets through until it is mended."""
        self.cut = True
        for pair in self._pairs:
            for end in pair:
                hang_up(end)
        self._pairs.clear()

    def mend(self) -> None:
        self.cut = False

    def pull(self) -> None:
        """Pull the plug: nobody hangs up, what is said is swallowed."""
        self.silent = True

    def plug(self) -> None:
        """Put it in again; whatever kept the old connections in mind has forgotten them."""
        self.break_now()
        self.silent = False
        self.mend()

    def close(self) -> None:
        self.break_now()
        self._server.close()


class FakeControlPlane:
    """Subscribes to a device, keeps what comes, and receipts it as the contract says; may be told not to."""

    def __init__(self, port: int, device: str, *, receipts: bool = True) -> None:
        self.device, self.receipts = device, receipts
        self.seen: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.upto: dict[str, int] = defaultdict(int)
        self.kept: dict[tuple[str, int], dict[str, Any]] = {}
        self.ready = threading.Event()
        self._client = paho.Client(CallbackAPIVersion.VERSION2)
        self._client.on_connect = lambda client, *_: client.subscribe(f"kubeddr/v1/{device}/#", 1)
        self._client.on_subscribe = lambda *_: self.ready.set()
        self._client.on_message = self._hear
        self._client.reconnect_delay_set(1, 1)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        assert self.ready.wait(5)

    def publish(self, channel: str, document: dict[str, Any], *, retain: bool = False) -> None:
        self._client.publish(f"kubeddr/v1/{self.device}/{channel}", json.dumps(document), 1, retain=retain)

    def bodies(self, kind: str) -> list[dict[str, Any]]:
        return [event["body"] for event in list(self.kept.values()) if event["body"]["kind"] == kind]

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _hear(self, _client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        channel = message.topic.rsplit("/", 1)[1]
        if channel in ("desired", "receipt", "command"):
            return  # our own
        told = json.loads(message.payload)
        self.seen[channel].append(told)
        if channel != "events":
            return
        boot = told["boot_id"]
        self.kept.setdefault((boot, told["seq"]), told)
        upto = max(self.upto[boot], (told["oldest"] or 1) - 1)
        while (boot, upto + 1) in self.kept:
            upto += 1
        self.upto[boot] = upto
        if self.receipts:
            self.publish("receipt", {"schema_version": 1, "boot_id": boot, "seq": upto})
