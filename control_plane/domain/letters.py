"""A message as it came, opened: what it says, or why it could not be read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from contract.codec import decode, position
from contract.errors import DecodeError, TopicError
from contract.topics import UPWARD, Channel, TopicSchema

if TYPE_CHECKING:
    from datetime import datetime

    from contract.ids import BootId, DeviceId
    from contract.messages import Message


@dataclass(frozen=True, slots=True)
class Letter:
    """One message from the broker.

    Attributes:
        retained: the broker kept it from before: when it was sent is not known.
        device: who sent it; None when the topic is none of ours.
        message: what it says; None when it could not be read, for `reason`.
        place: the (boot, seq) of an event that could not be read, when that much could.
    """

    topic: str
    payload: bytes
    received: datetime
    retained: bool = False
    device: DeviceId | None = None
    message: Message | None = None
    reason: str = ""
    place: tuple[BootId, int] | None = None


def open_letter(schema: TopicSchema, topic: str, payload: bytes, received: datetime, *, retained: bool) -> Letter:
    """Read a message. Whatever it is, the answer is a letter."""
    try:
        address = schema.parse(topic)
    except TopicError as error:
        return Letter(topic, payload, received, retained, reason=str(error))
    if address.channel not in UPWARD:
        return Letter(topic, payload, received, retained, reason=f"nothing comes up on {address.channel}")
    try:
        message = decode(address.channel, payload)
    except DecodeError as error:
        place = position(payload) if address.channel is Channel.EVENTS else None
        return Letter(topic, payload, received, retained, address.device, reason=error.reason, place=place)
    return Letter(topic, payload, received, retained, address.device, message)
