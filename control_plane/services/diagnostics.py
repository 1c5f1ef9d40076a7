"""Bundles that devices hand in on request, so that a fault can be looked into from afar."""

from __future__ import annotations

import zipfile
import zlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from contract.messages import Command, CommandAction
from contract.topics import Channel
from control_plane.domain.access import mint
from control_plane.errors import NotFoundError, TooLargeError
from control_plane.storage import reads, writes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sqlalchemy import RowMapping

    from contract.ids import DeviceId
    from control_plane.ingest.link import Publisher
    from control_plane.storage.database import Database

MOST = 5 * 1024 * 1024  # bytes
PART = 4 * 1024 * 1024  # bytes of one part, unpacked
KEPT = 10  # of each device
WAIT = timedelta(minutes=10)


class Diagnostics:
    """Asks for them, takes them in, keeps the newest."""

    def __init__(self, database: Database, publisher: Publisher, folder: Path) -> None:
        self._database, self._publisher, self._folder = database, publisher, folder
        folder.mkdir(parents=True, exist_ok=True)

    def ask(self, device: DeviceId, by: str) -> str:
        """Ask a device; what it hands in comes under the returned id.

        Raises:
            NotFoundError: nothing was ever heard of it.
        """
        now, name = datetime.now(UTC), "d" + mint().rpartition("_")[2].replace("-", "x").replace("_", "y")
        with self._database.write() as connection:
            if reads.device(connection, device) is None:
                raise NotFoundError(f"No device {device} has ever reported here.")
            for old in writes.ask_diagnostics(connection, name, device, by, now, KEPT):
                (self._folder / f"{old}.zip").unlink(missing_ok=True)
        command = Command(id=name, action=CommandAction.DIAGNOSE, time=now, expires=now + WAIT)
        self._publisher.publish(device, Channel.COMMAND, command)
        return name

    def take(self, device: DeviceId, name: str, data: bytes) -> None:
        """A device hands one in.

        Raises:
            NotFoundError: nobody asked this device for it, or it came already.
            TooLargeError: it is too large.
        """
        if len(data) > MOST:
            raise TooLargeError(f"Diagnostics may have {MOST} bytes; these have more.")
        with self._database.write() as connection:
            if not writes.receive_diagnostics(connection, name, device, datetime.now(UTC), len(data)):
                raise NotFoundError("Nobody asked this device for that.")
            new = self._folder / f".{name}.new"
            new.write_bytes(data)
            new.replace(self._folder / f"{name}.zip")

    def page(self, device: DeviceId) -> Sequence[RowMapping]:
        """What was asked of a device, newest first."""
        with self._database.read() as connection:
            return reads.diagnostics(connection, device)

    def file(self, device: DeviceId, name: str) -> Path:
        """One that came.

        Raises:
            NotFoundError: it did not, so far.
        """
        known = {row["id"] for row in self.page(device) if row["received"] is not None}
        path = self._folder / f"{name}.zip"
        if name not in known or not path.is_file():
            raise NotFoundError("It has not come, so far: the device hands it in when it is online.")
        return path

    def part(self, device: DeviceId, name: str, part: str) -> bytes:
        """One part of one that came; what a device hands in may be anything.

        Raises:
            NotFoundError: it did not come, or has no such part that can be read.
        """
        try:
            with zipfile.ZipFile(self.file(device, name)) as archive, archive.open(part) as inside:
                data = inside.read(PART + 1)
        except (
            KeyError,
            zipfile.BadZipFile,
            OSError,
            ValueError,
            RuntimeError,
            NotImplementedError,
            zlib.error,
        ) as error:
            raise NotFoundError(f"There is no {part} in what the device handed in.") from error
        if len(data) > PART:
            raise NotFoundError(f"The {part} that the device handed in is too large to be shown: fetch the whole.")
        return data
