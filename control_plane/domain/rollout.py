"""What a rollout is; `rollout_steps` says how it goes on, `rollout_words` what a person may say to it. All pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from control_plane.domain.gate import Evidence

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from control_plane.domain.gate import Judgement
    from control_plane.domain.rollout_plan import Plan

NONE_YET = Evidence()
ITSELF = "the rollout"  # who decides where no person does


class Stage(StrEnum):
    """How far a rollout is."""

    WAITING = "waiting"
    CANARY = "canary"
    WAVES = "waves"
    BACK = "back"  # all that were touched go back to the champion
    ENDED = "ended"


class Outcome(StrEnum):
    """How a rollout ended, or is to end."""

    OPEN = "open"
    SUCCEEDED = "succeeded"
    ABORTED = "aborted"
    INCONCLUSIVE = "inconclusive"


class Want(StrEnum):
    """What is wanted of a device."""

    NOTHING = "nothing"
    SHADOW = "shadow"  # the champion runs, the challenger beside it
    RUN = "run"  # the challenger runs
    CHAMPION = "champion"  # the champion runs, and nothing beside it


class Standing(StrEnum):
    """How a device stands to what is wanted of it."""

    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"
    LEFT = "left"  # somebody has asked it for another model meanwhile: it is no part of this any more


@dataclass(frozen=True, slots=True)
class Member:
    """One device of a rollout.

    Attributes:
        canary: whether it was drawn for the canary.
        since: when `want` became what it is.
    """

    device: str
    canary: bool = False
    want: Want = Want.NOTHING
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """What is known about a device.

    Attributes:
        heard: when something last came from it.
        online: whether it is there.
        standing: to what is wanted of it, by its own word.
        reason: of a failure.
        evidence: how both models did there, by the gate's metric.
        beside: means of the other figures, by name of their limit.
    """

    heard: datetime | None = None
    online: bool = False
    standing: Standing = Standing.PENDING
    reason: str = ""
    evidence: Evidence = NONE_YET
    beside: Mapping[str, float] = field(default_factory=dict)


UNKNOWN = Fact()


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided, by whom, why, and the numbers behind it."""

    time: datetime
    action: str
    reason: str = ""
    by: str = ITSELF
    numbers: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rollout:
    """A rollout as it is.

    Attributes:
        members: in the order in which they get the model.
        since: when this stage, and this wave, began.
        wave: how many waves have begun.
        approved: what a person has said may begin.
        waits: what keeps it from the next step, in words.
        judged: the gate's latest word.
    """

    plan: Plan
    members: tuple[Member, ...]
    since: datetime
    stage: Stage = Stage.WAITING
    wave: int = 0
    outcome: Outcome = Outcome.OPEN
    paused: bool = False
    approved: frozenset[str] = frozenset()
    waits: str = ""
    judged: Judgement | None = None

    @property
    def asked(self) -> tuple[Member, ...]:
        """Devices that something is, or was, wanted of."""
        return tuple(member for member in self.members if member.want is not Want.NOTHING)

    @property
    def reach(self) -> int:
        """How many devices the waves that have begun go to."""
        sizes = (wave.of(len(self.members)) for wave in self.plan.waves[: self.wave])
        return max(sizes, default=0)
