"""How many objects a chart has, and how many are over, told from nothing but a score that grows.

Every step of a triangular score says which object it was, and the first few say how many there are (`game.explain`). A
ledger enters the scores on which a display stood and keeps the guesses that explain them all. A number that was no
score (a display caught in the act) fits none, and is taken back by the guess that it was not to be entered.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from game.explain import RUN_CHANCES, RUN_LENGTHS, Guess, anywhere, begin, best, blur, explain, gains
from game.rules.rule import triangle
from game.rules.stepmania import MAXIMUM

if TYPE_CHECKING:
    from numpy.typing import NDArray

STOOD = 0.08  # seconds for which a number must stand before it is entered: longer than a frame of a slow source
FALLEN = 0.25  # a score down to this share of itself belongs to the next song
SOON = 2  # objects ahead for which scores are foretold
PATIENCE, PATIENCE_MOST = 2, 6  # scores in a row that nothing explains exactly before n is looked for anew
WEARY = 10  # looks after which one more score is waited for
LOOKS_AT_FIRST, LOOKS = 15, 60  # looks in one song, before and after a count was sure: another rule is left alone
ANOTHER = 0.5  # chance that the chart is another than believed when nothing was explained; less with every explanation
CONFIRMED = 3  # scores that must have been explained exactly before anything is said
DOUBT, BELIEF = -5.0, 8.0  # odds to begin with and to speak up, as logarithms
DISBELIEF, MOST_EVIDENCE = -30.0, 80.0  # odds at which a count is withdrawn, and the most that is held in store
DECADES = 9.0  # natural orders of magnitude over which a step without a rule may be spread
SURE = 0.9  # probability of N that a count needs
POOR, POORER = 0.3, 0.6  # least quality of a first count, and least share of the last one's that a later one keeps


@dataclass(frozen=True, slots=True)
class Count:
    """How many objects a chart has, how many are over on average, and the probability that the former is right."""

    objects: int
    played: float
    sure: float


@dataclass(frozen=True, slots=True)
class Due:
    """The score that is, and those that may come next.

    Attributes:
        scores: (k,), ascending.
        chances: (k,) of each.
        give: how far a display may be off them, points.
        unit: between numbers that the display can show at all, points.
    """

    scores: NDArray[np.int64]
    chances: NDArray[np.float64]
    give: int
    unit: int

    def shown(self) -> NDArray[np.int64]:
        """The numbers a display can show for these scores."""
        return np.asarray((self.scores + self.unit // 2) // self.unit * self.unit)

    def chance(self, values: NDArray[np.int64]) -> NDArray[np.float64]:
        """How likely a display that stands on the next score shows each of `values` (n,)."""
        first = np.searchsorted(self.scores, values - self.give)
        last = np.searchsorted(self.scores, values + self.give, side="right")
        upto = np.concatenate([[0.0], np.cumsum(self.chances)])
        return np.asarray((upto[last] - upto[first]) / (1 + 2 * self.give // self.unit))


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
            return replace(self, score=score, guesses=best(begin(score)))
        exact, rough = explain(self.guesses, score)
        likely, unlikely = (sum(guess.weight for guess in ways) for ways in (exact, rough))
        odds = math.log(max(likely + unlikely, 1e-30) * DECADES * (score - self.score))
        evidence = min(self.evidence + odds, MOST_EVIDENCE)
        known = self.known if evidence > DISBELIEF else None
        after = replace(self, score=score, guesses=best(exact + rough), evidence=evidence, known=known)
        if likely > unlikely:
            told = replace(after, told=self.told + 1, fresh=self.fresh + 1, strain=0)
            return replace(told, known=_sure(told) or known)
        if self.strain < min(PATIENCE + self.told, PATIENCE_MOST) + self.looks // WEARY:
            return replace(after, strain=self.strain + 1)
        afresh = best(anywhere(self.score, score, self._charts()))
        again = replace(after, guesses=afresh, told=self.told // 2, fresh=0, strain=0, looks=self.looks + 1)
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

    def due(self) -> Due | None:
        """The score that is, and those that one or two more judgements can make; None while the place is in doubt."""
        if self.known is None or not self.guesses:
            return None
        likeliest = self.guesses[0]
        if likeliest.objects != self.known[0].objects or likeliest.weight < SURE:
            return None
        worth = gains(np.array([likeliest.objects]), np.array([likeliest.played]))[0]
        soon = np.flatnonzero((worth > 0) & (RUN_LENGTHS <= SOON))
        order = soon[np.argsort(worth[soon], kind="stable")]
        top = likeliest.score + int(worth[order[-1]]) if len(order) else likeliest.score
        unit = max(1, 2 * blur(top))
        scores = likeliest.score + np.concatenate([[0], worth[order]])
        return Due(scores, np.concatenate([[1.0], RUN_CHANCES[order]]), blur(top) + likeliest.give, unit)

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
    count = Count(objects, float(played), float(shares[objects]))
    score = likeliest[0].score
    least = POOR if ledger.known is None or changed else POORER * _quality(*ledger.known)
    return (count, score) if _quality(count, score) >= least else None


def _quality(count: Count, score: int) -> float:
    """The share of the points so far that a count leaves a player; one that jumped ahead takes many for missed."""
    return score * triangle(count.objects) / (MAXIMUM * max(1, triangle(round(count.played))))
