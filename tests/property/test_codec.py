from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.codec import MAX_BYTES, decode, encode, position
from contract.errors import DecodeError
from contract.examples import BOOT, EXAMPLES
from contract.messages import Event, message_type
from contract.topics import Channel

CHANNELS = st.sampled_from(Channel)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)


def survives(channel: Channel, payload: bytes) -> None:
    try:
        message = decode(channel, payload)
    except DecodeError as error:
        reason = error.reason
    else:
        reason = "none"
        assert isinstance(message, message_type(channel))
        assert decode(channel, encode(message)) == message
    assert reason.isprintable()
    assert 0 < len(reason) < 500
    position(payload)


@given(CHANNELS, st.binary(max_size=300))
def test_any_bytes_are_a_message_or_a_decode_error(channel: Channel, payload: bytes) -> None:
    survives(channel, payload)


@given(CHANNELS, VALUES)
def test_any_json_is_a_message_or_a_decode_error(channel: Channel, value: Any) -> None:
    survives(channel, json.dumps(value).encode(errors="surrogatepass"))


@given(st.sampled_from(sorted(EXAMPLES)), st.data())
def test_a_message_with_one_field_changed_is_a_message_or_a_decode_error(name: str, data: st.DataObject) -> None:
    channel, message = EXAMPLES[name]
    raw = json.loads(encode(message))
    where = raw
    if isinstance(raw.get("body"), dict) and data.draw(st.booleans()):
        where = raw["body"]
    where[data.draw(st.sampled_from(sorted(where)))] = data.draw(VALUES)
    survives(channel, json.dumps(raw).encode())


@given(st.sampled_from(sorted(EXAMPLES)), st.data())
def test_a_message_with_bytes_changed_is_a_message_or_a_decode_error(name: str, data: st.DataObject) -> None:
    channel, message = EXAMPLES[name]
    payload = bytearray(encode(message))
    at = data.draw(st.integers(0, len(payload) - 1))
    payload[at : at + data.draw(st.integers(0, 5))] = data.draw(st.binary(max_size=5))
    survives(channel, bytes(payload))


@pytest.mark.parametrize(
    "payload",
    [
        b"[" * 60_000,
        b'{"seq":' + b"9" * 10_000 + b"}",
        b"9" * 10_000,
        b'{"a":' * 10_000,
        b'"\\ud800"',
        b"\xff\xfe",
        b"",
    ],
)
def test_hostile_bytes_are_decode_errors(payload: bytes) -> None:
    for channel in Channel:
        with pytest.raises(DecodeError):
            decode(channel, payload)
    assert position(payload) is None


def test_a_message_that_is_too_big_is_not_even_parsed() -> None:
    event = EXAMPLES["event_match_started"][1]
    with pytest.raises(DecodeError, match="more than"):
        decode(Channel.EVENTS, encode(event) + b" " * MAX_BYTES)
    assert position(encode(event) + b" " * MAX_BYTES) is None


def test_the_place_of_an_unreadable_event_is_still_known() -> None:
    event = EXAMPLES["event_match_started"][1]
    assert isinstance(event, Event)
    payload = encode(event).replace(b'"t":12.4', b'"t":"noon"')
    with pytest.raises(DecodeError):
        decode(Channel.EVENTS, payload)
    assert position(payload) == (BOOT, 1)
