"""The models on the device's disk, and the state of the updates: a file that is only ever replaced whole."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

import structlog
from pydantic import ValidationError

from edge_agent.updates.machine import State

if TYPE_CHECKING:
    from pathlib import Path

    from contract.ids import Sha256

SUFFIX = ".kubeddr"
PART = ".part"

log = structlog.get_logger(__name__)


class ModelStore:
    """A folder of bundles, named by what is in them, and the state.

    Everything that must outlast a power cut goes through `_durable`; tests pull the plug there.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.metadata = folder / "metadata"
        self._file = folder / "state.json"
        self._state = self._read()
        self._sweep()

    @property
    def state(self) -> State:
        """How things stand."""
        return self._state

    def path(self, sha256: Sha256) -> Path:
        """Where the bundle with this digest is, or would be."""
        return self._folder / f"{sha256}{SUFFIX}"

    def part(self, sha256: Sha256) -> Path:
        """Where it is while it is downloaded."""
        return self._folder / f"{sha256}{PART}"

    def take(self, part: Path, sha256: Sha256) -> None:
        """Put a whole download in place.

        Raises:
            OSError: the disk is full or broken.
        """
        self._durable(part, self.path(sha256))

    def keep(self, state: State) -> None:
        """Change the state; after a power cut it is the old one or the new one, nothing between.

        Raises:
            OSError: the disk is full or broken; the old state stands.
        """
        new = self._folder / ".state.new"
        new.write_bytes(state.model_dump_json().encode())
        self._durable(new, self._file)
        self._state = state
        self._sweep()

    def _durable(self, new: Path, path: Path) -> None:
        """Make a file's bytes outlast a power cut, and then its name."""
        with new.open("rb") as file:
            os.fsync(file.fileno())
        new.replace(path)
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _read(self) -> State:
        try:
            return State.model_validate_json(self._file.read_bytes())
        except FileNotFoundError:
            return State()
        except (OSError, ValidationError) as error:
            log.error("the state of the models is damaged, running the built-in ones", reason=str(error))  # noqa: TRY400
            return State()

    def _sweep(self) -> None:
        """Delete what nothing needs any more."""
        used = self._state.digests()
        for path in self._folder.iterdir():
            if path.suffix in {SUFFIX, PART} and path.stem not in used:
                with contextlib.suppress(OSError):
                    path.unlink()
