"""How many objects a chart has, and how many are over, told from nothing but a score that grows.

Under a triangular rule object n of N is worth p n Z / S, S = N (N + 1) / 2, with p one of three weights: every step of
the score says which object it was, and the first few say how many there are. A ledger enters the scores on which a
display stood and keeps the (N, n) that explain them all. Steps of up to four objects are explained exactly; after a
longer run without rest n is known roughly, until the next short step tells it again. A number that was no score (a
display caught in the act) fits none, and is taken back by the hypothesis that it was not to be entered.

Source of the rule: see `game.rules.stepmania`.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from game.rules.rule import triangle
from game.rules.stepmania import BASE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

STOOD = 0.08  # seconds for which a number must stand before it is entered: longer than a frame of a slow source
KEPT = 24  # hypotheses
FALLEN = 0.25  # a score down to this share of itself belongs to the next song
SLIGHT = 1e-6  # share of the likeliest below which one is dropped
SHORT = 4  # objects in a step that are told apart exactly
LONG = 160  # objects in the longest run without rest
FALSE = 0.01  # chance that a number was no score
RUN_ON = 0.6  # chance that a step has one object more
LONG_RUN = 0.04  # chance of a run longer than SHORT
MISSED = 0.01  # chance of a long streak of misses before a single gain
GAIN, GAIN_SPREAD, USUAL_OBJECTS = 8.7, 1.6, 20  # usual p, how far it strays, how many objects this belief weighs
PATIENCE, PATIENCE_MOST = 2, 6  # scores in a row that nothing explains exactly before n is looked for anew
WEARY = 10  # looks after which one more score is waited for
LOOKS_AT_FIRST, LOOKS = (
    20,
    60,
)  # times that it is looked for in one song; a display that follows another rule is left alone
ANOTHER = 0.5  # chance that the chart is another than believed when nothing was explained; less with every explanation
FEWEST, MOST, USUAL, STRAY = 20, 4000, 350.0, 0.8  # objects of a chart; the last two log-normal
CONFIRMED = 3  # scores that must have been explained exactly before anything is said
DOUBT, BELIEF = -5.0, 8.0  # odds to begin with and to speak up, as logarithms
DISBELIEF, MOST_EVIDENCE = -30.0, 80.0  # odds at which a count is withdrawn, and the most that is held in store
DECADES = 9.0  # natural orders of magnitude over which a step without a rule may be spread
SURE = 0.9  # probability of N that a count needs
WEIGHTS = (10, 9, 5, 0)  # p of W1 and a hold, W2, W3, and all else
CHANCES = (0.5, 0.25, 0.13, 0.12)
NOTHING = 3


@dataclass(frozen=True, slots=True)
class Guess:
    """One explanation: a chart of `objects`, of which `played` were over when the score stood at `score`."""

    objects: int
    played: int
    score: int
    weight: float


@dataclass(frozen=True, slots=True)
class Count:
    """How many objects a chart has, how many are over on average, and the probability that the former is right."""

    objects: int
    played: float
    sure: float


@dataclass(frozen=True, slots=True)
class Ledger:
    """What a player's scores have told so far.

    Attributes:
        shown: the number on the display.
        since: when it came there, seconds.
        score: the last number entered; None before a display was seen at zero.
        guesses: the explanations left, likeliest first; their weights sum to 1.
        told: how many scores were explained exactly; a half of it once n had to be looked for anew.
        fresh: how many of them since then.
        strain: how many in a row, up to now, were not.
        evidence: for a triangular rule against none, the logarithm of the odds.
        looks: how often n was looked for anew.
        known: the last count that was sure, and the score at which it was taken.
    """

    shown: int | None = None
    since: float = 0.0
    score: int | None = None
    guesses: tuple[Guess, ...] = ()
    told: int = 0
    fresh: int = 0
    strain: int = 0
    evidence: float = DOUBT
    looks: int = 0
    known: tuple[Count, int] | None = None

    def watch(self, t: float, value: int | None) -> Ledger:
        """The ledger after the display showed `value` at `t`; unread displays change nothing."""
        if value is None:
            return self
        if self.shown is None or value <= self.shown * FALLEN < self.shown:
            return Ledger(value, t, 0 if value == 0 else None)
        stood = self.shown != self.score and t - self.since >= STOOD
        entered = self.enter(self.shown) if stood else self
        return entered if value == self.shown else replace(entered, shown=value, since=t)

    def enter(self, score: int) -> Ledger:
        """The ledger after the display stood at `score`."""
        if self.score is None or score <= self.score or self.looks > (LOOKS if self.known else LOOKS_AT_FIRST):
            return self
        if not self.score:
            return replace(self, score=score, guesses=_best(_begin(score)))
        exact, rough = _explain(self.guesses, score)
        likely, unlikely = (sum(guess.weight for guess in ways) for ways in (exact, rough))
        odds = math.log(max(likely + unlikely, 1e-30) * DECADES * (score - self.score))
        evidence = min(self.evidence + odds, MOST_EVIDENCE)
        known = self.known if evidence > DISBELIEF else None
        after = replace(self, score=score, guesses=_best(exact + rough), evidence=evidence, known=known)
        if likely > unlikely:
            told = replace(after, told=self.told + 1, fresh=self.fresh + 1, strain=0)
            return replace(told, known=_sure(told) or known)
        if self.strain < min(PATIENCE + self.told, PATIENCE_MOST) + self.looks // WEARY:
            return replace(after, strain=self.strain + 1)
        anywhere = _best(_anywhere(self.score, score, self._charts()))
        again = replace(after, guesses=anywhere, told=self.told // 2, fresh=0, strain=0, looks=self.looks + 1)
        return again if known else replace(again, evidence=DOUBT)

    def count(self) -> Count | None:
        """How far the chart is at the number now shown; None before that was ever sure.

        Since the last score that was explained, objects are counted as in the chart so far: by what they gained.
        """
        if self.known is None:
            return None
        count, score = self.known
        grown = 1.0 + (max(self.shown or 0, score) - score) / max(score, 1)
        return replace(count, played=min(count.played * grown**0.5, count.objects))

    def _charts(self) -> dict[int, float]:
        """How likely each chart is, with what is left for all others under 0."""
        other = ANOTHER / (1 + self.told) if self.guesses else 1.0
        shares = {0: other}
        for guess in self.guesses:
            shares[guess.objects] = shares.get(guess.objects, 0.0) + guess.weight * (1 - other)
        return shares


BLANK = Ledger()


def _sure(ledger: Ledger) -> tuple[Count, int] | None:
    """The likeliest count and its score; None when it is not sure. Another chart than the known one takes more."""
    shares: dict[int, float] = {}
    for guess in ledger.guesses:
        shares[guess.objects] = shares.get(guess.objects, 0.0) + guess.weight
    objects = max(shares, key=lambda n: shares[n])
    changed = ledger.known is not None and ledger.known[0].objects != objects
    if shares[objects] < SURE or ledger.evidence < BELIEF or ledger.fresh < (2 * CONFIRMED if changed else CONFIRMED):
        return None
    likeliest = [guess for guess in ledger.guesses if guess.objects == objects]
    played = sum(guess.played * guess.weight for guess in likeliest) / shares[objects]
    return Count(objects, float(played), float(shares[objects])), likeliest[0].score


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


def _blur(score: int) -> int:
    """How far a display in single precision may be off at `score`, points."""
    return int(np.spacing(np.float32(score)) / 2) if score > 1 << 24 else 0


def _gains(objects: Ints, played: Ints) -> Ints:
    """What each of RUNS adds after `played` of `objects`, (g,) each -> (g, m); -1 where the chart ends before."""
    numbers = played[:, None, None] + 1 + PLACES
    worth = np.array(WEIGHTS)[:, None] * numbers * BASE // triangle(objects)[:, None, None]
    gains = worth[:, RUNS, PLACES].sum(axis=2)
    return np.where(played[:, None] + RUN_LENGTHS <= objects[:, None], gains, -1)


def _begin(score: int) -> list[Guess]:
    """Every chart whose first few objects can have made `score`."""
    units = (np.array(WEIGHTS)[RUNS] * (PLACES + 1)).sum(axis=1)
    near = np.rint((np.sqrt(1 + 8 * BASE * units / score) - 1) / 2).astype(np.int64)
    charts = np.unique(np.concatenate([near - 1, near, near + 1]))
    charts = charts[(charts >= FEWEST) & (charts <= MOST)]
    usual = np.exp(-0.5 * (np.log(charts / USUAL) / STRAY) ** 2) / charts
    fits = np.nonzero(_gains(charts, np.zeros_like(charts)) == score)
    return [
        Guess(int(charts[g]), int(RUN_LENGTHS[i]), score, float(usual[g] * RUN_CHANCES[i]))
        for g, i in zip(*fits, strict=True)
    ]


def _anywhere(before: int, score: int, known: dict[int, float]) -> list[Guess]:
    """Every chart and object at which one or two judgements can have made the step from `before` to `score`.

    Args:
        before: the score before, points.
        score: the score now.
        known: how likely charts are, and under 0 how likely another is.
    """
    charts = np.arange(FEWEST, MOST + 1, dtype=np.int64)
    pyramids = charts * (charts + 1) // 2
    give = _blur(before) + _blur(score)
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
        found += [Guess(int(charts[i]), int(numbers[i]), score, float(likely[i])) for i in np.flatnonzero(fits)]
    return found


def _explain(guesses: tuple[Guess, ...], score: int) -> tuple[list[Guess], list[Guess]]:
    """Carry every guess on to `score`: all ways that explain it exactly, and the rough ones."""
    objects = np.array([guess.objects for guess in guesses])
    played = np.array([guess.played for guess in guesses])
    rise = score - np.array([guess.score for guess in guesses])
    give = np.array([_blur(score) + _blur(guess.score) for guess in guesses])

    def carried(chances: Floats, lengths: Ints) -> list[Guess]:
        """Every guess after (m,) `lengths` more objects, with `chances` (g, m)."""
        return [
            Guess(
                guesses[g].objects, guesses[g].played + int(lengths[i]), score, guesses[g].weight * float(chances[g, i])
            )
            for g, i in zip(*np.nonzero(chances), strict=True)
        ]

    short = np.abs(_gains(objects, played) - rise[:, None]) <= give[:, None]
    exact = carried(short * RUN_CHANCES, RUN_LENGTHS)
    exact += carried(_missed(objects, played, rise, give), LENGTHS)
    rough = carried(_run_on(objects, played, rise, score), LENGTHS)
    usual = WEIGHTS[0] * BASE * (played + 1) / triangle(objects)
    rough += [replace(guess, weight=guess.weight * FALSE / u) for guess, u in zip(guesses, usual.tolist(), strict=True)]
    return exact, rough


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
    likely = density > density.max(axis=1, keepdims=True) * 1e-3
    likely &= (units <= WEIGHTS[0] * whole) & (played[:, None] + LENGTHS <= objects[:, None])
    return np.where(likely, density, 0.0)


def _best(guesses: list[Guess]) -> tuple[Guess, ...]:
    """The likeliest guesses, equal ones made one, weights summing to 1."""
    whole: dict[tuple[int, int, int], float] = {}
    for guess in guesses:
        key = (guess.objects, guess.played, guess.score)
        whole[key] = whole.get(key, 0.0) + guess.weight
    ranked = sorted(whole.items(), key=lambda item: -item[1])[:KEPT]
    total = sum(weight for _, weight in ranked)
    if not total:
        return ()
    return tuple(Guess(*key, weight / total) for key, weight in ranked if weight > SLIGHT * ranked[0][1])
