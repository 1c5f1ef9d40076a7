"""Identifiers: strings that are checked once, where they come in, and trusted from then on."""

import re
import secrets
import time
from dataclasses import dataclass
from typing import ClassVar, Self
from uuid import UUID

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from contract.errors import InvalidIdError

MAX_SEQ = 2**53 - 1  # the largest whole number that every JSON reader keeps exactly


class _CheckedStr(str):
    """A string that matches its class's pattern, or was never made."""

    __slots__ = ()
    pattern: ClassVar[str]
    shape: ClassVar[str]

    def __new__(cls, text: str) -> Self:
        """Check and make.

        Raises:
            InvalidIdError: `text` is not of this shape.
        """
        if not isinstance(text, str) or re.fullmatch(cls.pattern, text) is None:
            raise InvalidIdError(f"{str(text)[:80]!r} is no {cls.__name__}: it must be {cls.shape}")
        return super().__new__(cls, text)

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: object, _handler: GetCoreSchemaHandler) -> CoreSchema:
        """Validate as the constructor does; the JSON schema is a string with the same pattern."""
        return core_schema.no_info_after_validator_function(
            cls,
            core_schema.str_schema(pattern=f"^{cls.pattern}$"),
            serialization=core_schema.plain_serializer_function_ser_schema(str, return_schema=core_schema.str_schema()),
        )


class DeviceId(_CheckedStr):
    """Names one device for its whole life; fit for a topic level, a file name, a host name and a label."""

    __slots__ = ()
    pattern = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
    shape = "1 to 63 lower-case letters, digits and hyphens, with no hyphen first or last"


_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"


class BootId(_CheckedStr):
    """One start of the agent process. Pairs a birth with its will, and numbers events from 1 again."""

    __slots__ = ()
    pattern = _UUID
    shape = "a lower-case UUID"

    @classmethod
    def mint(cls) -> Self:
        """A new one, for this start."""
        return cls(str(uuid7(time.time_ns() // 1_000_000, secrets.token_bytes(10))))


class MatchId(_CheckedStr):
    """One match on one device, minted there: a UUIDv7, so that ids sort by time."""

    __slots__ = ()
    pattern = r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
    shape = "a lower-case UUID of version 7"

    @classmethod
    def mint(cls, unix_ms: int | None = None) -> Self:
        """A new one, for a match that starts now, or at `unix_ms` milliseconds since 1970."""
        at = time.time_ns() // 1_000_000 if unix_ms is None else unix_ms
        return cls(str(uuid7(at, secrets.token_bytes(10))))


class Sha256(_CheckedStr):
    """The digest that names a bundle's content."""

    __slots__ = ()
    pattern = r"[0-9a-f]{64}"
    shape = "64 lower-case hexadecimal digits"


@dataclass(frozen=True, slots=True, order=True)
class EventId:
    """Names one event in the whole fleet: inserted once, whatever is sent twice.

    Attributes:
        seq: counts a boot's events from 1, without a gap.
    """

    device: DeviceId
    boot: BootId
    seq: int


def uuid7(unix_ms: int, entropy: bytes) -> UUID:
    """A version 7 UUID (RFC 9562, 5.7).

    Args:
        unix_ms: milliseconds since 1970; the lowest 48 bits are used.
        entropy: 10 random bytes, of which 74 bits are used.
    """
    bits = int.from_bytes(entropy[:10], "big")
    value = (unix_ms & (2**48 - 1)) << 80 | 0x7 << 76 | (bits >> 68 & 0xFFF) << 64 | 0b10 << 62 | bits & (2**62 - 1)
    return UUID(int=value)
