"""The models on the device's disk, and which of them run: a pointer file that is only ever replaced whole.

A slot holds what runs and what ran before. Later slots (one that is being tried, one that runs in the shadow) are
further fields of `Slot`: an unknown field in the file is ignored and a missing one has its default.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from typing import IO, TYPE_CHECKING, ClassVar

import structlog
from pydantic import BaseModel, ConfigDict, ValidationError

from contract.ids import Sha256  # noqa: TC001 - pydantic asks for it

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SUFFIX = ".kubeddr"

log = structlog.get_logger(__name__)


class Slot(BaseModel):
    """The models of one kind, by digest; None is the one that comes with the agent."""

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True)

    current: Sha256 | None = None
    previous: Sha256 | None = None


class Pointer(BaseModel):
    """What runs.

    Attributes:
        settled: the last desired document that was carried out or refused.
        slots: by kind.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True)

    settled: int = 0
    slots: dict[str, Slot] = {}

    def slot(self, kind: str) -> Slot:
        """The slot of a kind."""
        return self.slots.get(kind, Slot())

    def activated(self, kind: str, sha256: Sha256) -> Pointer:
        """The pointer after a model has taken over."""
        old = self.slot(kind)
        return self._with(kind, Slot(current=sha256, previous=old.current))

    def fallen_back(self, kind: str) -> Pointer:
        """The pointer after the current model has turned out not to load."""
        return self._with(kind, Slot(current=self.slot(kind).previous))

    def _with(self, kind: str, slot: Slot) -> Pointer:
        return self.model_copy(update={"slots": self.slots | {kind: slot}})


class ModelStore:
    """A folder of bundles, named by what is in them, and the pointer file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._file = folder / "active.json"
        self._pointer = self._read()
        self._sweep()

    @property
    def pointer(self) -> Pointer:
        """What runs now."""
        return self._pointer

    def path(self, sha256: Sha256) -> Path:
        """Where the bundle with this digest is, or would be."""
        return self._folder / f"{sha256}{SUFFIX}"

    def point(self, pointer: Pointer) -> None:
        """Change what runs; after a power cut it is the old pointer or the new one, nothing between.

        Raises:
            OSError: the disk is full or broken; the old pointer stands.
        """
        with self.replacing(self._file) as file:
            file.write(pointer.model_dump_json().encode())
        self._pointer = pointer
        self._sweep()

    @contextlib.contextmanager
    def replacing(self, path: Path) -> Iterator[IO[bytes]]:
        """A temporary file that becomes `path` when all goes well, and nothing otherwise."""
        descriptor, name = tempfile.mkstemp(prefix=".coming-", dir=self._folder)
        try:
            with os.fdopen(descriptor, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, path)  # noqa: PTH105 - the name says what it does
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(name)  # noqa: PTH108 - a descriptor's name, not a path of ours
            raise
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _read(self) -> Pointer:
        try:
            return Pointer.model_validate_json(self._file.read_bytes())
        except FileNotFoundError:
            return Pointer()
        except (OSError, ValidationError) as error:
            log.error("the pointer to the models is damaged, running the built-in ones", reason=str(error))  # noqa: TRY400
            return Pointer()

    def _sweep(self) -> None:
        """Delete what no slot names, and what an interrupted download left."""
        used = {sha for slot in self._pointer.slots.values() for sha in (slot.current, slot.previous)}
        for path in self._folder.iterdir():
            stray = path.suffix == SUFFIX and path.stem not in used
            if stray or path.name.startswith(".coming-"):
                path.unlink(missing_ok=True)
