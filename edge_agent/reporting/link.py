"""The connection to the broker, in a thread of its own: birth and will, events out of the outbox, documents in."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import paho.mqtt.client as paho
import structlog
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode

from contract import messages as wire
from contract.codec import decode, encode
from contract.errors import ContractError
from contract.topics import TOPICS, Channel
from edge_agent.reporting.reconnection import LinkState, Reconnection
from edge_agent.reporting.sender import Sender

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from contract.ids import DeviceId
    from edge_agent.reporting.outbox import Outbox, Stored

KEEP_ALIVE = 10  # seconds; a broker that is silent for longer is gone
CONNECT_TIMEOUT = 3.0
PAUSE = 0.05  # seconds that one turn of the loop may wait for the network
TELEMETRY_EVERY = 5.0
PAST = timedelta(seconds=5)  # an event that is sent later than this tells the past
FAREWELL = 0.5
UNSPECIFIED = 0x80  # a reason code

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Address:
    """Where the broker listens, and who we are there.

    Attributes:
        tls: what we show and whom we trust; None for a broker in the clear.
    """

    host: str
    port: int
    device: DeviceId
    tls: ssl.SSLContext | None = None


@dataclass(frozen=True, slots=True)
class Callbacks:
    """What the link asks and tells; called in its thread.

    Attributes:
        reported: the document to publish now.
        telemetry: the figures to publish now.
        desired: a desired document has come.
        command: a command that has not expired has come.
        lost: the connection broke, or a try failed.
    """

    reported: Callable[[], wire.Reported]
    telemetry: Callable[[], wire.Telemetry]
    desired: Callable[[wire.Desired], None]
    command: Callable[[wire.Command], None]
    lost: Callable[[], None] = lambda: None


class Link:
    """Keeps the device connected for as long as it runs; works offline just as well.

    Every connection is a new MQTT session: what the broker forgot with the last one is in the outbox anyway, and the
    retained desired document comes with the subscription.
    """

    def __init__(
        self,
        address: Address,
        outbox: Outbox,
        callbacks: Callbacks,
        *,
        reconnection: Reconnection | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._address, self._device, self._outbox, self._callbacks = address, address.device, outbox, callbacks
        self._now = now
        self._reconnection = reconnection or Reconnection()
        self._sender = Sender(outbox)
        self._client: paho.Client | None = None
        self._connections = 0
        self._told_offline = False
        self._broken: str | None = None  # set in a callback, acted upon outside of it
        self._telemetry_at = 0.0
        self._report_again = threading.Event()
        self._moving = threading.Lock()
        self._next_address: Address | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="link", daemon=True)
        self.undecodable = 0

    @property
    def state(self) -> LinkState:
        """Where the connection stands."""
        return self._reconnection.state

    @property
    def reason(self) -> str:
        """Why there is no connection; empty while there is one."""
        return self._reconnection.reason

    @property
    def connections(self) -> int:
        """How many connections this boot has had."""
        return self._connections

    def start(self) -> None:
        """Begin connecting; once is enough."""
        if self._thread.ident is None:
            self._thread.start()

    def report(self) -> None:
        """The reported document has changed: publish it when connected."""
        self._report_again.set()

    def move(self, address: Address) -> None:
        """Go to another broker, or to the same with another certificate; called from any thread."""
        with self._moving:
            self._next_address = address

    def close(self, timeout: float = 1.5) -> None:
        """Say farewell and end the thread."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._turn()
            except Exception:  # the link must outlive every surprise; the outbox keeps what was not sent
                log.exception("link")
                self._lose("an unexpected error")
        self._farewell()

    def _turn(self) -> None:
        now = time.monotonic()
        with self._moving:
            moved, self._next_address = self._next_address, None
        if moved is not None:
            self._address, self._device = moved, moved.device
            self._lose("moving to what the control plane told")
            self._reconnection.at_once()
        if self._reconnection.due(now):
            self._connect(now)
        client = self._client
        if client is None:
            self._stopping.wait(PAUSE)
            return
        code = client.loop(PAUSE)
        if self._broken is not None:
            self._lose(self._broken)
        elif code is not MQTTErrorCode.MQTT_ERR_SUCCESS:
            self._lose(paho.error_string(code))
        elif self._reconnection.overdue(time.monotonic()):
            self._lose("the broker does not answer")
        elif self._reconnection.state is LinkState.CONNECTED:
            self._send(client)

    def _connect(self, now: float) -> None:
        self._reconnection.connecting(now)
        self._connections += 1
        self._broken = None
        client = paho.Client(CallbackAPIVersion.VERSION2, client_id=f"kubeddr-{self._device}", clean_session=True)
        client.connect_timeout = CONNECT_TIMEOUT
        client.max_inflight_messages_set(1000)  # the sender's window is the bound
        client.will_set(
            *self._status(online=False, reason="the connection was lost"), qos=Channel.STATUS.qos, retain=True
        )
        if self._address.tls is not None:
            client.tls_set_context(self._address.tls)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        self._client = client
        try:
            client.connect(self._address.host, self._address.port, keepalive=KEEP_ALIVE)
        except (OSError, ValueError) as error:
            self._lose(str(error))

    def _on_connect(self, client: paho.Client, _data: Any, _flags: Any, code: Any, _properties: Any) -> None:
        if code.is_failure:
            self._broken = f"refused: {code}"
            return
        self._reconnection.connected(time.monotonic())
        self._told_offline = False
        log.info("connected", broker=f"{self._address.host}:{self._address.port}", waiting=self._outbox.depth)
        client.subscribe(list(TOPICS.subscriptions_of_device(self._device)))
        client.publish(*self._status(online=True), qos=Channel.STATUS.qos, retain=True)
        self._sender.rewind()
        self._report_again.set()
        self._telemetry_at = 0.0

    def _on_disconnect(self, _client: paho.Client, _data: Any, _flags: Any, code: Any, _properties: Any) -> None:
        unsaid = code == UNSPECIFIED  # paho's word for a line that broke without a farewell
        self._broken = self._broken or ("the connection broke" if unsaid else str(code))

    def _on_message(self, _client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        try:
            told = decode(TOPICS.parse(message.topic).channel, bytes(message.payload))
        except ContractError as error:
            self.undecodable += 1
            log.warning("cannot read a message", topic=message.topic, reason=str(error))
            return
        if isinstance(told, wire.Receipt):
            self._sender.receipted(told.boot_id, told.seq, time.monotonic())
        elif isinstance(told, wire.Desired):
            self._callbacks.desired(told)
        elif isinstance(told, wire.Command) and told.expires > self._now():
            if told.action is wire.CommandAction.REPORT:
                self._report_again.set()
            self._callbacks.command(told)

    def _send(self, client: paho.Client) -> None:
        now = time.monotonic()
        if self._report_again.is_set():
            self._report_again.clear()
            self._publish(client, Channel.REPORTED, self._callbacks.reported())
        for stored in self._sender.due(now):
            self._publish(client, Channel.EVENTS, self._event(stored))
        if now >= self._telemetry_at:
            self._telemetry_at = now + TELEMETRY_EVERY
            self._publish(client, Channel.TELEMETRY, self._callbacks.telemetry())

    def _publish(self, client: paho.Client, channel: Channel, message: wire.Message) -> None:
        topic = TOPICS.build(self._device, channel)
        client.publish(topic, encode(message), qos=channel.qos, retain=channel.retained)

    def _event(self, stored: Stored) -> wire.Event:
        late = stored.boot_id != self._outbox.boot_id or self._now() - stored.time > PAST
        envelope = {
            "boot_id": stored.boot_id,
            "seq": stored.seq,
            "time": stored.time,
            "historical": late,
            "oldest": stored.oldest,
            "body": json.loads(stored.body),
        }
        return wire.Event.model_validate(envelope)

    def _status(self, *, online: bool, reason: str = "") -> tuple[str, bytes]:
        status = wire.Status(
            boot_id=self._outbox.boot_id,
            online=online,
            connection=self._connections,
            time=self._now(),
            reason=reason,
        )
        return TOPICS.build(self._device, Channel.STATUS), encode(status)

    def _lose(self, reason: str) -> None:
        client, self._client = self._client, None
        if client is not None:
            _hang_up(client)
        if self._reconnection.state in (LinkState.CONNECTED, LinkState.CONNECTING):
            wait = self._reconnection.lost(time.monotonic(), reason)
            if not self._told_offline:
                self._told_offline = True  # once, not at every try
                log.warning("offline, going on alone", reason=reason, next_try=f"{wait:.1f} s")
            self._callbacks.lost()

    def _farewell(self) -> None:
        client, connected = self._client, self._reconnection.state is LinkState.CONNECTED
        self._client = None
        self._reconnection.close()
        if client is not None and connected:
            self._send(client)  # the last events, which may say how a match was left
            client.publish(
                *self._status(online=False, reason="the agent was stopped"), qos=Channel.STATUS.qos, retain=True
            )
            end = time.monotonic() + FAREWELL
            while (
                client.want_write() and time.monotonic() < end and client.loop(PAUSE) is MQTTErrorCode.MQTT_ERR_SUCCESS
            ):
                pass
            client.disconnect()  # in good order: the broker forgets the will
        if client is not None:
            _hang_up(client)


def _hang_up(client: paho.Client) -> None:
    """Close a connection as a cut would, so that the broker speaks the will if we do not come back."""
    client.on_connect = client.on_disconnect = client.on_message = None
    socket = client.socket()
    if socket is not None:
        socket.close()
