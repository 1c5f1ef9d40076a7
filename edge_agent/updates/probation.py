"""Whether a new model does well enough to stay: pure rules on what the device sees of itself."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge_agent.updates.machine import Figures


@dataclass(frozen=True, slots=True)
class Rules:
    """When a model is taken back, and when it may stay.

    Attributes:
        failing: pictures in a row that may end in an error.
        silent: seconds that the worker may take for one picture.
        slower: how many times as long as before a picture may take; `spare_ms` are granted on top.
        drop: how far below what it was before the confidence in readings may be.
        settle: seconds of pictures before speed and confidence are judged.
        matches: how many have to be gone through before it stays.
        least: seconds that it is watched at least.
        most: seconds after which it stays where nobody plays.
    """

    failing: int = 10
    silent: float = 20.0
    slower: float = 2.5
    spare_ms: float = 15.0
    drop: float = 0.15
    settle: float = 6.0
    matches: int = 1
    least: float = 15.0
    most: float = 600.0


@dataclass(frozen=True, slots=True)
class Vitals:
    """What the device sees of itself.

    Attributes:
        figures: of the last seconds.
        failing: pictures in a row that ended in an error.
        silent: seconds since the worker last showed that it lives.
        matches: finished so far.
    """

    figures: Figures
    failing: int
    silent: float
    matches: int


class Verdict(Enum):
    """What is to become of a model on probation."""

    WATCH = "watch"
    COMMIT = "commit"
    REVERT = "revert"


def judge(before: Figures, now: Vitals, elapsed: float, matches: int, rules: Rules) -> tuple[Verdict, str]:
    """The verdict, and why.

    Args:
        before: figures of the model that ran before.
        now: as the device is.
        elapsed: seconds of probation in this run of the agent.
        matches: finished since it began.
        rules: see there.
    """
    if now.failing >= rules.failing:
        return Verdict.REVERT, f"{now.failing} pictures in a row ended in an error"
    if now.silent >= rules.silent:
        return Verdict.REVERT, f"it took more than {now.silent:.0f} s for one picture"
    if elapsed >= rules.settle:
        took, usual = now.figures.frame_ms, before.frame_ms
        if took is not None and usual is not None and took > usual * rules.slower + rules.spare_ms:
            return Verdict.REVERT, f"a picture takes {took:.0f} ms, and took {usual:.0f} ms before"
        sure, was = now.figures.confidence, before.confidence
        if sure is not None and was is not None and sure < was - rules.drop:
            return Verdict.REVERT, f"readings are {sure:.0%} sure, and were {was:.0%} before"
    if elapsed >= rules.most or (elapsed >= rules.least and matches >= rules.matches):
        return Verdict.COMMIT, ""
    return Verdict.WATCH, ""
