"""The way of a model into the device, as values: what runs, what is on its way, what was asked for last. Pure.

    announced -> downloading -> verified -> self-tested -+-> shadowing -> (asked to run) -+
                                                         +--------------------------------+-> probation -> committed
    refused: from anywhere before it counts              reverted: from probation, to the one that ran before

Two slots a kind: what runs is in one of them, or in neither when it is the one that comes with the agent; what is on
its way goes into the other. So what ran before stays until the next one is self-tested.
"""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - pydantic asks for it
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from contract.ids import Sha256  # noqa: TC001 - pydantic asks for it
from contract.messages import ActiveModel, Desired, ModelAssignment, ModelKind, ModelPhase, ModelUpdate

BUILTIN: Literal[""] = ""
SlotName = Literal["a", "b"]
Place = Literal["", "a", "b"]
ENDS = frozenset({ModelPhase.COMMITTED, ModelPhase.REVERTED, ModelPhase.REFUSED})
TRIES = 2  # ends of the agent that a model is forgiven


class _Value(BaseModel):
    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True)


class Figures(_Value):
    """How the device does its work.

    Attributes:
        frame_ms: milliseconds of processor time for a picture of a game, the median since the model runs.
        confidence: of the readings of a game, likewise; None for both while too little was seen.
    """

    frame_ms: float | None = None
    confidence: float | None = None


class Attempt(_Value):
    """A model on its way.

    Attributes:
        shadow: it was asked for to run beside another.
        tries: starts of the agent that it has not outlived in this phase.
        before: how the device did with the model that it is measured against.
    """

    assignment: ModelAssignment
    shadow: bool
    phase: ModelPhase
    since: datetime
    reason: str = ""
    tries: int = 0
    before: Figures = Figures()

    @property
    def ended(self) -> bool:
        """Whether nothing more becomes of it."""
        return self.phase in ENDS

    def told(self) -> ModelUpdate:
        """As it is reported."""
        asked = self.assignment
        return ModelUpdate(
            name=asked.name,
            version=asked.version,
            sha256=asked.sha256,
            phase=self.phase,
            asked=asked.asked,
            rollout=asked.rollout,
            reason=self.reason,
            since=self.since,
        )


class Held(_Value):
    """A model in a slot."""

    name: str
    version: str
    sha256: Sha256


class Track(_Value):
    """One kind of model.

    Attributes:
        active: where what runs is.
        fallback: where what ran before is.
        attempt: what is on its way, shadows, or is on probation.
        run: the last attempt to run a model that ended; `shadow` likewise.
        spoiled: why models were reverted, by digest; they are not tried again unless told so.
    """

    slots: dict[SlotName, Held] = {}
    active: Place = BUILTIN
    fallback: Place = BUILTIN
    attempt: Attempt | None = None
    run: Attempt | None = None
    shadow: Attempt | None = None
    spoiled: dict[str, str] = {}

    @property
    def runs(self) -> Sha256 | None:
        """The digest of what runs; None for the one that comes with the agent."""
        held = self.at(self.active)
        return held.sha256 if held else None

    @property
    def spare(self) -> SlotName:
        """The slot that the next model goes into."""
        return "b" if self.active == "a" else "a"

    def at(self, place: Place) -> Held | None:
        """What is in a place."""
        return self.slots.get(place) if place != BUILTIN else None

    def begun(self, assignment: ModelAssignment, now: datetime, *, shadow: bool) -> Track:
        """Announced; what was on its way or shadowed before is dropped."""
        phase, reason = ModelPhase.ANNOUNCED, ""
        if assignment.sha256 in self.spoiled and not assignment.override:
            phase, reason = ModelPhase.REFUSED, f"it was taken back here before: {self.spoiled[assignment.sha256]}"
        attempt = Attempt(assignment=assignment, shadow=shadow, phase=phase, since=now, reason=reason)
        spoiled = {sha: why for sha, why in self.spoiled.items() if sha != assignment.sha256 or not assignment.override}
        return self._with(attempt, spoiled=spoiled)

    def moved(self, phase: ModelPhase, now: datetime, reason: str = "") -> Track:
        """One phase further, which changes nothing of what runs."""
        return self._with(self._now().model_copy(update={"phase": phase, "since": now, "reason": reason, "tries": 0}))

    def promoted(self, assignment: ModelAssignment, now: datetime) -> Track:
        """What shadows is asked to run: it has passed every test already."""
        update = {"assignment": assignment, "shadow": False, "phase": ModelPhase.SELF_TESTED, "since": now, "tries": 0}
        return self._with(self._now().model_copy(update=update), shadow=None)

    def placed(self, now: datetime) -> Track:
        """Self-tested, and in the spare slot."""
        asked = self._now().assignment
        held = Held(name=asked.name, version=asked.version, sha256=asked.sha256)
        fallback = BUILTIN if self.fallback == self.spare else self.fallback
        return self.moved(ModelPhase.SELF_TESTED, now).model_copy(
            update={"slots": self.slots | {self.spare: held}, "fallback": fallback}
        )

    def tried(self, before: Figures, now: datetime) -> Track:
        """It counts from now on, and is watched."""
        attempt = self._now().model_copy(update={"before": before})
        moved = self._with(attempt, active=self.spare, fallback=self.active)
        return moved.moved(ModelPhase.PROBATION, now)

    def reverted(self, reason: str, now: datetime) -> Track:
        """What ran before runs again, and this one is not tried again."""
        spoiled = self.spoiled | {self._now().assignment.sha256: reason}
        return self.recalled(reason, now).model_copy(update={"spoiled": spoiled})

    def recalled(self, reason: str, now: datetime) -> Track:
        """What ran before runs again, for no fault of this one."""
        slots = {name: held for name, held in self.slots.items() if name != self.active}
        back = self.model_copy(update={"slots": slots, "active": self.fallback, "fallback": BUILTIN})
        return back.moved(ModelPhase.REVERTED, now, reason)

    def broken(self, reason: str, now: datetime) -> Track:
        """What runs does not load any more: what ran before runs again, or else what comes with the agent."""
        if self.attempt is not None and self.attempt.phase is ModelPhase.PROBATION:
            return self.reverted(reason, now)
        slots = {name: held for name, held in self.slots.items() if name != self.active}
        attempt = self.attempt if self.attempt and self.attempt.assignment.sha256 != self.runs else None
        run = self.run
        if run is not None and run.assignment.sha256 == self.runs:
            run = run.model_copy(update={"phase": ModelPhase.REVERTED, "reason": reason, "since": now})
        update = {"slots": slots, "active": self.fallback, "fallback": BUILTIN, "attempt": attempt, "run": run}
        return self.model_copy(update=update)

    def again(self) -> Track:
        """The agent tries once more what it may not outlive."""
        attempt = self._now()
        return self.model_copy(update={"attempt": attempt.model_copy(update={"tries": attempt.tries + 1})})

    def outlived(self) -> Track:
        """It did outlive it."""
        if self.attempt is None or not self.attempt.tries:
            return self
        return self.model_copy(update={"attempt": self.attempt.model_copy(update={"tries": 0})})

    def dropped(self) -> Track:
        """Nothing is on its way any more."""
        return self.model_copy(update={"attempt": None, "shadow": None})

    def told(self, kind: ModelKind, builtin: ActiveModel) -> ActiveModel:
        """As it is reported."""
        held = self.at(self.active)
        runs = builtin
        if held is not None:
            runs = ActiveModel(kind=kind, name=held.name, version=held.version, sha256=held.sha256, slot=self.active)
        attempt = self.attempt
        run = attempt if attempt and not attempt.shadow else self.run
        shadow = attempt if attempt and attempt.shadow else self.shadow
        update = {"update": run.told() if run else None, "challenger": shadow.told() if shadow else None}
        return runs.model_copy(update=update)

    def _now(self) -> Attempt:
        if self.attempt is None:
            raise ValueError("nothing is on its way")
        return self.attempt

    def _with(self, attempt: Attempt, **more: object) -> Track:
        """With the attempt as it is now; one that has ended is kept as the last of its sort."""
        ended: dict[str, object] = {"attempt": attempt}
        if attempt.ended:
            ended = {"attempt": None, ("shadow" if attempt.shadow else "run"): attempt}
        return self.model_copy(update={**more, **ended})


class State(_Value):
    """All of it, as it is on the disk.

    Attributes:
        settled: the last desired document of which nothing is left to do.
        tracks: by kind.
    """

    settled: int = 0
    tracks: dict[str, Track] = {}

    def track(self, kind: ModelKind) -> Track:
        """Of a kind."""
        return self.tracks.get(kind.value, Track())

    def put(self, kind: ModelKind, track: Track) -> State:
        """With another track of that kind."""
        return self.model_copy(update={"tracks": self.tracks | {kind.value: track}})

    def digests(self) -> set[str]:
        """Every bundle that is still needed."""
        used: set[str] = set()
        for track in self.tracks.values():
            used |= {held.sha256 for held in track.slots.values()}
            used |= {track.attempt.assignment.sha256} if track.attempt else set()
        return used


def wish(track: Track, desired: Desired, kind: ModelKind, settled: int) -> tuple[ModelAssignment, bool] | None:
    """What is to be begun of a kind: (the model, whether as a shadow); None when all is begun or done."""
    for models, shadow in ((desired.models, False), (desired.shadows, True)):
        asked = next((model for model in models if model.kind is kind), None)
        if asked is None or _known(track, asked, settled, shadow=shadow):
            continue
        if shadow and track.attempt is not None and not track.attempt.shadow:
            return None  # the one that is to run comes first
        return asked, shadow
    return None


def _known(track: Track, asked: ModelAssignment, settled: int, *, shadow: bool) -> bool:
    """Whether an assignment was begun or settled before, or is for what runs already."""
    attempt = track.attempt
    if asked.sha256 == track.runs:
        return True
    if attempt is not None and attempt.shadow is shadow and attempt.assignment.asked >= asked.asked:
        return True
    last = track.shadow if shadow else track.run
    return asked.asked <= max(settled, last.assignment.asked if last else 0)


def called_off(track: Track, desired: Desired, kind: ModelKind) -> bool:
    """Whether what is on its way to run is not wanted any more, because what runs already is."""
    attempt = track.attempt
    if attempt is None or attempt.shadow or attempt.phase is ModelPhase.PROBATION:
        return False
    newer = (model for model in desired.models if model.kind is kind and model.asked > attempt.assignment.asked)
    return any(model.sha256 == track.runs for model in newer)


def unwanted(track: Track, desired: Desired, kind: ModelKind) -> bool:
    """Whether a shadow, running or ended, is asked for no more."""
    if (track.attempt is None or not track.attempt.shadow) and track.shadow is None:
        return False
    return not any(model.kind is kind for model in desired.shadows)
