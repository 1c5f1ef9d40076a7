"""The device's side of updates with everything else played by hand: driven step by step, without a thread."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from contract import messages as wire
from edge_agent.errors import UpdateRefusedError
from edge_agent.updates import startup
from edge_agent.updates.hands import Beside, Hands, Ways
from edge_agent.updates.kit import Kit, Loaded
from edge_agent.updates.machine import Figures
from edge_agent.updates.probation import Rules, Vitals
from edge_agent.updates.store import ModelStore
from edge_agent.updates.updater import Updater
from models.bundle import BundleError, open_bundle
from tests.device_fakes import LevelReader

if TYPE_CHECKING:
    from pathlib import Path

    from contract.ids import Sha256
    from edge_agent.updates.signed import Source
    from models.bundle import Bundle

READER, WINNER = wire.ModelKind.READER, wire.ModelKind.WINNER
STEPS = 60  # more than any way takes


def examine(new: Path, _old: Path | None) -> None:
    """The self-test, in this process: a process of its own takes half a second."""
    try:
        open_bundle(new).self_test()
    except BundleError as error:
        raise UpdateRefusedError(str(error)) from error


class Bench:
    """A device.

    Attributes:
        song: whether one is running, so that nothing may take over.
        stuck: whether the worker hangs, so that nothing ever takes over.
        running: what the worker has.
        healthy: how the device does.
    """

    def __init__(self, folder: Path, source: Source | None, store: ModelStore | None = None) -> None:
        self.store = store or ModelStore(folder)
        self.reports: list[wire.ModelReport] = []
        self.waiting: tuple[Loaded, threading.Event] | None = None
        self.besides: dict[wire.ModelKind, Beside] = {}
        self.restarts: list[str] = []
        self.song = self.stuck = False
        self.seconds = 0.0
        self.healthy = Vitals(Figures(frame_ms=10.0, confidence=0.95), failing=0, silent=0.0, matches=0)
        kits = [Kit(kind, self.build, partial(self.builtin, kind), lambda part: None) for kind in (READER, WINNER)]
        loaded = {kit.kind: (kit, startup.first(self.store, kit, self.now())) for kit in kits}
        self.running = {kind: each for kind, (_, each) in loaded.items()}
        hands = Hands(
            swap=self.swap,
            cancel=self.cancel,
            beside=self.beside,
            vitals=lambda: self.healthy,
            report=self.reports.append,
            changed=lambda: None,
            restart=self.restarts.append,
        )
        ways = Ways(Rules(least=15.0), examine, self.now, lambda: self.seconds)
        self.updater = Updater(source, self.store, hands, loaded, ways=ways)

    @property
    def runs(self) -> Loaded:
        """The reader."""
        return self.running[READER]

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.seconds)

    def build(self, given: Bundle) -> LevelReader:
        return LevelReader()

    def builtin(self, kind: wire.ModelKind) -> Loaded:
        return Loaded(LevelReader(), wire.ActiveModel(kind=kind, name="built-in", version="0"))

    def swap(self, loaded: Loaded, now: bool) -> threading.Event:
        done = threading.Event()
        if (self.song and not now) or self.stuck:
            self.waiting = (loaded, done)
        else:
            self.running[loaded.model.kind] = loaded
            done.set()
        return done

    def cancel(self, kind: wire.ModelKind) -> bool:
        waiting, self.waiting = self.waiting, None
        return waiting is not None

    def beside(self, kind: wire.ModelKind, beside: Beside | None) -> None:
        self.besides.pop(kind, None)
        if beside is not None:
            self.besides[kind] = beside

    def song_ends(self) -> None:
        self.song = False
        if self.waiting is not None:
            (loaded, done), self.waiting = self.waiting, None
            self.running[loaded.model.kind] = loaded
            done.set()

    def want(
        self, version: int, *models: wire.ModelAssignment, shadow: wire.ModelAssignment | None = None, asked: int = 0
    ) -> None:
        update = {"asked": asked or version}
        self.updater.offer(
            wire.Desired(
                version=version,
                time=self.now(),
                models=tuple(model.model_copy(update=update) for model in models),
                shadows=() if shadow is None else (shadow.model_copy(update=update),),
            )
        )

    def drive(self) -> None:
        """As far as it goes by itself."""
        for _ in range(STEPS):
            if not self.updater.turn():
                return
            self.seconds += 0.01
        raise AssertionError("it goes round and round")

    def pass_time(self, seconds: float, matches: int = 1, **changed: float) -> None:
        """A while later, with so many matches more and other figures, and on from there."""
        self.seconds += seconds
        figures = self.healthy.figures.model_copy(update=changed)
        self.healthy = replace(self.healthy, matches=self.healthy.matches + matches, figures=figures)
        self.drive()

    def model(self) -> wire.ActiveModel:
        return self.updater.models()[0]

    def phases(self) -> list[str]:
        return [report.phase.value for report in self.reports]

    def sha256(self) -> Sha256 | None:
        """Of what runs in the worker."""
        return self.runs.model.sha256
