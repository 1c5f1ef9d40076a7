"""A chart as arrays: what a crowd of simulated dancers needs of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.simulate.charts import Chart


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """Judged objects in the order in which they are judged, n of them.

    Attributes:
        t: seconds since play began, (n,).
        hold: whether the object is the end of a hold, (n,).
        head: index of the step a hold began with, its own index for a step, (n,).
        part: which quarter of a beat a step is on, (n,).
        jump: whether two arrows are stepped on at once, (n,).
        density: notes a second around it, (n,).
    """

    t: NDArray[np.float64]
    hold: NDArray[np.bool_]
    head: NDArray[np.int64]
    part: NDArray[np.int64]
    jump: NDArray[np.bool_]
    density: NDArray[np.float64]

    @property
    def objects(self) -> int:
        """How many judged objects there are."""
        return len(self.t)


def steps_of(chart: Chart) -> Steps:
    """The judged objects of a chart; a hold is judged at its end."""
    rows: list[tuple[float, bool, int]] = []
    for number, note in enumerate(chart.notes):
        rows.append((note.t, False, number))
        if note.hold:
            rows.append((note.t + note.hold, True, number))
    rows.sort()
    place = {number: index for index, (_, hold, number) in enumerate(rows) if not hold}
    notes = [chart.notes[number] for _, _, number in rows]
    return Steps(
        t=np.array([t for t, _, _ in rows]),
        hold=np.array([hold for _, hold, _ in rows]),
        head=np.array([place[number] for _, _, number in rows]),
        part=np.array([note.part for note in notes]),
        jump=np.array([len(note.lanes) > 1 for note in notes]),
        density=np.array([note.density for note in notes]),
    )
