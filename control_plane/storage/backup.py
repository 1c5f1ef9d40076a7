"""A copy of what a control plane cannot do without, taken while it runs, and put back where nothing is yet."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import tarfile
import tempfile
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from control_plane.errors import ConflictError, NotFoundError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator

DATABASE = "kubeddr.db"
# The authority without which every device would have to be let in anew; bundles; what signs them. Not the broker's
# store: what is wanted of devices stands in the database, and they send again what has no receipt.
FOLDERS = ("authority", "bundles", "releases")
PATTERN = "kubeddr-*.tar.gz"


def save(data: Path, to: Path, keep: int) -> Path:
    """Write an archive of `data` into the folder `to`, and delete all but the `keep` newest there.

    Nothing has to stop: SQLite is copied as of one moment, and the signed documents while nobody signs. A database
    elsewhere (PostgreSQL) has backups of its own and is not in it.

    Raises:
        NotFoundError: `data` holds no control plane's data.
    """
    if not (data / "authority" / "ca.key").is_file():
        raise NotFoundError(f"{data} holds no control plane's data: name its folder with --data.")
    to.mkdir(parents=True, exist_ok=True)
    for left in to.glob(".kubeddr-*.new"):  # of a backup that was cut off
        left.unlink(missing_ok=True)
    path = to / f"kubeddr-{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}.tar.gz"
    new = path.with_name(f".{path.name}.new")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:  # keys are in it
        # a cluster shows a secret's files as links
        opened = tarfile.open(fileobj=file, mode="w:gz", dereference=True)  # noqa: SIM115 - closed with the others
        with opened as archive, _still(data), tempfile.TemporaryDirectory() as aside:
            if (data / DATABASE).is_file():
                archive.add(_copied(data / DATABASE, Path(aside) / DATABASE), DATABASE)
            for folder in FOLDERS:
                if (data / folder).is_dir():
                    archive.add(data / folder, folder, filter=_worth_keeping)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    for old in sorted(to.glob(PATTERN))[:-keep]:
        old.unlink()
    return path


def restore(archive: Path, data: Path) -> int:
    """Put an archive back into `data`, which must be empty or not there; the number of files.

    Raises:
        ConflictError: there is something in `data`.
        RefusedError: the archive is damaged, or none of ours.
    """
    if data.is_dir() and any(data.iterdir()):
        raise ConflictError(f"{data} is not empty: stop the control plane and move what is there away first.")
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    count = 0
    try:
        with tarfile.open(archive, "r:gz") as opened:
            for member in opened:
                place = PurePosixPath(member.name)
                if place.is_absolute() or ".." in place.parts or place.parts[0] not in {DATABASE, *FOLDERS}:
                    raise RefusedError(f"{archive} holds {member.name[:200]}, which no backup of ours has.")
                if member.isfile() and (content := opened.extractfile(member)) is not None:
                    _put(data / place, content.read(), member.mode)
                    count += 1
    except (tarfile.TarError, EOFError, OSError) as error:
        raise RefusedError(f"{archive} cannot be read: {error}. Take an older backup.") from error
    if not (data / "authority" / "ca.key").is_file():
        raise RefusedError(f"{archive} has no authority in it: it is no backup of a control plane.")
    return count


def _copied(database: Path, to: Path) -> Path:
    with closing(sqlite3.connect(f"file:{database}", uri=True)) as source, closing(sqlite3.connect(to)) as copy:
        source.backup(copy)
    return to


@contextmanager
def _still(data: Path) -> Iterator[None]:
    """While nobody signs models."""
    if not (data / "releases").is_dir():
        yield
        return
    with (data / "releases" / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _worth_keeping(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    hidden = PurePosixPath(member.name).name.startswith(".")  # files half written, and uploads under way
    return None if hidden or not (member.isfile() or member.isdir()) else member


def _put(path: Path, content: bytes, mode: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode & 0o700), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
