"""What a person may say to a rollout. Pure, as the rest of it."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING

from control_plane.domain.rollout import Decision, Outcome, Rollout, Stage
from control_plane.domain.rollout_steps import BACK, Result, turn_back
from control_plane.errors import ConflictError

if TYPE_CHECKING:
    from datetime import datetime


class Word(StrEnum):
    """What is said."""

    PAUSE = "pause"  # no further step; going back is still possible, by itself and by word
    RESUME = "resume"
    ABORT = "abort"
    APPROVE = "approve"


def say(rollout: Rollout, word: Word, by: str, reason: str, now: datetime) -> Result:
    """The rollout after a person's word.

    Raises:
        ConflictError: it makes no sense now; the text says why.
    """
    name = rollout.plan.rollout
    if rollout.stage in {Stage.BACK, Stage.ENDED}:
        state = "is going back" if rollout.stage is Stage.BACK else f"has ended: {rollout.outcome}"
        raise ConflictError(f"The rollout {name} {state}. There is nothing to {word}.")
    match word:
        case Word.ABORT:
            return turn_back(rollout, Outcome.ABORTED, Decision(now, BACK, reason, by))
        case Word.APPROVE:
            return _approve(rollout, by, reason, now)
        case Word.PAUSE | Word.RESUME:
            paused = word is Word.PAUSE
            if rollout.paused is paused:
                raise ConflictError(f"The rollout {name} is {'paused already' if paused else 'not paused'}.")
            return replace(rollout, paused=paused), (Decision(now, f"{word}d", reason, by),)


def _approve(rollout: Rollout, by: str, reason: str, now: datetime) -> Result:
    """The next step that waits for a person may begin."""
    due = "canary" if rollout.stage is Stage.WAITING else "waves"
    if due not in rollout.plan.approvals or due in rollout.approved:
        raise ConflictError(f"The rollout {rollout.plan.rollout} waits for nobody's approval.")
    approved = replace(rollout, approved=rollout.approved | {due})
    return approved, (Decision(now, f"{due} approved", reason, by),)
