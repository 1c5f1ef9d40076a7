"""Who meets whom: kinds of dancers, drawn in pairs so that matches are about as hard to call as real ones.

Two dancers of like skill meet more often than not. In a good part of the matches something happens on the way, and the
one who was behind may come back.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

import numpy as np

from models.simulate.crowd import Crowd
from models.simulate.windows import STEPMANIA

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

GAPS = (0.0, 0.03, 0.08, 0.2, 0.5)  # spreads of the difference between two dancers' levels
GAP_SHARES = (0.3, 0.25, 0.2, 0.15, 0.1)
ALIKE = (0.0, 0.5, 0.9, 1.0)  # how much of their habits two dancers have in common
TURNS = 0.35  # share of matches in which somebody's form turns
NEVER = 2.0  # a share of the song that is never reached


@dataclass(frozen=True, slots=True, eq=False)
class _Pairing:
    """What two sides share, and how they differ, one entry a match.

    Attributes:
        levels: logarithm of either side's spread relative to an average dancer's, (2, m).
        turns_at: share of the song at which form turns, `NEVER` where it does not, (m,).
        turns: change of the logarithm then, (2, m).
        clumsy: logit of the share of judgements that an average computer player leaves to W4, W5 and misses, (m,).
        rest: how it is spread over them, (m, 3).
    """

    levels: Floats
    turns_at: Floats
    turns: Floats
    clumsy: Floats
    rest: Floats


def _pairing(rng: np.random.Generator, m: int) -> _Pairing:
    gap = rng.choice(GAPS, m, p=GAP_SHARES) * rng.standard_normal(m)
    middle = 0.35 * rng.standard_normal(m)
    turning = rng.random(m) < TURNS
    size = rng.choice((0.1, 0.3, 0.7), m)
    return _Pairing(
        levels=np.stack([middle + gap / 2, middle - gap / 2]),
        turns_at=np.where(turning, rng.uniform(0.15, 0.9, m), NEVER),
        turns=size * rng.standard_normal((2, m)) * (rng.random((2, m)) < 0.7),  # noqa: PLR2004 - one or both
        clumsy=rng.normal(-2.6, 1.1, m),
        rest=rng.dirichlet((2.0, 2.0, 2.5), m),
    )


def pairs(rng: np.random.Generator, kind: str, m: int) -> tuple[Crowd, Crowd]:
    """`m` players 1 and their opponents, all of one of `KINDS`.

    Raises:
        KeyError: no such kind.
    """
    pairing = _pairing(rng, m)
    one = KINDS[kind](rng, pairing.levels[0], pairing, 0)
    two = KINDS[kind](rng, pairing.levels[1], pairing, 1)
    return one, _like(two, one, rng.choice(ALIKE, m))


def _like(two: Crowd, one: Crowd, share: Floats) -> Crowd:
    """The second players with a share of their habits taken from the first; their level stays their own."""
    mixed = {}
    for field in fields(Crowd):
        if field.name in {"spread", "shares", "turns_at", "turn"}:
            continue
        theirs, others = getattr(two, field.name), getattr(one, field.name)
        weight = share[:, None] if theirs.ndim > 1 else share
        mixed[field.name] = (1.0 - weight) * theirs + weight * others
    return replace(two, **mixed)


def _steady(rng: np.random.Generator, level: Floats, pairing: _Pairing, side: int) -> Crowd:
    """Dancers with nothing but a spread and small habits; the other kinds are variations."""
    m = len(level)
    zero = np.zeros(m)
    return Crowd(
        spread=0.028 * np.exp(level),
        bias=rng.normal(0.0, 0.004, m),
        drift=rng.normal(0.0, 0.004, m),
        fatigue=rng.uniform(0.0, 0.15, m),
        tires_at=zero,
        tired=zero,
        warm=zero,
        strain=rng.uniform(0.02, 0.12, m),
        part=np.stack([zero, *(rng.normal(size, 0.05, m) for size in (0.12, 0.05, 0.12))], axis=1),
        jump=rng.normal(0.05, 0.05, m),
        memory=rng.uniform(0.1, 0.5, m),
        mood=zero,
        mood_memory=zero,
        turns_at=pairing.turns_at,
        turn=pairing.turns[side],
        slip=zero,
        recover=np.ones(m),
        miss=np.exp(rng.normal(-5.0, 0.8, m) + level),
        shares=np.full((m, 2, 6), np.nan),
    )


def _dancer(rng: np.random.Generator, level: Floats, pairing: _Pairing, side: int) -> Crowd:
    """Loses focus for some notes at a time, and tires a little."""
    m = len(level)
    return replace(
        _steady(rng, level, pairing, side),
        fatigue=rng.uniform(0.0, 0.4, m),
        slip=np.exp(rng.uniform(np.log(0.002), np.log(0.05), m)),
        recover=np.exp(rng.uniform(np.log(0.03), np.log(0.4), m)),
    )


def _moody(rng: np.random.Generator, level: Floats, pairing: _Pairing, side: int) -> Crowd:
    """Has good and bad stretches of a few seconds to half a song."""
    m = len(level)
    return replace(
        _dancer(rng, level, pairing, side),
        mood=rng.uniform(0.05, 0.6, m),
        mood_memory=1.0 - 1.0 / np.exp(rng.uniform(np.log(8.0), np.log(400.0), m)),
    )


def _stamina(rng: np.random.Generator, level: Floats, pairing: _Pairing, side: int) -> Crowd:
    """Needs to warm up, dislikes some patterns, and breaks down once strength is gone."""
    m = len(level)
    return replace(
        _steady(rng, level, pairing, side),
        warm=rng.uniform(0.0, 0.5, m),
        tires_at=rng.uniform(120.0, 700.0, m),
        tired=rng.uniform(0.0, 0.35, m),
        part=rng.normal(0.1, 0.15, (m, 4)),
        jump=rng.normal(0.15, 0.2, m),
        strain=rng.uniform(0.05, 0.3, m),
    )


def _erratic(rng: np.random.Generator, level: Floats, pairing: _Pairing, side: int) -> Crowd:
    """Long gaps in concentration and wild moods, off the beat as a habit."""
    m = len(level)
    return replace(
        _moody(rng, level, pairing, side),
        bias=rng.normal(0.0, 0.012, m),
        drift=rng.normal(0.0, 0.015, m),
        slip=rng.uniform(0.002, 0.012, m),
        recover=rng.uniform(0.02, 0.1, m),
        memory=rng.uniform(0.4, 0.8, m),
    )


def _computer(rng: np.random.Generator, level: Floats, pairing: _Pairing, side: int) -> Crowd:
    """Draws every judgement by itself, from shares that may change once; its clumsiness goes with its level."""
    before_after = [_shares(now, pairing) for now in (level, level + pairing.turns[side])]
    return replace(_steady(rng, level, pairing, side), shares=np.stack(before_after, axis=1))


def _shares(level: Floats, pairing: _Pairing) -> Floats:
    """Probabilities of W1 to W5 and a miss, (m, 6): a bell over the best three, the clumsy share over the others."""
    spread = 0.032 * np.exp(level)
    clumsy = 1.0 / (1.0 + np.exp(-(pairing.clumsy + 1.6 * level)))[:, None]
    inside = np.stack([_within(width / spread) for width in STEPMANIA[:3]], axis=1)
    best = np.diff(inside, axis=1, prepend=0.0) / inside[:, -1:]
    return np.concatenate([best * (1.0 - clumsy), pairing.rest * clumsy], axis=1)


def _within(x: Floats) -> Floats:
    """The share of a standard normal distribution within `x` either side."""
    return np.array([math.erf(value / math.sqrt(2.0)) for value in x])


KINDS: Mapping[str, Callable[[np.random.Generator, Floats, _Pairing, int], Crowd]] = {
    "computer": _computer,
    "steady": _steady,
    "dancer": _dancer,
    "moody": _moody,
    "stamina": _stamina,
    "erratic": _erratic,
}
"""Kinds of dancers by name."""
