"""What holds for every sequence of judgements under every rule."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from game.judgement import Judgement
from game.rules import RULES, Rule, decided

rules = st.sampled_from(list(RULES.values()))
judgements = st.lists(st.sampled_from([j for j in Judgement if j is not Judgement.MINE]), min_size=1, max_size=60)


def shown(rule: Rule, objects: int, danced: list[Judgement], fail_at: int | None = None) -> list[int]:
    tally, seen = rule.start(objects), []
    for index, judgement in enumerate(danced):
        tally = rule.award(tally.fail() if index == fail_at else tally, judgement)
        seen.append(rule.shown(tally))
    return seen


@given(rules, judgements, st.integers(0, 400), st.none() | st.integers(0, 60))
def test_stays_between_nothing_and_the_maximum(
    rule: Rule, danced: list[Judgement], more: int, fail_at: int | None
) -> None:
    objects = len(danced) + more
    seen = shown(rule, objects, danced, fail_at)
    assert all(0 <= value <= rule.maximum(objects) for value in seen)
    if not rule.falls:
        assert seen == sorted(seen)


@given(rules, judgements, st.integers(0, 59))
def test_a_better_judgement_never_makes_a_worse_score(rule: Rule, danced: list[Judgement], at: int) -> None:
    better = list(danced)
    better[at % len(danced)] = Judgement.W1
    assert shown(rule, len(danced), better)[-1] >= shown(rule, len(danced), danced)[-1]


@given(rules, st.integers(1, 900))
def test_the_budget_is_decided_step_by_step(rule: Rule, objects: int) -> None:
    shares = [decided(rule.growth, n, objects) for n in range(objects + 1)]
    assert shares[0] == 0
    assert shares[-1] == 1
    assert shares == sorted(shares)
