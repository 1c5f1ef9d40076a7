"""Between a rollout and one device: what to ask of it, and how it stands to that by its own word. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from contract.messages import ModelPhase
from control_plane.domain import desired as wishes
from control_plane.domain.rollout import Standing, Want

if TYPE_CHECKING:
    from datetime import datetime

    from contract.messages import ActiveModel, Desired, ModelAssignment, ModelKind, ModelUpdate, Reported

_ENDS = {
    ModelPhase.SHADOWING: Standing.DONE,
    ModelPhase.COMMITTED: Standing.DONE,
    ModelPhase.ACTIVATED: Standing.DONE,
    ModelPhase.REVERTED: Standing.FAILED,
    ModelPhase.REFUSED: Standing.FAILED,
}


@dataclass(frozen=True, slots=True)
class Pair:
    """The two models of a rollout, as devices are asked for them; both name the rollout that asks."""

    challenger: ModelAssignment
    champion: ModelAssignment


@dataclass(frozen=True, slots=True)
class Twin:
    """What is wanted of a device and what it says it is.

    Attributes:
        settled: the version that it says it has settled, also where the rest of its word is lost.
    """

    desired: Desired | None = None
    reported: Reported | None = None
    settled: int = 0

    def asked(self, kind: ModelKind) -> tuple[ModelAssignment | None, ModelAssignment | None]:
        """The models of a kind that it is asked to run and to shadow."""
        models, shadows = (self.desired.models, self.desired.shadows) if self.desired else ((), ())
        return _of(kind, models), _of(kind, shadows)

    def active(self, kind: ModelKind) -> ActiveModel | None:
        """What it says it runs."""
        models = self.reported.models if self.reported else ()
        return next((each for each in models if each.kind == kind), None)


def document(want: Want, pair: Pair, twin: Twin, now: datetime) -> Desired | None:
    """The document that asks for what is wanted; None where that is asked already."""
    run, shadow = twin.asked(pair.challenger.kind)
    if want is Want.RUN:
        asked = _same(run, pair.challenger) and shadow is None
        return None if asked else wishes.assign(twin.desired, pair.challenger, now, above=twin.settled)
    if want is Want.NOTHING:
        return None
    after = None
    if run.sha256 != pair.champion.sha256 if run else not is_champion(pair, twin):
        after = wishes.assign(twin.desired, pair.champion, now, above=twin.settled)
    if want is Want.SHADOW and (after is not None or not _same(shadow, pair.challenger)):
        return wishes.assign(after or twin.desired, pair.challenger, now, above=twin.settled, shadow=True)
    if want is Want.CHAMPION and after is None and shadow is not None and twin.desired is not None:
        return wishes.unshadow(twin.desired, shadow.kind, now, above=twin.settled)
    return after


def standing(want: Want, pair: Pair, twin: Twin) -> tuple[Standing, str]:
    """How a device stands to what is wanted of it and was written into its document, and why.

    What it says about an earlier wish for the same model does not count.
    """
    run, shadow = twin.asked(pair.challenger.kind)
    active = twin.active(pair.challenger.kind)
    if want is Want.SHADOW:
        return _far(shadow, active.challenger if active else None) if _same(shadow, pair.challenger) else _left(run)
    told = active.update if active else None
    if want is Want.RUN:
        if not _same(run, pair.challenger):
            return _left(run)
        return _far(run, told) if told is not None else _settled(pair.challenger, twin, active)
    return _back(pair, twin, told)


def _back(pair: Pair, twin: Twin, told: ModelUpdate | None) -> tuple[Standing, str]:
    """Whether the champion runs again, and nothing of the challenger is left."""
    run, _ = twin.asked(pair.champion.kind)
    if run is not None and run.sha256 != pair.champion.sha256:
        return _left(run)
    active = twin.active(pair.champion.kind)
    if active is not None and active.challenger is not None and active.challenger.sha256 == pair.challenger.sha256:
        return Standing.PENDING, "still runs it beside"
    if twin.desired is not None and twin.settled < twin.desired.version:
        return Standing.PENDING, "asked"  # it may be on its way to what was wanted before
    return (Standing.DONE, "") if is_champion(pair, twin) else _far(run, told)


def is_champion(pair: Pair, twin: Twin) -> bool:
    """Whether it is the champion that runs; one that came with the agent is known by its name and version."""
    active = twin.active(pair.champion.kind)
    if active is None or active.sha256 is not None:
        return active is not None and active.sha256 == pair.champion.sha256
    return (active.name, active.version) == (pair.champion.name, pair.champion.version)


def _of(kind: ModelKind, models: tuple[ModelAssignment, ...]) -> ModelAssignment | None:
    return next((each for each in models if each.kind == kind), None)


def _same(asked: ModelAssignment | None, ours: ModelAssignment) -> bool:
    return asked is not None and (asked.sha256, asked.rollout) == (ours.sha256, ours.rollout)


def _left(asked: ModelAssignment | None) -> tuple[Standing, str]:
    return Standing.LEFT, f"asked for {asked.name} {asked.version} meanwhile" if asked else "not asked any more"


def _far(asked: ModelAssignment | None, told: ModelUpdate | None) -> tuple[Standing, str]:
    """How far a model has come."""
    if asked is None or told is None or told.sha256 != asked.sha256 or told.asked < asked.asked:
        return Standing.PENDING, "asked"
    return _ENDS.get(told.phase, Standing.PENDING), told.reason or told.phase.value


def _settled(model: ModelAssignment, twin: Twin, active: ActiveModel | None) -> tuple[Standing, str]:
    """The same for a device of before there was a probation, which says what runs and no more."""
    run, _ = twin.asked(model.kind)
    if run is None or active is None or twin.settled < run.asked:
        return Standing.PENDING, "asked"
    return (Standing.DONE, "") if active.sha256 == model.sha256 else (Standing.FAILED, "it runs another model")
