"""What stays where it is: pads and panels, averaged over time, so that a dancer before them hides nothing for long."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from vision.geometry import Box
from vision.pad.decode import Found

if TYPE_CHECKING:
    from collections.abc import Iterable

KEPT: Final = 0.985  # of what is remembered, from one picture to the next
NEWEST: Final = 0.04  # share that a new sight weighs at least, so that a camera may be moved
SAME: Final = 0.5  # overlap of one thing seen twice
FAMILIAR: Final = 0.3  # share of the best known thing's weight that makes another one known
FLAG: Final = 0.5  # share that a new flag weighs: lights change fast


@dataclass(frozen=True, slots=True)
class Kept:
    """Something that was seen before; `weight` is the sum of confidences, fading."""

    kind: str
    box: Box
    weight: float
    flag: float


class Memory:
    """Holds the pads and panels of the last seconds; one for each camera."""

    __slots__ = ("_kept",)

    def __init__(self) -> None:
        self._kept: list[Kept] = []

    def take(self, found: Iterable[Found]) -> None:
        """Add what one picture shows."""
        left = [one for one in found if one.kind != "foot"]
        kept: list[Kept] = []
        for old in self._kept:
            best = max(
                (one for one in left if one.kind == old.kind), key=lambda one: one.box.overlap(old.box), default=None
            )
            if best is None or best.box.overlap(old.box) < SAME:
                if old.weight > FLAG:
                    kept.append(Kept(old.kind, old.box, old.weight * KEPT, old.flag))
                continue
            left.remove(best)
            weight = old.weight * KEPT + best.confidence
            share = max(best.confidence / weight, NEWEST)
            flag = old.flag + FLAG * (best.flag - old.flag)
            kept.append(Kept(old.kind, _between(old.box, best.box, share), weight, flag))
        self._kept = kept + [Kept(one.kind, one.box, one.confidence, one.flag) for one in left]

    def known(self) -> list[Found]:
        """The things that are there, as if one picture showed them all; confidence 1 is what is known best."""
        shown = []
        for kind in ("pad", "panel"):
            mine = [one for one in self._kept if one.kind == kind]
            most = max((one.weight for one in mine), default=1.0)
            shown += [
                Found(kind, one.box, one.weight / most, one.flag) for one in mine if one.weight >= FAMILIAR * most
            ]
        return sorted(shown, key=lambda one: -one.confidence)


def _between(one: Box, two: Box, share: float) -> Box:
    return Box(
        one.x + share * (two.x - one.x),
        one.y + share * (two.y - one.y),
        one.w + share * (two.w - one.w),
        one.h + share * (two.h - one.h),
    )
