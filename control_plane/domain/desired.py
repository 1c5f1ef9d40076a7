"""What a device should run, and how far it has come."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from contract.messages import Desired, ModelAssignment, ModelPhase, Reported, Settings, SettingsWish

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from contract.ids import Sha256


def assign(current: Desired | None, model: ModelAssignment, now: datetime, *, above: int = 0) -> Desired:
    """The document that asks for `model` besides what is asked for already.

    Args:
        current: the present document.
        model: replaces what is asked for of its kind.
        now: goes into the document.
        above: a version that the device says it has settled; the new one is higher, also when the present document
            was lost here and the device remembers more than we do.
    """
    others = tuple(other for other in current.models if other.kind != model.kind) if current else ()
    version = max(current.version if current else 0, above) + 1
    asked = model.model_copy(update={"asked": version})
    models = tuple(sorted((*others, asked), key=lambda each: each.kind))
    return Desired(version=version, time=now, models=models, settings=current.settings if current else None)


def set_up(current: Desired | None, values: Settings, now: datetime, *, above: int = 0) -> Desired:
    """The document that asks for these settings besides the models that are asked for already; see `assign`."""
    version = max(current.version if current else 0, above) + 1
    wish = SettingsWish(asked=version, values=values)
    return Desired(version=version, time=now, models=current.models if current else (), settings=wish)


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
    ACTIVATED = "activated"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Step:
    """What a device reported about one model of one desired document."""

    version: int
    sha256: Sha256
    phase: ModelPhase
    reason: str = ""


def outcome(model: ModelAssignment, steps: Iterable[Step], reported: Reported | None) -> tuple[Outcome, str]:
    """What became of a model that was asked for, and why.

    Args:
        model: what was asked for.
        steps: what the device said on its way, oldest first.
        reported: what it says it is: one that has settled the wish and runs the model has activated it, whether or
            not it still has to say so.
    """
    said = [step for step in steps if step.sha256 == model.sha256 and step.version >= model.asked]
    for step in reversed(said):
        if step.phase is ModelPhase.ACTIVATED:
            return Outcome.ACTIVATED, step.reason
        if step.phase is ModelPhase.REFUSED:
            return Outcome.REFUSED, step.reason
    settled = reported.models if reported is not None and reported.desired_version >= model.asked else ()
    if any(active.sha256 == model.sha256 for active in settled):
        return Outcome.ACTIVATED, ""
    return Outcome.PENDING, said[-1].reason if said else ""
