"""What a device should run, and how far it has come."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from contract.messages import (
    Desired,
    ModelAssignment,
    ModelKind,
    ModelPhase,
    Reported,
    Settings,
    SettingsWish,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from contract.ids import Sha256


def assign(
    current: Desired | None, model: ModelAssignment, now: datetime, *, above: int = 0, shadow: bool = False
) -> Desired:
    """The document that asks for `model` besides what is asked for already.

    Args:
        current: the present document.
        model: replaces what is asked for of its kind.
        now: goes into the document.
        above: a version that the device says it has settled; the new one is higher, also when the present document
            was lost here and the device remembers more than we do.
        shadow: it shall run beside what runs and never count. One that shall run ends the shadow of its kind.
    """
    version = _next(current, above)
    asked = model.model_copy(update={"asked": version})
    shadows = _without(current.shadows if current else (), model)
    if shadow:
        return _changed(current, version, now, shadows=_sorted(*shadows, asked))
    models = _sorted(*_without(current.models if current else (), model), asked)
    return _changed(current, version, now, models=models, shadows=shadows)


def unshadow(current: Desired, kind: ModelKind, now: datetime, *, above: int = 0) -> Desired:
    """The document that asks for no shadow of this kind any more."""
    shadows = tuple(each for each in current.shadows if each.kind != kind)
    return _changed(current, _next(current, above), now, shadows=shadows)


def _without(models: tuple[ModelAssignment, ...], model: ModelAssignment) -> tuple[ModelAssignment, ...]:
    return tuple(other for other in models if other.kind != model.kind)


def _sorted(*models: ModelAssignment) -> tuple[ModelAssignment, ...]:
    return tuple(sorted(models, key=lambda each: each.kind))


def _next(current: Desired | None, above: int) -> int:
    return max(current.version if current else 0, above) + 1


def _changed(current: Desired | None, version: int, now: datetime, **changes: object) -> Desired:
    base = current or Desired(version=version, time=now)
    return base.model_copy(update={"version": version, "time": now, **changes})


def set_up(current: Desired | None, values: Settings, now: datetime, *, above: int = 0) -> Desired:
    """The document that asks for these settings besides the models that are asked for already; see `assign`."""
    version = _next(current, above)
    return _changed(current, version, now, settings=SettingsWish(asked=version, values=values))


def settled_settings(
    desired: Desired | None, reported: Reported | None
) -> tuple[Literal["none", "pending", "applied", "refused"], str]:
    """What became of the settings that are asked for, and why."""
    if desired is None or desired.settings is None:
        return "none", ""
    if reported is None or reported.settings.settled < desired.settings.asked:
        return "pending", ""
    said = reported.settings
    return ("refused", said.refused) if said.refused else ("applied", "")


class Outcome(StrEnum):
    """How a wish ended, or that it has not."""

    PENDING = "pending"
    SHADOWING = "shadowing"
    COMMITTED = "committed"
    REVERTED = "reverted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Step:
    """What a device reported about one model of one desired document."""

    version: int
    sha256: Sha256
    phase: ModelPhase
    reason: str = ""


_ENDS = {
    ModelPhase.SHADOWING: Outcome.SHADOWING,
    ModelPhase.COMMITTED: Outcome.COMMITTED,
    ModelPhase.ACTIVATED: Outcome.COMMITTED,
    ModelPhase.REVERTED: Outcome.REVERTED,
    ModelPhase.REFUSED: Outcome.REFUSED,
}


def outcome(model: ModelAssignment, steps: Iterable[Step], reported: Reported | None) -> tuple[Outcome, str]:
    """What became of a model that was asked for, and why.

    Args:
        model: what was asked for.
        steps: what the device said on its way, oldest first.
        reported: what it says it is: one that has settled the wish and runs the model has committed it, whether or
            not it still has to say so.
    """
    said = [step for step in steps if step.sha256 == model.sha256 and step.version >= model.asked]
    for step in reversed(said):
        if step.phase in _ENDS:
            return _ENDS[step.phase], step.reason
    settled = reported.models if reported is not None and reported.desired_version >= model.asked else ()
    for active in settled:
        for update in (active.update, active.challenger):  # an event about it may have been lost
            if update is not None and (update.sha256, update.asked) == (model.sha256, model.asked):
                return _ENDS.get(update.phase, Outcome.PENDING), update.reason
        if active.sha256 == model.sha256:
            return Outcome.COMMITTED, ""
    return Outcome.PENDING, said[-1].reason if said else ""
