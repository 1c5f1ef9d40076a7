"""Many dancers at once: how they step on every object of a chart.

A dancer is a spread of timing errors that breathes: it grows with density, fatigue and awkward patterns, drifts with
mood, jumps when something happens, and is wide while focus is lost; errors of neighbouring steps are alike. A computer
player is none of that: every judgement is drawn by itself from fixed shares, as StepMania's own players do
(src/PlayerAI.cpp), and the shares may change once in a song.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from models.simulate.scoring import HELD, LET_GO, MISS
from models.simulate.windows import STEPMANIA

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.simulate.steps import Steps

    Floats = NDArray[np.float64]

EASY_DENSITY = 2.5  # notes a second that cost nobody anything
LOST_SPREAD = 2.6  # how much wider errors are while focus is lost
LOST_MISS = 0.16  # share of notes missed while focus is lost
DROP, LOST_DROP = 0.03, 0.3  # shares of holds let go
WIDEST = 0.2  # seconds; nobody who still dances is worse


@dataclass(frozen=True, slots=True, eq=False)
class Crowd:
    """m dancers; every field is an array over them.

    Attributes:
        spread: standard deviation of the timing error when rested and focused, seconds.
        bias, drift: mean error, seconds, and its change a minute.
        fatigue: growth of the spread's logarithm a minute.
        tires_at, tired: notes danced before strength runs out, and the growth a hundred notes after that.
        warm: extra spread, as a logarithm, that the first thirty notes take away.
        strain: growth for each note a second beyond the easy density.
        part, jump: growth on the four quarters of a beat (m, 4), and on jumps.
        memory: correlation of one error with the next.
        mood, mood_memory: spread of the wandering logarithm, and its correlation from note to note.
        turns_at, turn: share of the song at which the spread changes for good, and by how much, as a logarithm.
        slip, recover: probability a note of losing focus, and of finding it again.
        miss: share of notes missed while focused.
        shares: for computer players, probabilities of W1 to W5 and a miss before and after the turn, (m, 2, 6); NaN for
            dancers.
    """

    spread: Floats
    bias: Floats
    drift: Floats
    fatigue: Floats
    tires_at: Floats
    tired: Floats
    warm: Floats
    strain: Floats
    part: Floats
    jump: Floats
    memory: Floats
    mood: Floats
    mood_memory: Floats
    turns_at: Floats
    turn: Floats
    slip: Floats
    recover: Floats
    miss: Floats
    shares: Floats

    def __len__(self) -> int:
        return len(self.spread)

    def take(self, which: NDArray[np.int64]) -> Crowd:
        """The dancers of these indices."""
        return Crowd(**{field.name: getattr(self, field.name)[which] for field in fields(self)})


def dance(
    rng: np.random.Generator, crowd: Crowd, steps: Steps, windows: tuple[float, ...] = STEPMANIA
) -> NDArray[np.uint8]:
    """The codes of all judgements (m, n), under timing windows W1 to W5 in seconds."""
    computers = ~np.isnan(crowd.shares[:, 0, 0])
    codes = np.empty((len(crowd), steps.objects), np.uint8)
    if computers.any():
        codes[computers] = _draw(rng, crowd.take(np.flatnonzero(computers)), steps)
    if not computers.all():
        codes[~computers] = _step(rng, crowd.take(np.flatnonzero(~computers)), steps, windows)
    return codes


def _draw(rng: np.random.Generator, crowd: Crowd, steps: Steps) -> NDArray[np.uint8]:
    """Judgements one by one from fixed shares; a computer player that steps on a hold keeps it."""
    share_of_song = np.arange(steps.objects) / steps.objects
    late = (share_of_song[None] >= crowd.turns_at[:, None]).astype(np.int64)
    bounds = np.cumsum(crowd.shares, axis=2)[np.arange(len(crowd))[:, None], late]
    codes = (rng.random((len(crowd), steps.objects, 1)) >= bounds[..., :5]).sum(axis=2).astype(np.uint8)
    heads = codes[:, steps.head]
    return np.where(steps.hold, np.where(heads == MISS, LET_GO, HELD), codes).astype(np.uint8)


def _step(rng: np.random.Generator, crowd: Crowd, steps: Steps, windows: tuple[float, ...]) -> NDArray[np.uint8]:
    m, n = len(crowd), steps.objects
    lost = _lost(rng, crowd, n)
    minutes = (steps.t - steps.t[0]) / 60.0
    spread = _spread(rng, crowd, steps, minutes) * np.where(lost, LOST_SPREAD, 1.0)
    swing = _chain(rng, crowd.memory, n)
    errors = np.abs(crowd.bias[:, None] + crowd.drift[:, None] * minutes + swing * np.minimum(spread, WIDEST))
    codes = np.searchsorted(np.array(windows), errors).astype(np.uint8)
    missed = rng.random((m, n)) < np.where(lost, LOST_MISS, crowd.miss[:, None])
    codes = np.where(missed, MISS, codes).astype(np.uint8)
    kept = (rng.random((m, n)) >= np.where(lost, LOST_DROP, DROP)) & (codes[:, steps.head] != MISS)
    return np.where(steps.hold, np.where(kept, HELD, LET_GO), codes).astype(np.uint8)


def _spread(rng: np.random.Generator, crowd: Crowd, steps: Steps, minutes: Floats) -> Floats:
    """Standard deviations of the errors, seconds, (m, n)."""
    number = np.arange(steps.objects)
    growth = crowd.fatigue[:, None] * minutes
    growth += crowd.tired[:, None] * np.maximum(0.0, number - crowd.tires_at[:, None]) / 100.0
    growth += crowd.warm[:, None] * np.exp(-number / 30.0)
    growth += crowd.strain[:, None] * np.maximum(0.0, steps.density - EASY_DENSITY)
    growth += crowd.part[:, steps.part] + crowd.jump[:, None] * steps.jump
    growth += crowd.turn[:, None] * (number / steps.objects >= crowd.turns_at[:, None])
    if crowd.mood.any():
        growth += crowd.mood[:, None] * _chain(rng, crowd.mood_memory, steps.objects)
    return crowd.spread[:, None] * np.exp(np.minimum(growth, 4.0))


def _chain(rng: np.random.Generator, memory: Floats, n: int) -> Floats:
    """First-order autoregressions of unit variance, (m, n)."""
    noise = rng.standard_normal((n, len(memory)))
    fresh = np.sqrt(1.0 - memory**2)
    for at in range(1, n):
        noise[at] = memory * noise[at - 1] + fresh * noise[at]
    return noise.T


def _lost(rng: np.random.Generator, crowd: Crowd, n: int) -> NDArray[np.bool_]:
    """Whether focus is lost, (m, n)."""
    luck = rng.random((n, len(crowd)))
    lost = np.zeros((n, len(crowd)), bool)
    now = np.zeros(len(crowd), bool)
    for at in range(n):
        now = np.where(now, luck[at] >= crowd.recover, luck[at] < crowd.slip)
        lost[at] = now
    return lost.T
