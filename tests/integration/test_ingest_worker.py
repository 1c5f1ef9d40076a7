"""The ingest thread against a database that fails in every way, and a broker that comes and goes."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy.exc import OperationalError

from contract.codec import encode
from contract.ids import BootId, DeviceId, MatchId
from contract.messages import Event, MatchStarted
from contract.topics import TOPICS, Channel
from control_plane.broker import mosquitto
from control_plane.ingest import worker as workers
from control_plane.ingest.link import Delivery
from control_plane.ingest.metrics import IngestMetrics
from control_plane.ingest.worker import Worker
from control_plane.storage import reads
from control_plane.storage.database import Database
from control_plane.storage.intake import take_in
from tests.cloud_fakes import FakeDevice, control_plane, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from contract.messages import Message, Receipt
    from control_plane.domain.letters import Letter
    from control_plane.storage.intake import Intake

LEFT = DeviceId("left")
BOOT = BootId.mint()


class FakeBroker:
    """Remembers, in order, what was acknowledged and what was published."""

    def __init__(self) -> None:
        self.said: list[tuple[str, int]] = []

    def acknowledge(self, delivery: Delivery) -> None:
        self.said.append(("acknowledged", delivery.mid))

    def publish(self, device: DeviceId, channel: Channel, message: Message) -> None:
        assert (device, channel) == (LEFT, Channel.RECEIPT)
        receipt: Receipt = message  # type: ignore[assignment]
        self.said.append(("receipt", receipt.seq))


class Bench:
    """A worker on a database of its own."""

    def __init__(self, folder: Path) -> None:
        self.database = Database(f"sqlite:///{folder}/x.db")
        self.database.migrate()
        self.broker = FakeBroker()
        self.intakes: list[Intake] = []
        self.worker = Worker(self.database, TOPICS, IngestMetrics(CollectorRegistry()), self.intakes.append)

    def start(self) -> None:
        self.worker.start(self.broker, self.broker)

    def offer(self, seq: int) -> None:
        event = Event(boot_id=BOOT, seq=seq, time=datetime.now(UTC), body=MatchStarted(match_id=MatchId.mint(), t=seq))
        topic = TOPICS.build(LEFT, Channel.EVENTS)
        self.worker.offer(Delivery(topic, encode(event), retained=False, received=event.time, mid=seq, session=1))

    def aside(self) -> list[str]:
        with self.database.read() as connection:
            return [row["reason"] for row in reads.dead_letters(connection, 100)[0]]

    def receipted(self) -> int:
        return max((seq for what, seq in self.broker.said if what == "receipt"), default=0)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.worker.stop()
    made.database.close()


def test_what_is_there_at_once_is_one_batch(bench: Bench) -> None:
    for seq in range(1, 501):
        bench.offer(seq)
    bench.start()
    eventually(lambda: bench.receipted() == 500, "the receipt")
    assert [intake.inserted for intake in bench.intakes] == [500]
    assert bench.broker.said == [("acknowledged", seq) for seq in range(1, 501)] + [("receipt", 500)]


def test_nothing_is_acknowledged_before_the_commit(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    written, go_on = threading.Event(), threading.Event()
    real = take_in

    def slow(connection: Any, letters: Sequence[Letter]) -> Intake:
        intake = real(connection, letters)
        written.set()
        assert go_on.wait(10)
        return intake

    monkeypatch.setattr(workers, "take_in", slow)
    bench.offer(1)
    bench.start()
    assert written.wait(10)
    assert bench.broker.said == []
    go_on.set()
    eventually(lambda: bench.broker.said == [("acknowledged", 1), ("receipt", 1)], "the answer")


def test_a_database_that_fails_is_tried_again(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "RETRY", 0.01)
    real = take_in
    failures = iter(range(5))

    def failing(connection: Any, letters: Sequence[Letter]) -> Intake:
        if next(failures, None) is not None:
            assert bench.broker.said == []
            raise OperationalError("insert", {}, Exception("disk full"))
        return real(connection, letters)

    monkeypatch.setattr(workers, "take_in", failing)
    bench.offer(1)
    bench.start()
    eventually(lambda: bench.receipted() == 1, "the receipt")
    assert next(failures, None) is None
    assert bench.aside() == []
    assert bench.worker.healthy


def test_a_message_that_cannot_be_taken_in_does_not_stop_the_others(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = take_in

    def choking(connection: Any, letters: Sequence[Letter]) -> Intake:
        if any(isinstance(letter.message, Event) and letter.message.seq == 3 for letter in letters):
            raise ZeroDivisionError("a fault in the code")
        return real(connection, letters)

    monkeypatch.setattr(workers, "take_in", choking)
    for seq in range(1, 6):
        bench.offer(seq)
    bench.start()
    eventually(lambda: bench.receipted() == 5, "the receipt beyond it")
    assert bench.aside() == ["it could not be taken in: ZeroDivisionError"]
    assert [mid for what, mid in bench.broker.said if what == "acknowledged"] == [1, 2, 3, 4, 5]


def test_a_broker_that_goes_and_comes_back_is_found_again(tmp_path: Path) -> None:
    folder = tmp_path / "broker"
    with ExitStack() as stack:
        first = ExitStack()
        broker = first.enter_context(mosquitto(folder))
        cloud = stack.enter_context(control_plane(tmp_path / "cloud", broker))
        lines = stack.enter_context(cloud.stream("GET", "/api/v1/live")).iter_lines()
        next(line for line in lines if '"up": true' in line)
        first.close()
        next(line for line in lines if '"up": false' in line)  # every open page is told
        assert cloud.get("/readyz").json()["missing"] == [f"the broker {broker[0]}:{broker[1]} is not connected"]
        stack.enter_context(mosquitto(folder, broker[1]))
        next(line for line in lines if '"up": true' in line)
        assert cloud.get("/readyz").status_code == 200
        device = FakeDevice(broker, "left")
        device.tell(MatchStarted(match_id=MatchId.mint(), t=0))
        eventually(lambda: device.receipted() == 1, "the receipt")
        device.close()
