from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
import yaml
from pydantic import ValidationError

from contract.codec import decode, encode
from contract.errors import DecodeError, ManifestError
from contract.examples import BOOT, DIGEST, EXAMPLES
from contract.generate import HERE, asyncapi, documents
from contract.manifest import parse
from contract.messages import Desired, Event, Message, ModelAssignment, ModelKind, ModelReport, Reported, UnknownBody
from contract.topics import TOPICS, Channel

EACH = pytest.mark.parametrize(("channel", "message"), EXAMPLES.values(), ids=EXAMPLES)


def test_what_is_generated_is_current() -> None:
    wanted = documents()
    for name, text in wanted.items():
        assert (HERE / name).read_text(encoding="utf-8") == text, f"{name}: run `python -m contract.generate`"
    there = {f"{path.parent.name}/{path.name}" for path in HERE.glob("*/*.json")}
    assert there == {name for name in wanted if name.endswith(".json")}


def test_the_asyncapi_document_is_yaml() -> None:
    assert yaml.safe_load((HERE / "asyncapi.yaml").read_text(encoding="utf-8")) == asyncapi()


@EACH
def test_every_message_comes_back(channel: Channel, message: Message) -> None:
    assert decode(channel, encode(message)) == message


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_file_is_read(name: str) -> None:
    example = json.loads((HERE / "examples" / f"{name}.json").read_text(encoding="utf-8"))
    assert decode(TOPICS.parse(example["topic"]).channel, json.dumps(example["payload"]).encode())


@EACH
def test_fields_of_a_later_version_are_ignored(channel: Channel, message: Message) -> None:
    raw = json.loads(encode(message))
    raw["later"] = {"nested": [1, 2]}
    if "body" in raw:
        raw["body"]["later"] = True
    assert decode(channel, json.dumps(raw).encode()) == message


@EACH
def test_a_newer_schema_is_refused_by_name(channel: Channel, message: Message) -> None:
    raw = json.loads(encode(message)) | {"schema_version": 2}
    with pytest.raises(DecodeError, match="schema version 2 is newer"):
        decode(channel, json.dumps(raw).encode())


@EACH
def test_messages_are_frozen(channel: Channel, message: Message) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        message.schema_version = 3


def raw_event(**changes: object) -> bytes:
    raw = json.loads(encode(EXAMPLES["event_model_refused"][1]))
    for path, value in changes.items():
        where = raw
        *folders, leaf = path.split("__")
        for folder in folders:
            where = where[folder]
        where[leaf] = value
    return json.dumps(raw).encode()


def test_enum_values_of_a_later_version_are_unknown() -> None:
    event = decode(Channel.EVENTS, raw_event(body__phase="levitating", body__model_kind="music"))
    assert isinstance(event, Event)
    assert isinstance(event.body, ModelReport)
    assert (event.body.phase, event.body.model_kind) == ("unknown", "unknown")


def test_an_event_of_a_later_kind_is_kept_as_unknown() -> None:
    event = decode(Channel.EVENTS, raw_event(body={"kind": "crowd_cheered", "loudness": 11}))
    assert isinstance(event, Event)
    assert event.body == UnknownBody(kind="crowd_cheered")


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        ("time", "2025-06-24T18:30:00", "Event.time"),
        ("time", "0001-01-01T00:00:00+14:00", "time"),
        ("seq", 0, "Event.seq"),
        ("seq", 2**53, "Event.seq"),
        ("boot_id", "b", "Event.boot_id"),
        ("body__reason", "two\nlines", "reason"),
        ("body__reason", "nul\0", "reason"),
        ("body__sha256", "beef", "sha256"),
        ("body", {"kind": "match_finished", "t": 1}, "match_finished.match_id"),
        ("body", {}, "body"),
    ],
)
def test_what_is_wrong_is_named(path: str, value: object, reason: str) -> None:
    with pytest.raises(DecodeError) as caught:
        decode(Channel.EVENTS, raw_event(**{path: value}))
    assert reason in caught.value.reason


def test_times_are_aware_and_in_utc() -> None:
    event = decode(Channel.EVENTS, raw_event(time="2025-06-24T20:30:00+02:00"))
    assert isinstance(event, Event)
    assert event.time == datetime(2025, 6, 24, 18, 30, tzinfo=UTC)
    assert event.time.utcoffset() == timedelta(0)
    east = Desired(version=1, time=datetime(2025, 1, 1, 9, tzinfo=timezone(timedelta(hours=9))))
    assert b'"2025-01-01T00:00:00Z"' in encode(east)


def test_a_device_runs_one_model_of_each_kind() -> None:
    model = ModelAssignment(kind=ModelKind.READER, name="a", version="1", sha256=DIGEST, size=1, path="/a")
    other = model.model_copy(update={"kind": ModelKind.WINNER})
    assert Desired(version=1, time=datetime.now(UTC), models=(model, other)).models == (model, other)
    with pytest.raises(ValidationError, match="two models of the same kind"):
        Desired(version=1, time=datetime.now(UTC), models=(model, model))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"kind": "toaster"}, "kind"),
        ({"schema": 2}, "newer"),
        ({"name": "../x"}, "name"),
        ({"files": {}}, "files"),
        ({"files": {"a.tflite": {"size": 1, "sha256": "x"}}}, "sha256"),
    ],
)
def test_a_manifest_is_read_or_refused_with_the_reason(change: dict[str, object], reason: str) -> None:
    good: dict[str, object] = {
        "kind": "reader",
        "name": "reader",
        "version": "1.0+x",
        "schema": 1,
        "settings": {"alphabet": "0123"},
        "files": {"line.tflite": {"size": 3, "sha256": DIGEST}},
    }
    manifest = parse(json.dumps(good).encode())
    assert (manifest.kind, manifest.files["line.tflite"].sha256) == (ModelKind.READER, DIGEST)
    with pytest.raises(ManifestError, match=reason):
        parse(json.dumps(good | change).encode())


def test_the_example_boot_is_a_boot() -> None:
    assert BOOT.count("-") == 4


def test_a_device_that_knows_no_shadows_runs_none_of_them() -> None:
    raw = json.loads(encode(EXAMPLES["desired"][1]))
    shadows = raw.pop("shadows")
    seen = decode(Channel.DESIRED, json.dumps(raw).encode())
    assert isinstance(seen, Desired)
    assert {model.sha256 for model in seen.models}.isdisjoint(shadow["sha256"] for shadow in shadows)
    with pytest.raises(ValidationError, match="two models of the same kind"):
        Desired(version=1, time=datetime.now(UTC), shadows=(seen.models[0], seen.models[0]))


def test_what_older_devices_report_is_read() -> None:
    report = json.loads(encode(EXAMPLES["reported"][1]))
    report["models"] = [{"kind": "reader", "name": "reader", "version": "1", "sha256": DIGEST}]
    seen = decode(Channel.REPORTED, json.dumps(report).encode())
    assert isinstance(seen, Reported)
    assert (seen.models[0].slot, seen.models[0].update, seen.models[0].challenger) == ("", None, None)
