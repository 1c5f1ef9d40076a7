"""The control plane's connection against a broker that answers by hand, one packet at a time."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from contract.topics import TOPICS
from control_plane.ingest.link import Delivery, Link, LinkState
from tests.cloud_fakes import PATIENCE, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

CONNECTED = b"\x20\x02\x00\x00"
PUBLISHED = b"\x32\x0e\x00\x08kubeddr/\x00\x07hi"  # QoS 1, message id 7


class Broker:
    """One connection; packets are short enough for one length byte, or two."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(PATIENCE)
        self.address: tuple[str, int] = self.listener.getsockname()
        self.peer: socket.socket | None = None

    def accept(self) -> None:
        self.peer, _ = self.listener.accept()
        self.peer.settimeout(PATIENCE)
        assert self.read()[0] == 0x10  # CONNECT
        self.peer.sendall(CONNECTED)

    def read(self) -> tuple[int, bytes]:
        assert self.peer is not None
        kind, length, shift = self.peer.recv(1)[0], 0, 0
        while True:
            byte = self.peer.recv(1)[0]
            length |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                break
        body = b""
        while len(body) < length:
            body += self.peer.recv(length - len(body))
        return kind, body

    def send(self, data: bytes) -> None:
        assert self.peer is not None
        self.peer.sendall(data)

    def close(self) -> None:
        if self.peer is not None:
            self.peer.close()
        self.listener.close()


@pytest.fixture
def broker() -> Iterator[Broker]:
    made = Broker()
    yield made
    made.close()


@pytest.fixture
def deliveries() -> list[Delivery]:
    return []


@pytest.fixture
def states() -> list[LinkState]:
    return []


@pytest.fixture
def link(broker: Broker, deliveries: list[Delivery], states: list[LinkState]) -> Iterator[Link]:
    made = Link(broker.address, "ingest", TOPICS, deliveries.append, states.append)
    made.start()
    broker.accept()
    yield made
    made.stop()


def granted(message_id: bytes, *codes: int) -> bytes:
    return bytes([0x90, 2 + len(codes)]) + message_id + bytes(codes)


def test_it_is_up_only_when_the_broker_keeps_messages_for_it(broker: Broker, link: Link) -> None:
    kind, body = broker.read()
    assert kind == 0x82  # SUBSCRIBE, after which a careless client would call itself ready
    assert not link.state.up
    broker.send(granted(body[:2], 1, 1, 1, 0))
    eventually(lambda: link.state.up, "the grant")


def test_it_is_not_up_when_a_subscription_is_refused(broker: Broker, link: Link, deliveries: list[Delivery]) -> None:
    _, body = broker.read()
    broker.send(granted(body[:2], 1, 0x80, 1, 0))
    broker.send(PUBLISHED)  # comes after the refusal, so that it has been dealt with
    eventually(lambda: deliveries, "the message behind it")
    assert not link.state.up


def test_what_comes_before_the_grant_can_be_acknowledged(
    broker: Broker, link: Link, deliveries: list[Delivery]
) -> None:
    broker.read()
    broker.send(PUBLISHED)  # a session that outlasted us is served at once
    eventually(lambda: deliveries, "the message")
    link.acknowledge(deliveries[0])
    assert broker.read() == (0x40, b"\x00\x07")


def test_an_acknowledgement_never_crosses_to_another_connection(
    broker: Broker, link: Link, deliveries: list[Delivery], states: list[LinkState]
) -> None:
    _, body = broker.read()
    broker.send(granted(body[:2], 1, 1, 1, 0))
    broker.send(PUBLISHED)
    eventually(lambda: deliveries, "the message")
    assert broker.peer is not None
    broker.peer.close()
    broker.accept()
    _, body = broker.read()
    link.acknowledge(deliveries[0])  # of the connection before: its number may mean another message by now
    broker.send(granted(body[:2], 1, 1, 1, 0))
    broker.send(PUBLISHED)
    eventually(lambda: len(deliveries) == 2, "the message again")
    link.acknowledge(deliveries[1])
    assert broker.read() == (0x40, b"\x00\x07")
    broker.peer.settimeout(0.3)
    with pytest.raises(TimeoutError):
        broker.read()  # once, and not twice
    assert [state.up for state in states] == [True, False, True]
