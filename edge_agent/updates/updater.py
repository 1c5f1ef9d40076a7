"""Follows the desired document: fetch, check, wait for the end of the song, swap, remember, report."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import structlog

from contract import messages as wire
from contract.ids import Sha256
from edge_agent.backoff import Backoff
from edge_agent.errors import UpdateDelayedError, UpdateRefusedError
from edge_agent.updates.fetch import fetch
from models.bundle import BundleError, open_bundle
from vision.frame import Frame

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from pathlib import Path

    from edge_agent.ports import ScreenReader
    from edge_agent.updates.store import ModelStore
    from models.bundle import Bundle

READER = wire.ModelKind.READER
WAIT = 0.2

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Loaded:
    """A reader that passed every check, and which model it is."""

    reader: ScreenReader
    model: wire.ActiveModel


@dataclass(frozen=True, slots=True)
class Downloads:
    """Where models come from.

    Attributes:
        tls: what we show there and whom we trust; None asks anybody.
    """

    url: str
    tls: ssl.SSLContext | None = None


@dataclass(frozen=True, slots=True)
class Hands:
    """What the updater does to the rest of the agent.

    Attributes:
        build: a reader from a bundle; raises UpdateRefusedError.
        swap: ask for a reader to take over, and be told by the event when it has; it happens between two songs.
        cancel: take back what `swap` asked for; False when it has already happened.
        report: say how far a model has come.
        settled: the reported document has changed.
    """

    build: Callable[[Bundle], ScreenReader]
    swap: Callable[[Loaded], threading.Event]
    cancel: Callable[[], bool]
    report: Callable[[wire.ModelReport], None]
    settled: Callable[[], None]


class Updater:
    """Carries out desired documents one after the other, in a thread of its own; the newest replaces those before it.

    A model that is refused is not tried again before the desired version changes. A failed download is.
    """

    def __init__(
        self,
        base: str | Downloads,
        store: ModelStore,
        hands: Hands,
        active: wire.ActiveModel,
        *,
        backoff: Backoff | None = None,
    ) -> None:
        self._downloads = Downloads(base) if isinstance(base, str) else base
        self._store, self._hands = store, hands
        self._active = active
        self._backoff = backoff or Backoff(2.0, 60.0, jitter=0.5)
        self._wanted: wire.Desired | None = None
        self._changed = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="updates", daemon=True)

    @property
    def active(self) -> wire.ActiveModel:
        """The reader that runs."""
        return self._active

    @property
    def settled(self) -> int:
        """The last desired document that was carried out or refused."""
        return self._store.pointer.settled

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def close(self, timeout: float = 1.0) -> None:
        """End the thread."""
        self._stopping.set()
        self._changed.set()
        if self._thread.is_alive():
            self._thread.join(timeout)

    def move(self, downloads: Downloads) -> None:
        """Fetch from there from now on."""
        self._downloads = downloads

    def offer(self, desired: wire.Desired) -> None:
        """A desired document has come; it is carried out soon."""
        if desired.version <= self.settled:
            return
        self._wanted = desired
        self._changed.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._changed.wait()
            self._changed.clear()
            wanted = self._wanted
            if wanted is None or wanted.version <= self.settled or self._stopping.is_set():
                continue
            try:
                self._carry_out(wanted)
                self._backoff.reset()
            except (UpdateDelayedError, OSError) as error:
                pause = self._backoff.next()
                log.warning("update delayed", reason=str(error), next_try=f"{pause:.0f} s")
                if not self._changed.wait(pause):
                    self._changed.set()
            except Exception:  # whatever a bundle does, the device goes on with the model it has
                log.exception("update")
                self._settle(wanted)

    def _carry_out(self, desired: wire.Desired) -> None:
        for assignment in desired.models:
            if assignment.sha256 == self._active.sha256 or assignment.asked <= self.settled:
                continue  # it runs already, or an earlier document asked for it and was settled by refusing it
            if not self._bring_in(assignment, desired):
                return  # a newer document has come
        self._settle(desired)

    def _bring_in(self, assignment: wire.ModelAssignment, desired: wire.Desired) -> bool:
        def tell(phase: wire.ModelPhase, reason: str = "") -> None:
            log.info(
                "model", phase=phase.value, name=assignment.name, version=assignment.version, reason=reason or None
            )
            self._hands.report(
                wire.ModelReport(
                    phase=phase,
                    desired_version=desired.version,
                    model_kind=assignment.kind,
                    name=assignment.name,
                    version=assignment.version,
                    sha256=assignment.sha256,
                    reason=clean(reason),
                )
            )

        tell(wire.ModelPhase.ANNOUNCED)
        try:
            if assignment.kind is not READER:
                raise UpdateRefusedError(f"this agent takes no {assignment.kind.value} models")  # noqa: TRY301
            tell(wire.ModelPhase.DOWNLOADING)
            downloads = self._downloads
            path = fetch(assignment, downloads.url, self._store, stopped=self._stopping.is_set, tls=downloads.tls)
            loaded = check(path, self._hands.build, assignment)
        except UpdateRefusedError as error:
            tell(wire.ModelPhase.REFUSED, str(error))
            return True
        tell(wire.ModelPhase.VERIFIED)
        if not self._swap(loaded):
            return False
        self._store.point(self._store.pointer.activated(READER.value, assignment.sha256))
        self._active = loaded.model
        tell(wire.ModelPhase.ACTIVATED)
        return True

    def _swap(self, loaded: Loaded) -> bool:
        """Wait until the worker has taken the reader; False when that was called off."""
        done = self._hands.swap(loaded)
        while not done.wait(WAIT):
            if (self._changed.is_set() or self._stopping.is_set()) and self._hands.cancel():
                return False
        return True

    def _settle(self, desired: wire.Desired) -> None:
        self._store.point(self._store.pointer.model_copy(update={"settled": desired.version}))
        self._hands.settled()


def check(
    path: Path, build: Callable[[Bundle], ScreenReader], assignment: wire.ModelAssignment | None = None
) -> Loaded:
    """Open a bundle, hold it to its golden answers, build its reader and let it look at a picture.

    Raises:
        UpdateRefusedError: it fails in any of that, or is not the one that was assigned.
    """
    try:
        bundle = open_bundle(path)
        _same(bundle, assignment)
        bundle.self_test()
        reader = build(bundle)
        reader.read(Frame(np.zeros((360, 640, 3), np.uint8), 0.0, 0))
        reader.reset()
    except UpdateRefusedError:
        raise
    except BundleError as error:
        raise UpdateRefusedError(str(error)) from error
    except Exception as error:  # networks of the wrong shape fail in many ways
        raise UpdateRefusedError(f"it does not run: {type(error).__name__}: {error}") from error
    manifest = bundle.manifest
    model = wire.ActiveModel(kind=READER, name=manifest.name, version=manifest.version, sha256=Sha256(bundle.digest))
    return Loaded(reader, model)


def _same(bundle: Bundle, assignment: wire.ModelAssignment | None) -> None:
    if assignment is None:
        return
    is_called = f"{bundle.manifest.name} {bundle.manifest.version}"
    assigned = f"{assignment.name} {assignment.version}"
    if is_called != assigned:
        raise UpdateRefusedError(f"it calls itself {is_called}, assigned was {assigned}")


def clean(text: str) -> str:
    """One printable line that fits the wire."""
    return "".join(c if c.isprintable() else " " for c in text)[:500]
