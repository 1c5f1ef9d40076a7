"""The devices: what they are, what they play, and what they should be."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from contract.messages import Desired, ModelAssignment
from contract.topics import Channel
from control_plane.domain import desired as wishes
from control_plane.errors import NotFoundError
from control_plane.storage import reads, writes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import RowMapping

    from contract.ids import DeviceId, MatchId
    from control_plane.ingest.link import Publisher
    from control_plane.storage.database import Database

log = structlog.get_logger("fleet")


class Fleet:
    """Reads go straight to the views; the one thing that is written is the desired document."""

    def __init__(self, database: Database, publisher: Publisher) -> None:
        self._database = database
        self._publisher = publisher

    def devices(self, limit: int, offset: int) -> tuple[Sequence[RowMapping], int]:
        """Devices by id, and how many there are."""
        with self._database.read() as connection:
            return reads.devices(connection, limit, offset)

    def device(self, device: DeviceId) -> RowMapping:
        """One device.

        Raises:
            NotFoundError: nothing was ever heard of it.
        """
        with self._database.read() as connection:
            row = reads.device(connection, device)
        if row is None:
            raise _unheard(device)
        return row

    def named(
        self, devices: Iterable[DeviceId], matches: Iterable[MatchId]
    ) -> tuple[Sequence[RowMapping], Sequence[RowMapping]]:
        """These devices and matches, for the live stream."""
        with self._database.read() as connection:
            return reads.devices_named(connection, devices), reads.matches_named(connection, matches)

    def matches(
        self, limit: int, offset: int, *, device: DeviceId | None = None, state: str | None = None
    ) -> tuple[Sequence[RowMapping], int]:
        """Matches, newest first, and how many there are."""
        with self._database.read() as connection:
            return reads.matches(connection, limit, offset, device_id=device, state=state)

    def match(self, match: MatchId) -> tuple[RowMapping, Sequence[RowMapping]]:
        """One match and its chart.

        Raises:
            NotFoundError: nothing was ever heard of it.
        """
        with self._database.read() as connection:
            row = reads.match(connection, match)
            samples = reads.samples(connection, match)
        if row is None:
            raise NotFoundError(f"There is no match {match}. `kubeddr matches list` shows those that there are.")
        return row, samples

    def steps(self, device: DeviceId) -> Sequence[RowMapping]:
        """What a device reported about models, newest first."""
        with self._database.read() as connection:
            return reads.steps(connection, device)

    def dead_letters(self, limit: int) -> tuple[Sequence[RowMapping], int]:
        """What could not be read, newest first, and how much there is."""
        with self._database.read() as connection:
            return reads.dead_letters(connection, limit)

    def desired(self, device: DeviceId) -> Desired | None:
        """What a device should be; None when nothing was ever asked of it.

        Raises:
            NotFoundError: nothing was ever heard of it.
        """
        text = self.device(device)["desired"]
        return Desired.model_validate_json(text) if text else None

    def assign(self, device: DeviceId, model: ModelAssignment) -> Desired:
        """Ask a device to run a model: written first, announced then.

        Raises:
            NotFoundError: nothing was ever heard of the device.
        """
        with self._database.write() as connection:
            row = reads.device(connection, device)
            if row is None:
                raise _unheard(device)
            current = Desired.model_validate_json(row["desired"]) if row["desired"] else None
            wish = wishes.assign(current, model, datetime.now(UTC), above=row["reported_version"])
            writes.set_desired(connection, device, wish)
        self._publisher.publish(device, Channel.DESIRED, wish)
        log.info("model wanted", device=device, name=model.name, model_version=model.version, version=wish.version)
        return wish

    def announce(self) -> None:
        """Publish every desired document again: after a connect, since the broker may have missed or lost one."""
        with self._database.read() as connection:
            wanted = reads.desired_documents(connection)
        for device, text in wanted:
            self._publisher.publish(device, Channel.DESIRED, Desired.model_validate_json(text))


def _unheard(device: DeviceId) -> NotFoundError:
    return NotFoundError(f"No device {device} has ever reported here. `kubeddr devices list` shows those that have.")
