"""The connection to the broker: what comes in is handed on, and acknowledged only when told to."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

import structlog
from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from contract.codec import encode

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from contract.ids import DeviceId
    from contract.messages import Message
    from contract.topics import Channel, TopicSchema

log = structlog.get_logger("link")

KEEPALIVE = 15  # seconds
SESSION = 7 * 24 * 3600  # seconds that a broker keeps what comes for a replica that is away
RETRY = (1, 15)  # seconds, first and longest pause before connecting again


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message as the broker handed it over.

    Attributes:
        mid: what the broker wants to hear back; 0 for a message that needs no answer.
        session: counts connections and their ends: an answer on another connection than the question's would be about
            another message.
    """

    topic: str
    payload: bytes
    retained: bool
    received: datetime
    mid: int
    session: int


class Publisher(Protocol):
    """Whatever can send a message down to a device."""

    def publish(self, device: DeviceId, channel: Channel, message: Message) -> None:
        """Send, now or when the broker is there again."""


@dataclass(frozen=True, slots=True)
class LinkState:
    """Whether the broker is connected and has granted the subscriptions, and since when that is so."""

    up: bool
    since: datetime


class Link:
    """A paho client with a thread of its own, a session that outlasts it, and acknowledgement by hand.

    `on_delivery` and `on_state` are called on that thread, and must be quick.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - what it joins is what it is for
        self,
        address: tuple[str, int],
        client_id: str,
        topics: TopicSchema,
        on_delivery: Callable[[Delivery], None],
        on_state: Callable[[LinkState], None],
        tls: ssl.SSLContext | None = None,
        share: str = "",
    ) -> None:
        self._address = address
        self._topics = topics
        self._on_delivery = on_delivery
        self._on_state = on_state
        self._session = 0
        self._lock = threading.Lock()
        self.state = LinkState(up=False, since=datetime.now(UTC))
        self._share = share
        session: dict[str, Any] = {"protocol": mqtt.MQTTv5} if share else {"clean_session": False}
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=client_id, manual_ack=True, **session)
        if tls is not None:
            self._client.tls_set_context(tls)
        self._client.max_inflight_messages_set(1000)
        self._client.reconnect_delay_set(*RETRY)
        self._client.on_connect = self._connected
        self._client.on_subscribe = self._subscribed
        self._client.on_disconnect = self._disconnected
        self._client.on_message = self._message

    def start(self) -> None:
        """Connect, and keep connecting for as long as it takes."""
        if self._share:
            lasting = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            lasting.SessionExpiryInterval = SESSION
            lasting.ReceiveMaximum = 1000
            kept: dict[str, Any] = {"clean_start": False, "properties": lasting}
        else:
            kept = {}
        self._client.connect_async(*self._address, keepalive=KEEPALIVE, **kept)
        self._client.loop_start()

    def stop(self) -> None:
        """Say goodbye. What was not acknowledged comes again next time."""
        self._client.disconnect()
        self._client.loop_stop()

    def acknowledge(self, delivery: Delivery) -> None:
        """Tell the broker that a message is ours now; nothing when its connection is over, for then it comes again."""
        with self._lock:
            if delivery.mid and delivery.session == self._session:
                self._client.ack(delivery.mid, 1)

    def publish(self, device: DeviceId, channel: Channel, message: Message) -> None:
        """Send a message down; while the broker is away it waits in memory."""
        topic = self._topics.build(device, channel)
        self._client.publish(topic, encode(message), qos=channel.qos, retain=channel.retained)

    def _connected(self, client: mqtt.Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            log.warning("the broker refuses us", reason=str(reason))
            return
        self._next_session()
        client.subscribe(list(self._topics.subscriptions_of_fleet(self._share)))

    def _subscribed(self, _client: mqtt.Client, _data: Any, _mid: int, reasons: list[Any], _properties: Any) -> None:
        # only now does the broker keep for us what devices send: before, it would be lost without a trace
        if any(reason.is_failure for reason in reasons):
            log.error("the broker does not let us listen", reasons=[str(reason) for reason in reasons])
            return
        self._set(up=True)
        log.info("connected to the broker", host=self._address[0], port=self._address[1])

    def _disconnected(self, _client: mqtt.Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        self._next_session()
        if not self.state.up:
            return
        self._set(up=False)
        log.info("disconnected from the broker", reason=str(reason))

    def _next_session(self) -> None:
        with self._lock:
            self._session += 1

    def _message(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = "?"
        mid = message.mid if message.qos else 0
        now = datetime.now(UTC)
        self._on_delivery(Delivery(topic, bytes(message.payload), message.retain, now, mid, self._session))

    def _set(self, *, up: bool) -> None:
        self.state = LinkState(up, datetime.now(UTC))
        self._on_state(self.state)
