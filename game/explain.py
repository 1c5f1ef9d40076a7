"""What a growing score tells of its chart: which objects of which chart can have made a step.

Under a triangular rule object n of N is worth p n Z / S, S = N (N + 1) / 2, with p one of three weights. A step of few
objects names them exactly; of a longer run it tells about how many there were.

Source of the rule: see `game.rules.stepmania`.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from game.rules.rule import triangle
from game.rules.stepmania import BASE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

KEPT = 24  # guesses
SLIGHT = 1e-6  # share of the likeliest below which one is dropped
DIM = 0.05  # share of a run's likeliest length below which others are left out
PLAIN = 0.9  # weight of the guesses that explain a step by few objects, from which on nothing else is tried
SHORT = 4  # objects in a step that are told apart exactly
LONG = 160  # objects in the longest run without rest
FALSE = 0.01  # chance that a number was no score
RUN_ON = 0.6  # chance that a step has one object more
LONG_RUN = 0.04  # chance of a run longer than SHORT
MISSED = 0.01  # chance of a long streak of misses before a single gain
GAIN, GAIN_SPREAD, USUAL_OBJECTS = 8.7, 1.6, 20  # usual p, how far it strays, how many objects this belief weighs
FEWEST, MOST, USUAL, STRAY = 20, 4000, 350.0, 0.8  # objects of a chart; the last two log-normal
WEIGHTS = (10, 9, 5, 0)  # p of W1 and a hold, W2, W3, and all else
CHANCES = (0.5, 0.25, 0.13, 0.12)
NOTHING = 3


@dataclass(frozen=True, slots=True)
class Guess:
    """One explanation: a chart of `objects`, of which `played` were over when the score was `score`, give or take."""

    objects: int
    played: int
    score: int
    weight: float
    give: int = 0


def _patterns() -> tuple[Ints, Floats]:
    """Every run of up to SHORT judgements that ends in a gain, as indices into WEIGHTS (m, SHORT), and its chance."""
    rows, chances = [], []
    for length in range(1, SHORT + 1):
        reach = (1 - LONG_RUN) * (1 - RUN_ON) * RUN_ON ** (length - 1)
        for run in itertools.product(range(len(WEIGHTS)), repeat=length):
            if run[-1] != NOTHING:
                rows.append([*run, *[NOTHING] * (SHORT - length)])
                chances.append(reach * float(np.prod([CHANCES[i] for i in run])))
    return np.array(rows, dtype=np.int64), np.array(chances)


RUNS, RUN_CHANCES = _patterns()
RUN_LENGTHS = SHORT - (RUNS[:, ::-1] != NOTHING).argmax(axis=1)
PLACES = np.arange(SHORT)
LENGTHS = np.arange(SHORT + 1, LONG + 1)


def blur(score: int) -> int:
    """How far a display in single precision may be off at `score`, points."""
    return int(np.spacing(np.float32(score)) / 2) if score > 1 << 24 else 0


def gains(objects: Ints, played: Ints) -> Ints:
    """What each of RUNS adds after `played` of `objects`, (g,) each -> (g, m); -1 where the chart ends before."""
    numbers = played[:, None, None] + 1 + PLACES
    worth = np.array(WEIGHTS)[:, None] * numbers * BASE // triangle(objects)[:, None, None]
    added = worth[:, RUNS, PLACES].sum(axis=2)
    return np.where(played[:, None] + RUN_LENGTHS <= objects[:, None], added, -1)


def begin(score: int) -> list[Guess]:
    """Every chart whose first few objects can have made `score`."""
    units = (np.array(WEIGHTS)[RUNS] * (PLACES + 1)).sum(axis=1)
    near = np.rint((np.sqrt(1 + 8 * BASE * units / score) - 1) / 2).astype(np.int64)
    charts = np.unique(np.concatenate([near - 1, near, near + 1]))
    charts = charts[(charts >= FEWEST) & (charts <= MOST)]
    usual = np.exp(-0.5 * (np.log(charts / USUAL) / STRAY) ** 2) / charts
    fits = np.nonzero(gains(charts, np.zeros_like(charts)) == score)
    return [
        Guess(int(charts[g]), int(RUN_LENGTHS[i]), score, float(usual[g] * RUN_CHANCES[i]))
        for g, i in zip(*fits, strict=True)
    ]


def anywhere(before: int, score: int, known: dict[int, float]) -> list[Guess]:
    """Every chart and object at which one or two judgements can have made the step from `before` to `score`.

    Args:
        before: the score before, points.
        score: the score now.
        known: how likely charts are, and under 0 how likely another is.
    """
    charts = np.arange(FEWEST, MOST + 1, dtype=np.int64)
    pyramids = charts * (charts + 1) // 2
    give = blur(before) + blur(score)
    usual = np.exp(-0.5 * (np.log(charts / USUAL) / STRAY) ** 2) / charts
    usual *= known[0] / usual.sum()
    for objects, share in known.items():
        if objects:
            usual[objects - FEWEST] += share
    found = []
    for first, last in itertools.product(range(len(WEIGHTS)), range(NOTHING)):
        p, q = WEIGHTS[first], WEIGHTS[last]
        numbers = np.rint(((score - before) * pyramids / BASE + p) / (p + q)).astype(np.int64)
        rise = p * (numbers - 1) * BASE // pyramids + q * numbers * BASE // pyramids
        gain = score * pyramids / (BASE * np.maximum(1, numbers * (numbers + 1) / 2))
        fits = (np.abs(rise - (score - before)) <= give) & (numbers <= charts) & (gain <= WEIGHTS[0]) & (gain > 1)
        likely = usual * CHANCES[first] * CHANCES[last] * np.exp(-0.5 * ((gain - GAIN) / GAIN_SPREAD) ** 2)
        found += [
            Guess(int(charts[i]), int(numbers[i]), score, float(likely[i]), blur(score)) for i in np.flatnonzero(fits)
        ]
    return found


def explain(guesses: tuple[Guess, ...], score: int) -> tuple[list[Guess], list[Guess]]:
    """Carry every guess on to `score`: all ways that explain it exactly, and the rough ones."""
    objects = np.array([guess.objects for guess in guesses])
    played = np.array([guess.played for guess in guesses])
    rise = score - np.array([guess.score for guess in guesses])
    give = np.array([blur(score) + guess.give for guess in guesses])
    worth = gains(objects, played)
    short = (np.abs(worth - rise[:, None]) <= give[:, None]) * RUN_CHANCES
    exact = [
        _carried(guesses[g], int(RUN_LENGTHS[i]), guesses[g].score + int(worth[g, i]), short[g, i], guesses[g].give)
        for g, i in zip(*np.nonzero(short), strict=True)
    ]
    rough: list[Guess] = []
    if sum(guesses[g].weight for g in np.flatnonzero(short.any(axis=1))) < PLAIN:
        missed = _missed(objects, played, rise, give)
        exact += [
            _carried(guesses[g], int(LENGTHS[i]), score, missed[g, i], blur(score))
            for g, i in zip(*np.nonzero(missed), strict=True)
        ]
        on = _run_on(objects, played, rise, score)
        rough = [
            _carried(guesses[g], int(LENGTHS[i]), score, on[g, i], blur(score))
            for g, i in zip(*np.nonzero(on), strict=True)
        ]
    usual = WEIGHTS[0] * BASE * (played + 1) / triangle(objects)
    rough += [replace(guess, weight=guess.weight * FALSE / u) for guess, u in zip(guesses, usual.tolist(), strict=True)]
    return exact, rough


def _carried(guess: Guess, more: int, score: int, chance: float, give: int) -> Guess:
    return Guess(guess.objects, guess.played + more, score, guess.weight * float(chance), give)


def _missed(objects: Ints, played: Ints, rise: Ints, give: Ints) -> Floats:
    """Chances (g, LENGTHS) of a rise made by a long streak of misses and one gain."""
    numbers = played[:, None] + LENGTHS
    chances = np.zeros(numbers.shape)
    for weight, chance in zip(WEIGHTS[:NOTHING], CHANCES, strict=False):
        worth = weight * numbers * BASE // triangle(objects)[:, None]
        fits = (np.abs(worth - rise[:, None]) <= give[:, None]) & (numbers <= objects[:, None])
        chances += fits * (MISSED * chance / (LENGTHS - SHORT + 1) ** 1.5)
    return chances


def _run_on(objects: Ints, played: Ints, rise: Ints, score: int) -> Floats:
    """Chances (g, LENGTHS) of a rise made by more objects than SHORT, each gaining what they did so far."""
    unit = BASE / triangle(objects)
    usual = triangle(USUAL_OBJECTS)
    gain = ((score - rise) / unit + GAIN * usual) / (triangle(played) + usual)
    whole = LENGTHS * played[:, None] + triangle(LENGTHS)
    spread = GAIN_SPREAD * whole / np.sqrt(LENGTHS)
    units = (rise / unit)[:, None]
    density = np.exp(-0.5 * ((units - gain[:, None] * whole) / spread) ** 2) / (spread * 2.507 * unit[:, None])
    density *= LONG_RUN / (LENGTHS - SHORT + 1) ** 1.5
    likely = density > density.max(axis=1, keepdims=True) * DIM
    likely &= (units <= WEIGHTS[0] * whole) & (played[:, None] + LENGTHS <= objects[:, None])
    return np.where(likely, density, 0.0)


def best(guesses: list[Guess]) -> tuple[Guess, ...]:
    """The likeliest guesses, equal ones made one, weights summing to 1."""
    whole: dict[tuple[int, int, int, int], float] = {}
    for guess in guesses:
        key = (guess.objects, guess.played, guess.score, guess.give)
        whole[key] = whole.get(key, 0.0) + guess.weight
    ranked = sorted(whole.items(), key=lambda item: -item[1])[:KEPT]
    total = sum(weight for _, weight in ranked)
    if not total:
        return ()
    return tuple(
        Guess(objects, played, score, weight / total, give)
        for (objects, played, score, give), weight in ranked
        if weight > SLIGHT * ranked[0][1]
    )
