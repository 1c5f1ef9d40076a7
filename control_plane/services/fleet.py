"""The devices: what they are, what they play, and what they should be."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from contract.ids import DeviceId
from contract.messages import Desired
from contract.topics import Channel
from control_plane.domain import desired as wishes
from control_plane.domain.device import SILENT_AFTER
from control_plane.errors import ConflictError, NotFoundError
from control_plane.storage import reads, writes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from sqlalchemy import Connection, RowMapping

    from contract.ids import MatchId
    from contract.messages import Command, ModelAssignment, ModelKind, Settings
    from control_plane.ingest.link import Publisher
    from control_plane.storage.database import Database
    from control_plane.storage.reads import Sought

log = structlog.get_logger("fleet")


class Fleet:
    """Reads go straight to the views; the one thing that is written is the desired document."""

    def __init__(self, database: Database, publisher: Publisher) -> None:
        self._database = database
        self._publisher = publisher

    def devices(self, limit: int, offset: int, sought: Sought | None = None) -> tuple[Sequence[RowMapping], int]:
        """Devices by id, and how many there are."""
        with self._database.read() as connection:
            return reads.devices(connection, limit, offset, sought)

    def counts(self, now: datetime) -> dict[str, int]:
        """How many devices stand how: `online`, `degraded`, `silent`, `offline`."""
        with self._database.read() as connection:
            return reads.presence_counts(connection, now - SILENT_AFTER)

    def sites(self, now: datetime) -> Sequence[RowMapping]:
        """Every site with how many of its devices stand how."""
        with self._database.read() as connection:
            return reads.sites(connection, now - SILENT_AFTER)

    def label(self, device: DeviceId, site: str | None, tags: Iterable[str] | None, note: str | None) -> None:
        """Say where a device stands and what it is; None leaves it as it is.

        Raises:
            NotFoundError: nothing was ever heard of the device.
        """
        words = None if tags is None else "".join(f" {tag} " for tag in sorted(set(tags)))
        given = {"site": site, "tags": words, "note": note}
        with self._database.write() as connection:
            if reads.device(connection, device) is None:
                raise _unheard(device)
            writes.label(connection, device, **{key: value for key, value in given.items() if value is not None})

    def command(self, device: DeviceId, command: Command) -> None:
        """Ask a device for one thing, now.

        Raises:
            NotFoundError: nothing was ever heard of it.
        """
        self.device(device)
        self._publisher.publish(device, Channel.COMMAND, command)

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

    def matches(  # noqa: PLR0913 - one for each filter
        self,
        limit: int,
        offset: int,
        *,
        device: DeviceId | None = None,
        text: str | None = None,
        state: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> tuple[Sequence[RowMapping], int]:
        """Matches, newest first, and how many there are; `text` is a part of the device's id or name."""
        bounds = {"since": since, "until": until}
        with self._database.read() as connection:
            return reads.matches(connection, limit, offset, device_id=device, text=text, state=state, **bounds)

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

    def dead_letters(self, limit: int, offset: int = 0) -> tuple[Sequence[RowMapping], int]:
        """What could not be read, newest first, and how much there is."""
        with self._database.read() as connection:
            return reads.dead_letters(connection, limit, offset)

    def desired(self, device: DeviceId) -> Desired | None:
        """What a device should be; None when nothing was ever asked of it.

        Raises:
            NotFoundError: nothing was ever heard of it.
        """
        text = self.device(device)["desired"]
        return Desired.model_validate_json(text) if text else None

    def assign(self, device: DeviceId, model: ModelAssignment, *, shadow: bool = False) -> Desired:
        """Ask a device to run a model, or to have it beside the one that runs: written first, announced then.

        Raises:
            NotFoundError: nothing was ever heard of the device.
        """
        wish = self._wish(device, lambda now, old, above: wishes.assign(old, model, now, above=above, shadow=shadow))
        log.info("model wanted", device=device, name=model.name, model_version=model.version, version=wish.version)
        return wish

    def unshadow(self, device: DeviceId, kind: ModelKind) -> Desired:
        """Ask a device to have no shadow of a kind any more.

        Raises:
            NotFoundError: nothing was ever heard of the device, or it is asked for none.
        """

        def changed(now: datetime, old: Desired | None, above: int) -> Desired:
            if old is None or not any(each.kind is kind for each in old.shadows):
                raise NotFoundError(f"{device} is asked for no {kind.value} beside the one that runs.")
            return wishes.unshadow(old, kind, now, above=above)

        return self._wish(device, changed)

    def set_up(self, device: DeviceId, values: Settings, version: int | None = None) -> Desired:
        """Ask a device to be set so: written first, announced then.

        Raises:
            NotFoundError: nothing was ever heard of the device.
            ConflictError: the document is not the `version` any more that this is a change to.
        """

        def changed(now: datetime, old: Desired | None, above: int) -> Desired:
            if version is not None and version != (old.version if old else 0):
                raise ConflictError(f"{device} was changed meanwhile: look at it again, then decide.")
            return wishes.set_up(old, values, now, above=above)

        wish = self._wish(device, changed)
        log.info("settings wanted", device=device, version=wish.version)
        return wish

    def ask_all(
        self,
        devices: Iterable[DeviceId],
        change: Callable[[RowMapping, datetime], Desired | None],
        beside: Callable[[Connection], None],
    ) -> None:
        """Ask many devices at once: written in one transaction, announced then.

        Args:
            devices: of which some may not be there.
            change: a device's row and the time in, its new document out; None for one that is well as it is.
            beside: writes in the same transaction what else depends on it.
        """
        with self._database.write() as connection:
            now = datetime.now(UTC)
            rows = reads.documents(connection, devices)
            wishes = {DeviceId(row["id"]): change(row, now) for row in rows}
            new = {device: wish for device, wish in wishes.items() if wish is not None}
            writes.set_all_desired(connection, new)
            beside(connection)
        for device, wish in new.items():
            self._publisher.publish(device, Channel.DESIRED, wish)

    def _wish(self, device: DeviceId, change: Callable[[datetime, Desired | None, int], Desired]) -> Desired:
        with self._database.write() as connection:
            writes.lock_device(connection, device)
            row = reads.device(connection, device)
            if row is None:
                raise _unheard(device)
            current = Desired.model_validate_json(row["desired"]) if row["desired"] else None
            wish = change(datetime.now(UTC), current, row["reported_version"])
            writes.set_desired(connection, device, wish)
        self._publisher.publish(device, Channel.DESIRED, wish)
        return wish

    def remind(self) -> None:
        """Publish again what a device that is there has not settled: it, or the broker, may have lost it."""
        with self._database.read() as connection:
            wanted = reads.desired_documents(connection, unsettled=True)
        for device, text in wanted:
            self._publisher.publish(device, Channel.DESIRED, Desired.model_validate_json(text))

    def announce(self) -> None:
        """Publish every desired document again: after a connect, since the broker may have missed or lost one."""
        with self._database.read() as connection:
            wanted = reads.desired_documents(connection)
        for device, text in wanted:
            self._publisher.publish(device, Channel.DESIRED, Desired.model_validate_json(text))


def _unheard(device: DeviceId) -> NotFoundError:
    return NotFoundError(f"No device {device} has ever reported here. `kubeddr devices list` shows those that have.")
