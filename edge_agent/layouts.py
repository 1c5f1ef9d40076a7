"""The layouts that a device has found, on its disk: after a restart it reads from the first number on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import structlog

from vision.known import KnownLayout, from_plain

if TYPE_CHECKING:
    from pathlib import Path

    from edge_agent.ports import ScreenReader

MOST = 8  # a cabinet has one or two; the newest are kept

log = structlog.get_logger(__name__)


class Layouts:
    """The last few layouts that a match was read with, newest first. A file that is damaged is begun anew."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.known = _read(file)

    def keep(self, layout: KnownLayout) -> None:
        """Take a layout that a match was read with to be known from now on; a full disk costs only the memory of it."""
        if self.known and self.known[0] == layout:
            return
        others = (old for old in self.known if _key(old) != _key(layout))
        self.known = (layout, *others)[:MOST]
        new = self._file.with_suffix(".new")
        try:
            new.write_text(json.dumps([each.plain() for each in self.known]), encoding="utf-8")
            new.replace(self._file)
        except OSError as error:
            log.warning("the layout is not kept", reason=error.strerror)
            return
        log.info("layout kept", layout=layout.name)

    def tell(self, reader: ScreenReader) -> None:
        """Tell a reader what is known, if it has use for it."""
        if hasattr(reader, "known"):
            reader.known = self.known


def _key(layout: KnownLayout) -> tuple[str, int, int]:
    return layout.name, layout.width, layout.height


def _read(file: Path) -> tuple[KnownLayout, ...]:
    try:
        return tuple(from_plain(fields) for fields in json.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, TypeError) as error:
        log.warning("known layouts cannot be read; they will be found again", reason=str(error))
        return ()
