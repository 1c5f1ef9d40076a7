"""Generated charts: what the players are asked to dance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LANES = 4  # left, down, up, right
BEATS_A_BAR = 4
RESOLUTION = 4  # the finest grid: quarters of a beat
LEAD_IN = 3.4  # seconds from the start of play to the first note; the displays need some of them to come in
JUMP_SHARE = 0.09  # of the notes on a beat
HOLD_SHARE = 0.07
# which quarters of a beat a section fills, and how likely each is to hold a note
PATTERNS: tuple[tuple[float, float, float, float], ...] = (
    (0.75, 0.0, 0.0, 0.0),
    (1.0, 0.0, 0.35, 0.0),
    (1.0, 0.0, 0.8, 0.0),
    (1.0, 0.12, 0.85, 0.12),
    (1.0, 0.4, 1.0, 0.4),
)
ARC = (0.3, 0.7, 0.5, 0.9, 0.6, 1.0)  # how dense a song is as it goes on, between its calm and its wild


@dataclass(frozen=True, slots=True)
class Note:
    """One row of arrows.

    Attributes:
        t: seconds since play began.
        lanes: 0 left, 1 down, 2 up, 3 right; two for a jump.
        hold: seconds that the arrow must be held, 0 for a plain one.
        part: 0 on a beat, 2 on a half, 1 and 3 on the quarters between.
        density: notes a second around it.
    """

    t: float
    lanes: tuple[int, ...]
    hold: float
    part: int
    density: float

    @property
    def objects(self) -> int:
        """How many judged objects it is."""
        return 2 if self.hold else 1


@dataclass(frozen=True, slots=True)
class Chart:
    """The notes of one song, in order of time.

    Attributes:
        first: time of the first note, seconds since play began.
        last: time of the last judged moment, the end of a hold included.
    """

    notes: tuple[Note, ...]
    bpm: float
    meter: int
    first: float
    last: float

    @property
    def objects(self) -> int:
        """Judged objects: a jump counts once, a hold is one more."""
        return sum(note.objects for note in self.notes)


def compose(rng: np.random.Generator, seconds: float, meter: int) -> Chart:
    """A chart of about `seconds` from first to last note; a higher `meter` (1 to 10) is denser and faster.

    Args:
        rng: decides everything else.
        seconds: at least a few beats.
        meter: the difficulty number.
    """
    bpm = float(rng.integers(112 + 3 * meter, 136 + 4 * meter))
    quarter = 60.0 / bpm / RESOLUTION
    times, parts = _grid(rng, max(RESOLUTION, int(seconds / quarter)), meter)
    stamps = LEAD_IN + np.array(times) * quarter
    free = np.zeros(LANES)
    notes: list[Note] = []
    previous = -1
    for t, part in zip(stamps, parts, strict=True):
        open_lanes = [lane for lane in range(LANES) if free[lane] < t and lane != previous]
        if not open_lanes:
            continue
        lane = int(rng.choice(open_lanes))
        others = [other for other in open_lanes if other != lane]
        jump = part == 0 and bool(others) and rng.random() < JUMP_SHARE
        hold = quarter * RESOLUTION * int(rng.integers(1, 3)) if part == 0 and rng.random() < HOLD_SHARE else 0.0
        lanes = tuple(sorted((lane, int(rng.choice(others))))) if jump and not hold else (lane,)
        if hold:
            free[lane] = t + hold + quarter
        density = float(np.count_nonzero(np.abs(stamps - t) <= 1.0)) / 2.0
        notes.append(Note(float(t), lanes, hold, part, density))
        previous = lane
    return Chart(tuple(notes), bpm, meter, notes[0].t, max(note.t + note.hold for note in notes))


def _grid(rng: np.random.Generator, quarters: int, meter: int) -> tuple[list[int], list[int]]:
    """The grid positions that hold notes, and the part of the beat that each is on."""
    section = 4 * BEATS_A_BAR * RESOLUTION
    times, parts = [0], [0]
    for at in range(1, quarters):
        wild = ARC[(at // section) % len(ARC)] * (0.45 + 0.055 * meter)
        pattern = PATTERNS[min(len(PATTERNS) - 1, int(wild * len(PATTERNS)))]
        if rng.random() < pattern[at % RESOLUTION]:
            times.append(at)
            parts.append(at % RESOLUTION)
    return times, parts
