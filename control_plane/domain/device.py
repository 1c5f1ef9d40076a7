"""Whether a device is there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contract.ids import BootId
    from contract.messages import Status

SILENT_AFTER = timedelta(seconds=30)  # agents send telemetry every 5 s, and the contract asks for 10 s at most


class Presence(StrEnum):
    """What is known about a device now."""

    ONLINE = "online"
    SILENT = "silent"  # connected as far as the broker knows, yet nothing was heard for a while
    OFFLINE = "offline"


@dataclass(frozen=True, slots=True)
class Connection:
    """What births, wills and other signs of life have told.

    Attributes:
        connection: counts the connections of this boot.
        since: when `online` became what it is.
        heard: when something last came from the device itself.
    """

    boot: BootId | None = None
    connection: int = 0
    online: bool = False
    since: datetime | None = None
    heard: datetime | None = None

    def on_status(self, status: Status, now: datetime, *, retained: bool = False) -> Connection:
        """After a birth, a will or a farewell.

        A will counts only for the connection that is the present one: one of an earlier boot, or of an earlier
        connection of this boot, is about something that is over already. A retained status was sent at a time
        unknown, so it is no sign of life.
        """
        if self.boot is not None and not status.online and not self._is_present(status):
            return self
        if status.online and status.boot_id == self.boot and status.connection < self.connection:
            return self
        heard = now if status.online and not retained else self.heard
        since = self.since if self.since is not None and status.online == self.online else now
        if status.online and status.boot_id != self.boot and not retained:
            since = now  # it started again: the last boot's time is not this one's
        return Connection(status.boot_id, status.connection, status.online, since, heard)

    def on_life(self, boot: BootId, now: datetime) -> Connection:
        """After something that the device sent about the present. Proves the present boot alive, and no other.

        A boot that has not been born here yet is left to its birth: what it sends may have waited in the broker.
        """
        if self.boot is None:
            return Connection(boot, 0, online=True, since=now, heard=now)
        if boot != self.boot:
            return self
        if self.online:
            return replace(self, heard=now)
        return replace(self, online=True, since=now, heard=now)

    def presence(self, now: datetime) -> Presence:
        """What to call it."""
        if not self.online:
            return Presence.OFFLINE
        if self.heard is None or now - self.heard > SILENT_AFTER:
            return Presence.SILENT
        return Presence.ONLINE

    def _is_present(self, status: Status) -> bool:
        return status.boot_id == self.boot and status.connection >= self.connection
