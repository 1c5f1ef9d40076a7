"""The topics. One object builds them, parses them and says what to subscribe to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from contract.errors import InvalidIdError, TopicError
from contract.ids import DeviceId


class Channel(StrEnum):
    """What travels on a topic, and how."""

    STATUS = "status"  # up, QoS 1, retained, with will: Status
    REPORTED = "reported"  # up, QoS 1, retained: Reported
    DESIRED = "desired"  # down, QoS 1, retained: Desired
    EVENTS = "events"  # up, QoS 1 from the outbox: Event
    TELEMETRY = "telemetry"  # up, QoS 0: Telemetry
    RECEIPT = "receipt"  # down, QoS 1: Receipt
    COMMAND = "command"  # down, QoS 1: Command

    @property
    def qos(self) -> int:
        """The quality of service that both sides use here."""
        return 0 if self is Channel.TELEMETRY else 1

    @property
    def retained(self) -> bool:
        """Whether the broker keeps the last message for whoever comes later."""
        return self in {Channel.STATUS, Channel.REPORTED, Channel.DESIRED}


UPWARD = (Channel.STATUS, Channel.REPORTED, Channel.EVENTS, Channel.TELEMETRY)
DOWNWARD = (Channel.DESIRED, Channel.RECEIPT, Channel.COMMAND)


@dataclass(frozen=True, slots=True)
class Topic:
    """One channel of one device."""

    device: DeviceId
    channel: Channel


@dataclass(frozen=True, slots=True)
class TopicSchema:
    """`{root}/{version}/{device}/{channel}`, both ways.

    Attributes:
        root: the first level, so that one broker can carry several fleets.
        version: of the layout of topics, not of the messages in them.
    """

    root: str = "kubeddr"
    version: str = "v1"

    def build(self, device: DeviceId, channel: Channel) -> str:
        """The topic to publish on."""
        return f"{self.root}/{self.version}/{device}/{channel}"

    def parse(self, topic: str) -> Topic:
        """The inverse of `build`.

        Raises:
            TopicError: not a topic of this schema.
        """
        levels = topic.split("/")
        root = self.root.split("/")
        if levels[: len(root) + 1] != [*root, self.version] or len(levels) != len(root) + 3:
            raise TopicError(f"{topic[:200]!r} is not {self.root}/{self.version}/DEVICE/CHANNEL")
        try:
            return Topic(DeviceId(levels[-2]), Channel(levels[-1]))
        except InvalidIdError as error:
            raise TopicError(f"{topic[:200]!r}: {error}") from error
        except ValueError as error:
            raise TopicError(f"{topic[:200]!r}: there is no channel {levels[-1][:80]!r}") from error

    def everyone(self, channel: Channel) -> str:
        """The subscription filter for one channel of every device."""
        return self.build_filter("+", channel)

    def subscriptions_of_fleet(self, share: str = "") -> tuple[tuple[str, int], ...]:
        """(filter, QoS) for all that devices send: what the control plane subscribes to.

        Args:
            share: replicas that name the same take turns in what streams (MQTT 5); what is retained, each hears.
        """
        before = f"$share/{share}/" if share else ""
        return tuple((("" if channel.retained else before) + self.everyone(channel), channel.qos) for channel in UPWARD)

    def subscriptions_of_device(self, device: DeviceId) -> tuple[tuple[str, int], ...]:
        """(filter, QoS) for all that is sent to `device`: what its agent subscribes to."""
        return tuple((self.build(device, channel), channel.qos) for channel in DOWNWARD)

    def build_filter(self, device: str, channel: Channel) -> str:
        """A filter whose device level is a wildcard or a device."""
        return f"{self.root}/{self.version}/{device}/{channel}"


TOPICS = TopicSchema()
