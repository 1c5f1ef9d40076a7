"""Bytes to message and back. Whatever the bytes are, the answer is a message or a DecodeError."""

import json

from pydantic import ValidationError

from contract.errors import DecodeError, InvalidIdError
from contract.ids import MAX_SEQ, BootId
from contract.messages import SCHEMA_VERSION, Message, message_type
from contract.topics import Channel

MAX_BYTES = 64 * 1024  # no message of ours comes near; a broker limit of 64 KiB fits it


def encode(message: Message) -> bytes:
    """Compact JSON in UTF-8."""
    return message.model_dump_json().encode()


def decode(channel: Channel, payload: bytes) -> Message:
    """Read what came on `channel`.

    Raises:
        DecodeError: and nothing else, for any bytes at all.
    """
    if len(payload) > MAX_BYTES:
        raise DecodeError(f"{len(payload)} bytes are more than the {MAX_BYTES} that a message may have")
    kind = message_type(channel)
    try:
        message = kind.model_validate_json(payload)
    except ValidationError as error:
        raise DecodeError(_reason(kind.__name__, error)) from None
    except (ValueError, RecursionError, OverflowError) as error:
        raise DecodeError(f"{kind.__name__}: {type(error).__name__}") from None
    if message.schema_version > SCHEMA_VERSION:
        raise DecodeError(
            f"schema version {message.schema_version} is newer than {SCHEMA_VERSION}, which is known here"
        )
    return message


def position(payload: bytes) -> tuple[BootId, int] | None:
    """The (boot, seq) of an event that does not decode, when at least that much can be read.

    An unreadable event is kept aside, but its place must still be receipted: else the device would send it for ever.
    """
    if len(payload) > MAX_BYTES:
        return None
    try:
        raw = json.loads(payload)
        if not isinstance(raw, dict):
            return None
        boot, seq = BootId(raw["boot_id"]), raw["seq"]
    except (ValueError, KeyError, RecursionError, InvalidIdError):
        return None
    return (boot, seq) if type(seq) is int and 1 <= seq <= MAX_SEQ else None


def _reason(name: str, error: ValidationError) -> str:
    """The first fault, with its place; never the content, which may be anything."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    place = ".".join(str(part) for part in first["loc"])[:120]
    place = "".join(letter if letter.isprintable() else "?" for letter in place)
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    message = "".join(character if character.isprintable() else "?" for character in first["msg"])[:200]
    return f"{name}{'.' + place if place else ''}: {message}{more}"
