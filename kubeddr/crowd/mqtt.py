"""As much of MQTT 3.1.1 as a device needs, on asyncio: ten thousand clients with a thread each are no option."""

from __future__ import annotations

import asyncio
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Sequence

CONNACK, PUBLISH, PUBACK, SUBACK = 2, 3, 4, 9
PING = b"\xc0\x00"
FAREWELL = b"\xe0\x00"


def connect(client_id: str, keep_alive: int, will_topic: str, will: bytes) -> bytes:
    """A CONNECT with a retained will, QoS 1, and a clean session."""
    flags = 0x02 | 0x04 | 0x08 | 0x20
    body = _text("MQTT") + bytes([4, flags]) + struct.pack("!H", keep_alive)
    return _packet(0x10, body + _text(client_id) + _text(will_topic) + struct.pack("!H", len(will)) + will)


def subscribe(mid: int, filters: Sequence[tuple[str, int]]) -> bytes:
    """A SUBSCRIBE."""
    return _packet(0x82, struct.pack("!H", mid) + b"".join(_text(name) + bytes([qos]) for name, qos in filters))


def publish(topic: str, payload: bytes, mid: int = 0, *, retain: bool = False) -> bytes:
    """A PUBLISH, QoS 1 when it has a number, else QoS 0."""
    head = 0x30 | (0x02 if mid else 0) | (0x01 if retain else 0)
    return _packet(head, _text(topic) + (struct.pack("!H", mid) if mid else b"") + payload)


def packets(buffer: bytearray) -> list[tuple[int, int, bytes]]:
    """Whole packets at the beginning of a buffer, taken out of it: (kind, flags, body)."""
    found: list[tuple[int, int, bytes]] = []
    while len(buffer) > 1:
        length, shift, at = 0, 0, 1
        while True:
            if at >= len(buffer):
                return found
            byte = buffer[at]
            at += 1
            length |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                break
        if len(buffer) < at + length:
            return found
        found.append((buffer[0] >> 4, buffer[0] & 0x0F, bytes(buffer[at : at + length])))
        del buffer[: at + length]
    return found


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack("!H", len(data)) + data


def _packet(head: int, body: bytes) -> bytes:
    length, left = bytearray(), len(body)
    while True:
        byte, left = left & 0x7F, left >> 7
        length.append(byte | (0x80 if left else 0))
        if not left:
            return bytes([head]) + bytes(length) + body


class Line(asyncio.Protocol):
    """One connection: hands on what comes, acknowledges what wants it.

    Args:
        on_message: (topic, payload).
        on_ready: the broker has granted the subscriptions.
        on_lost: the connection is over.
    """

    def __init__(
        self,
        hello: bytes,
        filters: Sequence[tuple[str, int]],
        on_message: Callable[[str, bytes], None],
        on_ready: Callable[[], None],
        on_lost: Callable[[], None],
    ) -> None:
        self._hello, self._filters = hello, filters
        self._on_message, self._on_ready, self._on_lost = on_message, on_ready, on_lost
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None
        self._mid = 0
        self.unacknowledged = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say hello."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - what asyncio gives a stream protocol
        self._transport = transport
        transport.write(self._hello)

    def data_received(self, data: bytes) -> None:
        """Take packets apart."""
        self._buffer += data
        for kind, flags, body in packets(self._buffer):
            if kind == CONNACK:
                if body[1:2] != b"\0":
                    self.cut()
                else:
                    self.write(subscribe(1, self._filters))
            elif kind == SUBACK:
                self._on_ready()
            elif kind == PUBACK:
                self.unacknowledged -= 1
            elif kind == PUBLISH:
                self._received(flags, body)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - as asyncio calls it
        """It is over."""
        self._transport = None
        self._on_lost()

    def write(self, data: bytes) -> None:
        """Send; nothing when the connection is over."""
        if self._transport is not None:
            self._transport.write(data)

    def publish(self, topic: str, payload: bytes, *, qos: int, retain: bool = False) -> None:
        """Send a message."""
        mid = 0
        if qos:
            self._mid = mid = self._mid % 65535 + 1
            self.unacknowledged += 1
        self.write(publish(topic, payload, mid, retain=retain))

    def cut(self) -> None:
        """End without a word, so that the broker speaks the will."""
        if self._transport is not None:
            self._transport.abort()

    def close(self) -> None:
        """End in good order."""
        if self._transport is not None:
            self._transport.write(FAREWELL)
            self._transport.close()

    def _received(self, flags: int, body: bytes) -> None:
        size = struct.unpack_from("!H", body)[0]
        topic, at = body[2 : 2 + size].decode("utf-8", "replace"), 2 + size
        if flags & 0x06:
            self.write(b"\x40\x02" + body[at : at + 2])
            at += 2
        self._on_message(topic, body[at:])


async def open_line(address: tuple[str, int], line: Line, tls: ssl.SSLContext | None) -> None:
    """Connect.

    Raises:
        OSError: the broker does not answer.
    """
    loop = asyncio.get_running_loop()
    await asyncio.wait_for(loop.create_connection(lambda: line, *address, ssl=tls), 30)
