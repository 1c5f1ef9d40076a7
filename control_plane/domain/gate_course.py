"""How the gate's word came about: its confidence sequence, match by match, by the gate's own arithmetic."""

from __future__ import annotations

from typing import TYPE_CHECKING

from control_plane.domain.gate import Evidence, judge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from control_plane.domain.gate import Judgement, Terms

MOST = 150  # points


def course(terms: Terms, differences: Sequence[tuple[str, float]], most: int = MOST) -> list[Judgement]:
    """What the gate would have said after each match, or after every so many; from when there was anything to say.

    Args:
        terms: what is asked.
        differences: (device, by how much the challenger was worse), in order of time.
        most: how many points at most; the last match is always among them.
    """
    step = max(1, -(-len(differences) // most))
    told: dict[str, Evidence] = {}
    found = []
    for number, (device, difference) in enumerate(differences, 1):
        told[device] = told.get(device, Evidence()).plus(difference, terms.bound)
        if number % step == 0 or number == len(differences):
            judged = judge(terms, told.values())
            if judged.mean is not None:
                found.append(judged)
    return found
