"""Which model an agent starts with: the current one, else the one before it, else the one that comes with the agent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from contract import messages as wire
from edge_agent.errors import UpdateRefusedError
from edge_agent.updates.updater import READER, Loaded, check

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_agent.ports import ScreenReader
    from edge_agent.updates.store import ModelStore
    from models.bundle import Bundle

log = structlog.get_logger(__name__)


def first_reader(
    store: ModelStore,
    build: Callable[[Bundle], ScreenReader],
    builtin: Callable[[], tuple[ScreenReader, Bundle]],
) -> Loaded:
    """The best reader that loads; a model that does not is left behind for good.

    Raises:
        UpdateRefusedError: not even the built-in one loads.
    """
    while (sha256 := store.pointer.slot(READER.value).current) is not None:
        try:
            return check(store.path(sha256), build)
        except UpdateRefusedError as error:
            log.error("a model does not load, going back to the one before", sha256=sha256[:12], reason=str(error))  # noqa: TRY400
            store.point(store.pointer.fallen_back(READER.value))
    reader, bundle = builtin()
    return Loaded(reader, wire.ActiveModel(kind=READER, name=bundle.manifest.name, version=bundle.manifest.version))
