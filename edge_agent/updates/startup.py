"""Which model an agent starts with: the one that counts, else the one before it, else the one that comes with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from contract.messages import ModelPhase
from edge_agent.errors import UpdateRefusedError
from edge_agent.updates.kit import Kit, Loaded, load
from edge_agent.updates.machine import TRIES

if TYPE_CHECKING:
    from datetime import datetime

    from edge_agent.updates.machine import Track
    from edge_agent.updates.store import ModelStore

log = structlog.get_logger(__name__)


def first(store: ModelStore, kit: Kit, now: datetime) -> Loaded:
    """The best model of a kind that loads; one that does not, or that ended the agent before, is left behind.

    Raises:
        UpdateRefusedError: not even the one that comes with the agent loads.
    """
    track = _counted(store.state.track(kit.kind), now)
    _keep(store, kit, track)
    while (sha256 := track.runs) is not None:
        try:
            return load(store.path(sha256), kit)
        except UpdateRefusedError as error:
            log.error("a model does not load, going back to the one before", sha256=sha256[:12], reason=str(error))  # noqa: TRY400
            track = track.broken(f"it does not load: {error}"[:400], now)
            _keep(store, kit, track)
    return kit.builtin()


def _counted(track: Track, now: datetime) -> Track:
    """One start more for what is on probation; what has ended the agent too often is taken back."""
    attempt = track.attempt
    if attempt is None or attempt.phase is not ModelPhase.PROBATION:
        return track
    if attempt.tries < TRIES:
        return track.again()
    return track.reverted(f"the agent ended {attempt.tries + 1} times with it", now)


def _keep(store: ModelStore, kit: Kit, track: Track) -> None:
    if track == store.state.track(kit.kind):
        return
    try:
        store.keep(store.state.put(kit.kind, track))
    except OSError as error:
        log.error("cannot remember how the models stand", reason=error.strerror)  # noqa: TRY400
