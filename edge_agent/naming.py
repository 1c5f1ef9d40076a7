"""Match identifiers: random for live sources, and for a recording the same whenever it is watched."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from contract.ids import MatchId, uuid7

if TYPE_CHECKING:
    from collections.abc import Callable


def live_names() -> Callable[[float], MatchId]:
    """Names for matches that happen now."""
    return lambda _t: MatchId.mint()


def recording_names(digest: bytes) -> Callable[[float], MatchId]:
    """Names for the matches of a recording.

    The time in them is media time, the rest comes from the recording's contents: equal bytes give equal names.

    Args:
        digest: tells the recording from others.
    """

    def name(t: float) -> MatchId:
        ms = max(0, round(t * 1000))
        return MatchId(str(uuid7(ms, hashlib.sha256(digest + ms.to_bytes(8, "big")).digest())))

    return name
