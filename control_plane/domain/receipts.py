"""How far a boot's events are committed without a gap."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def advance(committed: int, oldest: int | None, present: Iterable[int]) -> int:
    """The highest seq up to which nothing is still to come.

    Args:
        committed: the answer so far, 0 for a boot that is new here.
        oldest: the lowest seq that the device says it still holds: what is below was receipted before, by whatever
            database stood here then, or is lost.
        present: seqs that are committed, in any order; those not above the answer so far do not matter.
    """
    reached = max(committed, (oldest or 1) - 1)
    above = {seq for seq in present if seq > reached}
    while reached + 1 in above:
        reached += 1
    return reached
