"""A device made of a real MQTT client and nothing else, and a control plane that runs in the test's process."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from contract.codec import decode, encode
from contract.ids import BootId, DeviceId, MatchId
from contract.messages import (
    ActiveModel,
    Desired,
    Event,
    MatchFinished,
    MatchProgress,
    MatchStarted,
    ModelPhase,
    ModelReport,
    Prediction,
    Receipt,
    Reported,
    Status,
)
from contract.topics import TOPICS, Channel
from control_plane.main import Running, run
from control_plane.settings import Settings
from tests.people import SIGNED_IN

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from contract.messages import Body, Message, ModelAssignment

PATIENCE = 15.0  # seconds: how long anything may take before a test gives up on it


def eventually(check: Callable[[], Any], what: str = "it", patience: float = PATIENCE) -> Any:
    """The first true answer of `check`."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if answer := check():
            return answer
        time.sleep(0.02)
    raise AssertionError(f"{what} did not happen within {patience} seconds")


@contextmanager
def control_plane(data: Path, broker: tuple[str, int] | None, **changes: Any) -> Iterator[httpx.Client]:
    """A whole control plane, and a client of its API; without `broker` it starts one for certificates."""
    address = f"{broker[0]}:{broker[1]}" if broker else ""
    settings = Settings(data=data, port=0, device_port=0, broker=address, **changes)
    started = threading.Event()
    running: list[Running] = []

    def on_start(now: Running) -> None:
        running.append(now)
        started.set()

    thread = threading.Thread(target=run, args=(settings, on_start))
    thread.start()
    assert started.wait(PATIENCE)
    try:
        with httpx.Client(base_url=running[0].url, timeout=PATIENCE, trust_env=False, headers=SIGNED_IN) as client:
            eventually(lambda: client.get("/readyz").status_code == 200, "readiness")
            yield client
    finally:
        running[0].stop()
        thread.join(PATIENCE)
        assert not thread.is_alive()


class FakeDevice:
    """Births, wills, events and models, as a device does them; nothing is sent that the test does not ask for."""

    def __init__(
        self,
        broker: tuple[str, int],
        name: str,
        boot: BootId | None = None,
        *,
        connect: bool = True,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.broker = broker
        self.id = DeviceId(name)
        self.boot = boot or BootId.mint()
        self.seq = 0
        self.receipts: list[Receipt] = []
        self.desired: list[Desired] = []
        self.connected = threading.Event()
        self.ready = threading.Event()
        self.client = paho.Client(CallbackAPIVersion.VERSION2, client_id=f"device-{name}", clean_session=False)
        if tls is not None:
            self.client.tls_set_context(tls)
        self.client.on_connect = self._connected
        self.client.on_subscribe = lambda *_: self.ready.set()
        self.client.on_message = self._message
        will = Status(boot_id=self.boot, online=False, connection=1)
        self.client.will_set(TOPICS.build(self.id, Channel.STATUS), encode(will), qos=1, retain=True)
        if connect:
            self.connect()

    def connect(self) -> None:
        self.client.connect(*self.broker)
        self.client.loop_start()
        assert self.ready.wait(PATIENCE)
        self.send(Channel.STATUS, Status(boot_id=self.boot, online=True, connection=1, time=datetime.now(UTC)))

    def vanish(self) -> None:
        """Break the connection without a goodbye, so that the broker speaks the will."""
        self.client.loop_stop()
        sock = self.client.socket()
        assert sock is not None
        sock.close()

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def send(self, channel: Channel, message: Message) -> None:
        self.send_bytes(channel, encode(message))

    def send_bytes(self, channel: Channel, payload: bytes) -> None:
        topic = TOPICS.build(self.id, channel)
        self.client.publish(topic, payload, qos=channel.qos, retain=channel.retained).wait_for_publish(PATIENCE)

    def event(self, body: Body, *, historical: bool = False, time: datetime | None = None) -> Event:
        """The next event; not sent."""
        self.seq += 1
        at = time or datetime.now(UTC)
        return Event(boot_id=self.boot, seq=self.seq, time=at, historical=historical, oldest=1, body=body)

    def tell(self, body: Body, *, historical: bool = False) -> Event:
        """Send the next event."""
        event = self.event(body, historical=historical)
        self.send(Channel.EVENTS, event)
        return event

    def report(self, *models: ActiveModel, settled: int = 0, name: str = "A cabinet") -> None:
        reported = Reported(
            boot_id=self.boot,
            time=datetime.now(UTC),
            name=name,
            agent_version="0.1.0",
            source="rendered",
            desired_version=settled,
            models=models,
        )
        self.send(Channel.REPORTED, reported)

    def receipted(self) -> int:
        return max((receipt.seq for receipt in self.receipts if receipt.boot_id == self.boot), default=0)

    def step(self, model: ModelAssignment, version: int, phase: ModelPhase, reason: str = "") -> None:
        report = ModelReport(
            phase=phase,
            desired_version=version,
            model_kind=model.kind,
            name=model.name,
            version=model.version,
            sha256=model.sha256,
            reason=reason,
        )
        self.tell(report)

    def _connected(self, client: paho.Client, *_: Any) -> None:
        client.subscribe(list(TOPICS.subscriptions_of_device(self.id)))
        self.connected.set()

    def _message(self, _client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        match decode(TOPICS.parse(message.topic).channel, bytes(message.payload)):
            case Receipt() as receipt:
                self.receipts.append(receipt)
            case Desired() as desired:
                self.desired.append(desired)
            case _:
                pass


def match_bodies(match: MatchId, samples: int = 5, *, p1_final: int = 900_000) -> list[Body]:
    """A whole match: started, progress, finished."""
    bodies: list[Body] = [MatchStarted(match_id=match, t=10.0, digits=7)]
    for index in range(samples):
        share = (index + 1) / samples
        said = Prediction(p1_win=0.5 + share / 2, low=share / 2, high=1.0, progress=share, model="stern")
        t = 10.0 + 90 * share
        bodies.append(
            MatchProgress(match_id=match, t=t, p1=round(p1_final * share), p2=round(800_000 * share), prediction=said)
        )
    bodies.append(MatchFinished(match_id=match, t=101.0, p1_final=p1_final, p2_final=800_000, winner=1))
    return bodies
