from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.errors import TopicError
from contract.ids import DeviceId
from contract.topics import DOWNWARD, TOPICS, UPWARD, Channel, Topic, TopicSchema


@given(st.from_regex(DeviceId.pattern, fullmatch=True), st.sampled_from(Channel))
def test_what_is_built_is_parsed_back(device: str, channel: Channel) -> None:
    for schema in (TOPICS, TopicSchema(root="arcades/east", version="v9")):
        assert schema.parse(schema.build(DeviceId(device), channel)) == Topic(DeviceId(device), channel)


@given(st.text(max_size=60))
def test_any_other_topic_is_a_topic_error(text: str) -> None:
    with pytest.raises(TopicError):
        TOPICS.parse(text)


@pytest.mark.parametrize(
    "topic",
    [
        "kubeddr/v1/a",
        "kubeddr/v1/a/status/more",
        "kubeddr/v2/a/status",
        "kubeddr/v1/A/status",
        "kubeddr/v1//status",
        "kubeddr/v1/a/gossip",
        "/kubeddr/v1/a/status",
        "kubeddr/v1/+/status",
    ],
)
def test_near_misses_are_topic_errors(topic: str) -> None:
    with pytest.raises(TopicError):
        TOPICS.parse(topic)


def test_topics_are_what_the_architecture_says() -> None:
    assert TOPICS.build(DeviceId("left"), Channel.EVENTS) == "kubeddr/v1/left/events"
    assert TOPICS.everyone(Channel.STATUS) == "kubeddr/v1/+/status"


def test_every_channel_goes_one_way() -> None:
    assert sorted(UPWARD + DOWNWARD) == sorted(Channel)
    assert TOPICS.subscriptions_of_fleet() == (
        ("kubeddr/v1/+/status", 1),
        ("kubeddr/v1/+/reported", 1),
        ("kubeddr/v1/+/events", 1),
        ("kubeddr/v1/+/telemetry", 0),
    )
    assert TOPICS.subscriptions_of_device(DeviceId("left")) == (
        ("kubeddr/v1/left/desired", 1),
        ("kubeddr/v1/left/receipt", 1),
        ("kubeddr/v1/left/command", 1),
    )
