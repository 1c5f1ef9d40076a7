"""Carries out what is wanted: one step of the way of a model after the other, each remembered before the next."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

import structlog

from contract import messages as wire
from edge_agent.backoff import Backoff
from edge_agent.errors import UpdateDelayedError, UpdateRefusedError
from edge_agent.updates.fetch import fetch
from edge_agent.updates.hands import Beside, Hands, Ways
from edge_agent.updates.kit import Kit, Loaded, load
from edge_agent.updates.machine import TRIES, called_off, unwanted, wish
from edge_agent.updates.probation import Verdict, judge

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edge_agent.updates.kit import Part
    from edge_agent.updates.machine import Attempt, Track
    from edge_agent.updates.signed import Source
    from edge_agent.updates.store import ModelStore

Phase = wire.ModelPhase
WATCHED = frozenset({Phase.SHADOWING, Phase.PROBATION})
WAITS = "waits for the song to end"
WAIT = 0.1  # seconds between two looks at what is waited for
LOOK_EVERY = 0.5  # seconds between two looks at a model on probation
STEADY = 60.0  # seconds of life after which a shadow is not to blame for an end of the agent
UNSTUCK = 5.0  # seconds that the worker has to take back the model that ran before

log = structlog.get_logger(__name__)


class Updater:
    """Follows the desired document, in a thread of its own.

    Args:
        source: where models come from; None until the control plane has said so.
        loaded: what runs of every kind now.
    """

    def __init__(
        self,
        source: Source | None,
        store: ModelStore,
        hands: Hands,
        kits: Mapping[wire.ModelKind, tuple[Kit, Loaded]],
        *,
        ways: Ways | None = None,
    ) -> None:
        self._source, self._store, self._hands = source, store, hands
        self._kits = {kind: kit for kind, (kit, _) in kits.items()}
        self._loaded = {kind: loaded for kind, (_, loaded) in kits.items()}
        self._before: dict[wire.ModelKind, Loaded] = {}
        self._watched: dict[wire.ModelKind, tuple[float, int]] = {}  # since when, and matches by then
        self._complaints: dict[wire.ModelKind, str] = {}
        self._ways = ways or Ways()
        self._began = self._ways.clock()
        self._delays = {kind: Backoff(2.0, 60.0, jitter=0.5) for kind in kits}
        self._owed: dict[wire.ModelKind, Track] = {}  # what the disk did not take
        self._again: dict[wire.ModelKind, float] = {}  # when what was delayed is tried again
        self._wanted: wire.Desired | None = None
        self._changed = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="updates", daemon=True)

    @property
    def settled(self) -> int:
        """The last desired document of which nothing is left to do."""
        return self._store.state.settled

    def models(self) -> tuple[wire.ActiveModel, ...]:
        """What runs of every kind, and what is on its way."""
        state = self._store.state
        found = []
        for kind, loaded in self._loaded.items():
            track = state.track(kind)
            runs = loaded.model.model_copy(update={"slot": track.active if track.runs == loaded.model.sha256 else ""})
            told = track.told(kind, runs)
            found.append(runs.model_copy(update={"update": told.update, "challenger": told.challenger}))
        return tuple(found)

    def part(self, kind: wire.ModelKind) -> Part:
        """What does the work of a kind."""
        return self._loaded[kind].part

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def close(self, timeout: float = 1.0) -> None:
        """End the thread; an orderly end is nobody's fault."""
        self._stopping.set()
        self._changed.set()
        if self._thread.is_alive():
            self._thread.join(timeout)
        if not self._thread.is_alive():
            with contextlib.suppress(OSError):
                for kind in self._kits:
                    self._quietly(kind, self._track(kind).outlived())

    def move(self, source: Source) -> None:
        """Fetch from there from now on."""
        self._source = source
        self._again.clear()
        self._changed.set()

    def offer(self, desired: wire.Desired) -> None:
        """A desired document has come; it is carried out soon."""
        if desired.version > self.settled:
            self._wanted = desired
            self._again.clear()
            self._changed.set()

    def complain(self, kind: wire.ModelKind, reason: str) -> None:
        """What runs beside another disturbs it."""
        self._complaints[kind] = reason
        self._changed.set()

    def turn(self) -> bool:
        """Do what is to be done next; False when nothing is, or all of it has to wait.

        Raises:
            OSError: the disk does not remember it; worth another try.
        """
        for kind in self._kits:
            try:
                if kind in self._owed:
                    self._put(kind, self._owed[kind])
                    del self._owed[kind]
                if self._decide(kind) or self._go_on(kind):
                    self._delays[kind].reset()
                    return True
            except UpdateRefusedError as error:
                self._give_up(kind, str(error))
                return True
            except UpdateDelayedError as error:
                self._delay(kind, clean(str(error)))
                self._say(kind, clean(str(error)))
            except OSError as error:
                self._delay(kind, f"the disk does not take it: {error.strerror}")
        return self._settle()

    def _delay(self, kind: wire.ModelKind, reason: str) -> None:
        """It cannot be done now: say why, and try again in a while; other kinds do not wait for it."""
        pause = self._delays[kind].next()
        self._again[kind] = self._ways.clock() + pause
        log.warning("update delayed", kind=kind.value, reason=reason, next_try=f"{pause:.0f} s")

    def _say(self, kind: wire.ModelKind, reason: str) -> None:
        """What it waits for, unless that is said already."""
        attempt = self._track(kind).attempt
        if attempt is not None and attempt.reason != reason:
            self._put(kind, self._track(kind).moved(attempt.phase, self._ways.now(), reason))

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                while not self._stopping.is_set() and self.turn():
                    pass
            except OSError as error:
                log.error("updates wait for the disk", reason=error.strerror)  # noqa: TRY400 - no trace: the disk's fault
            except Exception as error:  # whatever a model does, the device goes on
                log.exception("update")
                with contextlib.suppress(OSError):
                    for kind in self._kits:
                        self._give_up(kind, f"{type(error).__name__}: {error}")
            self._changed.wait(LOOK_EVERY if any(self._track(kind).attempt for kind in self._kits) else None)
            self._changed.clear()

    def _decide(self, kind: wire.ModelKind) -> bool:
        """Whether a document wants something else of a kind; it is begun here."""
        track, desired = self._track(kind), self._wanted
        if desired is None or desired.version <= self.settled:
            return False
        begun = wish(track, desired, kind, self.settled)
        if begun is not None and not begun[1] and self._shadows(track, begun[0]):
            self._end(kind)
            self._put(kind, track.promoted(begun[0], self._ways.now()))
        elif unwanted(track, desired, kind):
            self._end(kind)
            self._quietly(kind, track.dropped())
            self._hands.changed()
        elif called_off(track, desired, kind):
            self._put(kind, track.moved(Phase.REFUSED, self._ways.now(), "called off: what runs is to stay"))
        elif begun is None:
            return False
        elif self._on_probation(kind):
            # perhaps what runs then is just the one that is wanted
            self._take_back(kind, track.recalled("another model is wanted", self._ways.now()))
        else:
            self._end(kind)
            self._put(kind, track.begun(begun[0], self._ways.now(), shadow=begun[1]))
        return True

    @staticmethod
    def _shadows(track: Track, asked: wire.ModelAssignment) -> bool:
        """Whether this very model runs beside another now."""
        attempt = track.attempt
        return attempt is not None and attempt.phase is Phase.SHADOWING and attempt.assignment.sha256 == asked.sha256

    def _go_on(self, kind: wire.ModelKind) -> bool:
        """Take what is on its way one phase further; False when it has to wait."""
        attempt = self._track(kind).attempt
        if attempt is None or (attempt.phase is not Phase.PROBATION and self._ways.clock() < self._again.get(kind, 0)):
            return False
        if attempt.phase not in WATCHED and any(self._on_probation(other) for other in self._kits if other is not kind):
            return False  # one change at a time, so that it is known what did it
        step = {
            Phase.ANNOUNCED: self._download,
            Phase.DOWNLOADING: self._download,
            Phase.VERIFIED: self._test,
            Phase.SELF_TESTED: self._shadow if attempt.shadow else self._take_over,
            Phase.SHADOWING: self._shadow,
            Phase.PROBATION: self._watch,
        }[attempt.phase]
        return step(kind, attempt)

    def _on_probation(self, kind: wire.ModelKind) -> bool:
        attempt = self._track(kind).attempt
        return attempt is not None and attempt.phase is Phase.PROBATION

    def _download(self, kind: wire.ModelKind, attempt: Attempt) -> bool:
        if self._source is None:
            raise UpdateDelayedError("the control plane has not let this device in yet")
        if attempt.phase is Phase.ANNOUNCED:
            self._put(kind, self._track(kind).moved(Phase.DOWNLOADING, self._ways.now()))
        fetch(attempt.assignment, self._source, self._store, stopped=self._stopping.is_set)
        self._put(kind, self._track(kind).moved(Phase.VERIFIED, self._ways.now()))
        return True

    def _test(self, kind: wire.ModelKind, attempt: Attempt) -> bool:
        runs = self._track(kind).runs
        self._ways.trial(
            self._store.path(attempt.assignment.sha256), self._store.path(runs) if runs else self._kits[kind].file
        )
        self._put(kind, self._track(kind).placed(self._ways.now()))
        return True

    def _open(self, kind: wire.ModelKind, attempt: Attempt) -> Loaded:
        """Load it into this process, which it may end."""
        if attempt.tries >= TRIES:
            raise UpdateRefusedError(f"the agent ended {attempt.tries} times with it")
        self._quietly(kind, self._track(kind).again())
        return load(self._store.path(attempt.assignment.sha256), self._kits[kind], attempt.assignment)

    def _shadow(self, kind: wire.ModelKind, attempt: Attempt) -> bool:
        if complaint := self._complaints.pop(kind, ""):
            raise UpdateRefusedError(complaint)
        if attempt.phase is Phase.SHADOWING and kind in self._watched:
            if attempt.tries and self._ways.clock() - self._began > STEADY:
                self._quietly(kind, self._track(kind).outlived())
            return False
        loaded = self._open(kind, attempt)
        if attempt.phase is not Phase.SHADOWING:
            self._put(kind, self._track(kind).moved(Phase.SHADOWING, self._ways.now()))
        self._watched[kind] = (self._ways.clock(), 0)
        self._beside(kind, loaded, self._loaded[kind].model, counts=False)
        return True

    def _take_over(self, kind: wire.ModelKind, attempt: Attempt) -> bool:
        loaded, before = self._open(kind, attempt), self._hands.vitals()
        self._quietly(kind, self._track(kind).outlived())
        done = self._hands.swap(loaded, attempt.assignment.override)
        while not done.wait(WAIT):
            if (self._news(kind) or self._stopping.is_set()) and self._hands.cancel(kind):
                return not self._stopping.is_set()
            self._say(kind, WAITS)
        old, self._loaded[kind] = self._loaded[kind], loaded
        try:
            self._put(kind, self._track(kind).tried(before.figures, self._ways.now()))
        except OSError:
            self._loaded[kind] = old
            self._hands.swap(old, True).wait(UNSTUCK)  # noqa: FBT003 - now
            raise
        self._before[kind] = old
        self._watched[kind] = (self._ways.clock(), self._hands.vitals().matches)
        self._beside(kind, old, old.model, counts=True)
        return True

    def _news(self, kind: wire.ModelKind) -> bool:
        """Whether something else is wanted of a kind by now."""
        track, desired = self._track(kind), self._wanted
        if desired is None or desired.version <= self.settled:
            return False
        return called_off(track, desired, kind) or wish(track, desired, kind, self.settled) is not None

    def _watch(self, kind: wire.ModelKind, attempt: Attempt) -> bool:
        vitals, now = self._hands.vitals(), self._ways.clock()
        since, matches = self._watched.setdefault(kind, (now, vitals.matches))
        self._complaints.pop(kind, "")  # of what ran before, which runs beside it only to be compared
        verdict, reason = judge(attempt.before, vitals, now - since, vitals.matches - matches, self._ways.rules)
        if verdict is Verdict.WATCH:
            return False
        if verdict is Verdict.REVERT:
            self._take_back(kind, self._track(kind).reverted(clean(reason), self._ways.now()))
            return True
        self._put(kind, self._track(kind).moved(Phase.COMMITTED, self._ways.now()))
        self._end(kind)
        return True

    def _take_back(self, kind: wire.ModelKind, track: Track) -> None:
        """What ran before runs again, at once; remembered first, so that a restart does it as well."""
        try:
            self._quietly(kind, track)
        except OSError:  # all the more it must not run on; the disk is told later
            self._owed[kind] = track
        self._end(kind)
        old = self._before.pop(kind, None) or self._older(kind, track)
        self._loaded[kind] = old
        done = self._hands.swap(old, True)  # noqa: FBT003 - now, in mid-song too
        self._tell(kind)
        if not done.wait(UNSTUCK):
            self._hands.restart(track.run.reason if track.run else "")

    def _older(self, kind: wire.ModelKind, track: Track) -> Loaded:
        try:
            return load(self._store.path(track.runs), self._kits[kind]) if track.runs else self._kits[kind].builtin()
        except UpdateRefusedError:
            self._quietly(kind, track.broken("it does not load any more", self._ways.now()))
            return self._kits[kind].builtin()

    def _give_up(self, kind: wire.ModelKind, reason: str) -> None:
        track = self._track(kind)
        if track.attempt is None:
            return
        if track.attempt.phase is Phase.PROBATION:
            self._take_back(kind, track.reverted(clean(reason), self._ways.now()))
            return
        self._end(kind)
        self._put(kind, track.moved(Phase.REFUSED, self._ways.now(), clean(reason)))

    def _end(self, kind: wire.ModelKind) -> None:
        self._watched.pop(kind, None)
        self._hands.beside(kind, None)

    def _beside(self, kind: wire.ModelKind, loaded: Loaded, champion: wire.ActiveModel, *, counts: bool) -> None:
        attempt = self._track(kind).attempt
        if attempt is not None:
            self._hands.beside(kind, Beside(loaded, attempt.told(), champion, counts))

    def _settle(self) -> bool:
        desired = self._wanted
        if desired is None or desired.version <= self.settled:
            return False
        attempts = (self._track(kind).attempt for kind in self._kits)
        if any(attempt is not None and attempt.phase is not Phase.SHADOWING for attempt in attempts):
            return False
        self._store.keep(self._store.state.model_copy(update={"settled": desired.version}))
        self._hands.changed()
        return True

    def _track(self, kind: wire.ModelKind) -> Track:
        return self._store.state.track(kind)

    def _put(self, kind: wire.ModelKind, track: Track) -> None:
        """Remember, and then tell."""
        self._quietly(kind, track)
        self._tell(kind)

    def _quietly(self, kind: wire.ModelKind, track: Track) -> None:
        if track != self._track(kind):
            self._store.keep(self._store.state.put(kind, track))

    def _tell(self, kind: wire.ModelKind) -> None:
        track = self._track(kind)
        newest = max(
            (each for each in (track.attempt, track.run, track.shadow) if each),
            key=lambda each: each.since,
            default=None,
        )
        if newest is not None:
            asked, phase = newest.assignment, newest.phase
            log.info("model", phase=phase.value, name=asked.name, version=asked.version, reason=newest.reason or None)
            self._hands.report(
                wire.ModelReport(
                    phase=phase,
                    desired_version=max(asked.asked, self._wanted.version if self._wanted else 0),
                    model_kind=kind,
                    name=asked.name,
                    version=asked.version,
                    sha256=asked.sha256,
                    reason=newest.reason,
                    rollout=asked.rollout,
                )
            )
        self._hands.changed()


def clean(text: str) -> str:
    """One printable line that fits the wire."""
    return "".join(c if c.isprintable() else " " for c in text)[:500]
