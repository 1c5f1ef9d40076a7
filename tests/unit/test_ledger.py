"""What a growing score tells of its chart."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import numpy as np
import pytest

from game.explain import Guess
from game.judgement import Judgement
from game.ledger import BLANK, Count, Ledger, _sure
from game.rules.million import SUPERNOVA2
from game.rules.stepmania import StepManiaDefault

if TYPE_CHECKING:
    from game.rules.rule import Rule

KINDS = (Judgement.W1, Judgement.W2, Judgement.W3, Judgement.W4)


def course(rule: Rule, objects: int, seed: int, weights: tuple[int, ...] = (6, 3, 1, 1)) -> list[int]:
    """The score after each object of a chart."""
    rng = random.Random(seed)  # noqa: S311 - a made-up course, not a secret
    tally, scores = rule.start(objects), []
    for judgement in rng.choices(KINDS, weights, k=objects):
        tally = rule.award(tally, judgement)
        scores.append(rule.shown(tally))
    return scores


def watched(scores: list[int], seed: int, *, rests: float = 0.6, begin: int = 0) -> list[tuple[int, Ledger]]:
    """The ledger after each score on which the display rested; in between it shows numbers that roll."""
    rng = random.Random(seed)  # noqa: S311 - a made-up course, not a secret
    ledger, t, seen = BLANK.watch(0.0, begin), 1.0, []
    ledger = ledger.watch(t, begin)
    for played, score in enumerate(scores, 1):
        before = ledger.shown or 0
        for share in (0.3, 0.6, 0.9):
            t += 1 / 30
            ledger = ledger.watch(t, before + round(share * (score - before)))
        if rng.random() < rests:
            for _ in range(5):
                t += 1 / 30
                ledger = ledger.watch(t, score)
            seen.append((played, ledger))
    return seen


@pytest.mark.parametrize("objects", [120, 260, 400, 511, 747])
@pytest.mark.parametrize("seed", [1, 2])
def test_a_chart_is_told_from_its_first_scores(objects: int, seed: int) -> None:
    """Before a tenth of the song is over the number of objects is known, and from then on how many are over."""
    seen = watched(course(StepManiaDefault(), objects, seed), seed)
    known = [(played, count) for played, ledger in seen if (count := ledger.count())]
    assert known[0][0] <= max(30, objects / 10)
    assert {count.objects for _, count in known} == {objects}
    errors = sorted(abs(count.played - played) for played, count in known)
    assert errors[len(errors) // 2] <= 2
    assert errors[int(0.95 * len(errors))] <= 0.05 * objects


def test_a_number_that_was_no_score_is_taken_back() -> None:
    """A rolling number on which a recorder stood still leads nowhere."""
    scores = course(StepManiaDefault(), 400, 3)
    caught = sorted([*scores[:60], scores[20] + 777, scores[41] + 4321, *scores[60:]])
    counts = [count for _, ledger in watched(caught, 3, rests=1.0) if (count := ledger.count())]
    assert {count.objects for count in counts} == {400}
    assert abs(counts[-1].played - 400) <= 2


def test_single_precision_is_allowed_for() -> None:
    """Above 16.7 million a display may be off by a few points."""
    scores = [score if score < 1 << 24 else score // 8 * 8 for score in course(StepManiaDefault(), 300, 4)]
    played, ledger = watched(scores, 4)[-1]
    count = ledger.count()
    assert count is not None
    assert count.objects == 300
    assert abs(count.played - played) <= 6


def test_a_poor_dancer_is_counted_too() -> None:
    """Streaks of misses leave no trace but the size of the next step."""
    seen = watched(course(StepManiaDefault(), 350, 5, weights=(2, 2, 2, 6)), 5, rests=0.8)
    played, ledger = seen[-1]
    count = ledger.count()
    assert count is not None
    assert count.objects == 350
    assert abs(count.played - played) <= 15


@pytest.mark.parametrize(("played", "believed"), [(25, True), (45, False)])
def test_a_count_that_jumps_ahead_is_not_believed(played: int, believed: bool) -> None:
    """By chance a step may look like one much further on, behind a streak of misses that never was."""
    guesses = (Guess(238, played, 771_414, 1.0),)
    known = (Count(238, 17.0, 1.0), 345_622)
    ledger = Ledger(score=771_414, guesses=guesses, told=9, fresh=9, evidence=20.0, known=known)
    assert (_sure(ledger) is not None) is believed


def test_another_rule_says_nothing_or_little() -> None:
    """Even steps are those of no triangular chart."""
    seen = watched(course(SUPERNOVA2, 300, 6), 6)
    assert sum(ledger.count() is not None for _, ledger in seen) <= len(seen) / 10


def test_the_next_song_begins_anew() -> None:
    """Zero after a song is another chart."""
    _, ledger = watched(course(StepManiaDefault(), 200, 7), 7)[-1]
    assert ledger.watch(1000.0, 0).count() is None
    assert ledger.watch(1000.0, None) == ledger


def test_a_song_found_running_is_learned_later_or_never_wrongly() -> None:
    """A ledger that did not see the zero enters nothing."""
    scores = course(StepManiaDefault(), 300, 8)
    assert all(ledger.count() is None for _, ledger in watched(scores[100:], 8, begin=scores[99]))


def test_the_next_score_is_foretold() -> None:
    """Once the chart is known, the score that comes is among the few that are due."""
    scores = course(StepManiaDefault(), 400, 9)
    seen = watched(scores, 9, rests=1.0)
    foretold = [
        (due, scores[played])
        for played, ledger in seen[:-1]
        if (due := ledger.due()) is not None and scores[played] > scores[played - 1]
    ]
    hits = [bool(due.chance(np.array([score]))[0]) for due, score in foretold]
    misses = [bool(due.chance(np.array([score + 3]))[0]) for due, score in foretold if score < 1 << 24]
    assert len(hits) > 200
    assert sum(hits) > 0.97 * len(hits)
    assert sum(misses) < 0.01 * len(misses)
    assert BLANK.due() is None
