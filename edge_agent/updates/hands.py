"""What the updater has to do with the rest of the agent, and how it does its work."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from edge_agent.updates import trial as trials
from edge_agent.updates.probation import Rules, Vitals

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable
    from pathlib import Path

    from contract import messages as wire
    from edge_agent.updates.kit import Loaded


@dataclass(frozen=True, slots=True)
class Beside:
    """A model that is to run beside another of its kind, to be compared with it.

    Attributes:
        challenger: which of the two is the new one, and how far it has come.
        champion: which is the other.
        counts: whether the challenger is the one that counts, and the one that runs beside is the champion.
    """

    loaded: Loaded
    challenger: wire.ModelUpdate
    champion: wire.ActiveModel
    counts: bool


@dataclass(frozen=True, slots=True)
class Hands:
    """What the updater does to the rest of the agent.

    Attributes:
        swap: ask for a model to take over and be told by the event when it has; between two songs, unless the flag
            says at once.
        cancel: take back what `swap` asked for; False when it has already happened.
        beside: run this beside what runs of a kind, in place of what did so before; None for nothing.
        vitals: how the device does.
        report: say how far a model has come.
        changed: the reported document is another one now.
        restart: start the agent anew, since the worker does not come back from a model; for a reason.
    """

    swap: Callable[[Loaded, bool], threading.Event]
    cancel: Callable[[wire.ModelKind], bool]
    beside: Callable[[wire.ModelKind, Beside | None], None]
    vitals: Callable[[], Vitals]
    report: Callable[[wire.ModelReport], None]
    changed: Callable[[], None]
    restart: Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Ways:
    """How it is done; tests do it otherwise.

    Attributes:
        trial: the self-test of a bundle, measured against another.
        now: the time of day.
        clock: monotonic seconds.
    """

    rules: Rules = field(default_factory=Rules)
    trial: Callable[[Path, Path | None], None] = trials.trial
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    clock: Callable[[], float] = time.monotonic
