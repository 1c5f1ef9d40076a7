"""What a person accepted in set-up: where the score displays were. Nobody has to; it makes a later knock visible."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from edge_agent.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

MOVED = 0.02  # share of the picture's width by which a display stands elsewhere
DISPLAYS = 2


class Acceptance:
    """Remembers the displays' places in a small file."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._kept = _read(file)

    def accept(self, seen: dict[str, Any], at: str) -> None:
        """Take what is `seen` now for right.

        Raises:
            SettingsError: no display is seen, or the disk does not take it.
        """
        centres = _centres(seen)
        if all(centre is None for centre in centres):
            raise SettingsError("No score display is seen yet, so there is nothing to accept.")
        kept = {"at": at, "centres": centres}
        new = self._file.with_suffix(".new")
        try:
            new.write_text(json.dumps(kept), encoding="utf-8")
            new.replace(self._file)
        except OSError as error:
            raise SettingsError(f"The disk does not take it ({error.strerror}).") from error
        self._kept = kept

    def compared(self, seen: dict[str, Any]) -> dict[str, Any]:
        """When something was accepted, None for never, and whether a display has moved since."""
        if self._kept is None:
            return {"at": None, "moved": False}
        pairs = zip(self._kept["centres"], _centres(seen), strict=True)
        gaps = [abs(a - b) for then, now in pairs if then and now for a, b in zip(then, now, strict=True)]
        return {"at": self._kept["at"], "moved": max(gaps, default=0.0) > MOVED}


def _centres(seen: dict[str, Any]) -> list[list[float] | None]:
    """The middles of both displays as shares of the picture."""
    outlines = [player["outline"] for player in seen["players"]]
    return [None if o is None else [sum(axis) / len(o) for axis in zip(*o, strict=True)] for o in outlines]


def _read(file: Path) -> dict[str, Any] | None:
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
        fits = len(kept["centres"]) == DISPLAYS and isinstance(kept["at"], str)
    except (OSError, ValueError, TypeError, KeyError):
        return None  # to be accepted anew, which nobody has to
    return kept if fits else None
