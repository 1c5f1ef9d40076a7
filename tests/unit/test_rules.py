"""Worked examples of every scoring family."""

from __future__ import annotations

import pytest

from game.grades import ITG as ITG_GRADES
from game.grades import MILLION, grade
from game.judgement import Judgement
from game.reading import ScoreUnit
from game.rules import EX, ITG, RULES, STEPMANIA_PERCENT, Growth, Rule, Tally, ddr_extreme, decided
from game.rules.million import SUPERNOVA2, A
from game.rules.stepmania import StepManiaDefault
from game.rules.supernova import SuperNova
from game.rules.triangular import DDR_3RD

J = Judgement
STEPMANIA = StepManiaDefault()


def after(rule: Rule, objects: int, *judgements: Judgement) -> Tally:
    tally = rule.start(objects)
    for judgement in judgements:
        tally = rule.award(tally, judgement)
    return tally


def gain(rule: Rule, objects: int, number: int, judgement: Judgement) -> int:
    before = Tally(objects, number - 1)
    return rule.award(before, judgement).points


@pytest.mark.parametrize(
    ("rule", "objects", "number", "judgement", "points"),
    [
        # the source's own example of 441 steps, with Z / S not truncated: 5 * 57 * 10,000,000 / 97,461
        (STEPMANIA, 441, 57, J.W3, 29_242),
        (STEPMANIA, 441, 57, J.W1, 58_484),
        (STEPMANIA, 441, 57, J.W2, 52_636),
        (STEPMANIA, 441, 57, J.HELD, 58_484),
        (STEPMANIA, 441, 57, J.W4, 0),
        (StepManiaDefault(w1_shown=False), 441, 57, J.W2, 58_484),
        # 4 objects, S = 10: the last one is worth 40 % and the rounding left nothing
        (STEPMANIA, 4, 4, J.W1, 40_000_000),
        # aaronin.jp/ss6: a Great on step 57 of 441, 8 feet: 5 * 82 * 57
        (ddr_extreme(8), 441, 57, J.W3, 23_370),
        (ddr_extreme(8), 441, 57, J.W1, 46_740),
        (ddr_extreme(8), 441, 57, J.W5, 0),
        # the last step: 10 * (82 * 441 + 8,000,000 mod 97,461)
        (ddr_extreme(8), 441, 441, J.W2, 10 * (82 * 441 + 8_000_000 - 82 * 97_461)),
        # 3rd, 100 steps: floor(1,000,000 / 5,050) = 198, rest 100
        (DDR_3RD, 100, 7, J.W2, 10 * 198 * 7),
        (DDR_3RD, 100, 7, J.W3, 5 * 198 * 7),
        (DDR_3RD, 100, 100, J.W3, 5 * (198 * 100 + 100)),
    ],
)
def test_worth_of_one_object(rule: Rule, objects: int, number: int, judgement: Judgement, points: int) -> None:
    assert gain(rule, objects, number, judgement) == points


@pytest.mark.parametrize(
    ("rule", "objects", "judgements", "shown"),
    [
        # aaronin.jp/ss8: one Great of 441 steps shows 11,337; two show 22,675, for fractions are kept
        (SuperNova(), 441, [J.W3], 11_337),
        (SuperNova(), 441, [J.W3, J.W3], 22_675),
        (SuperNova(), 441, [J.W2], 22_675),
        (SuperNova(), 441, [J.W4, J.MISS, J.LET_GO], 0),
        # aaronin.jp/ss9: 400 steps and 21 freezes, a step is worth 2,375.2969
        (SUPERNOVA2, 421, [J.W1], 2_370),
        (SUPERNOVA2, 421, [J.HELD], 2_370),
        (SUPERNOVA2, 421, [J.W2], 2_360),
        (SUPERNOVA2, 421, [J.W3], 1_170),
        (SUPERNOVA2, 421, [J.W4], 0),
        (SUPERNOVA2, 421, [J.W1, J.W1], 4_750),
        # A: Great 0.6 * 2,375.2969 - 10, Good 0.2 * 2,375.2969 - 10
        (A, 421, [J.W1], 2_370),
        (A, 421, [J.W3], 1_410),
        (A, 421, [J.W4], 460),
        (A, 421, [J.W5], 0),
        (EX, 100, [J.W1, J.HELD, J.W2, J.W3, J.W4, J.MISS], 9),
        (STEPMANIA_PERCENT, 3, [J.W2], 2_222),
        (STEPMANIA_PERCENT, 3, [J.W1, J.W1, J.HELD], 10_000),
        (STEPMANIA_PERCENT, 3, [J.W1, J.MINE], 1_111),
        (STEPMANIA_PERCENT, 3, [J.MINE], 0),
        # 11 of 111 is 9.90990... %: the source adds 0.0001 % and truncates then
        (STEPMANIA_PERCENT, 37, [J.W1] * 3 + [J.W2], 991),
        (STEPMANIA_PERCENT, 37, [J.W1] * 3 + [J.W3], 900),
        (ITG, 100, [J.W1], 100),
        (ITG, 100, [J.W1, J.W2, J.W3, J.W4], 220),
        (ITG, 100, [J.W1] * 4 + [J.MISS], 160),
        (ITG, 100, [J.W1] * 4 + [J.W5, J.MINE], 160),
        (ITG, 100, [J.MISS], 0),
        (ITG, 100, [J.MISS, J.W1, J.W1, J.W1], 60),
    ],
)
def test_display_after(rule: Rule, objects: int, judgements: list[Judgement], shown: int) -> None:
    assert rule.shown(after(rule, objects, *judgements)) == shown


@pytest.mark.parametrize(
    ("rule", "points"),
    [
        # nearest 5 of 1,002 + 10, then + 9, then + 5, then nothing
        (STEPMANIA, [1_010, 1_020, 1_025, 1_025]),
        (ddr_extreme(8), [1_002 + 82 * 2, 1_002 + 82 * 5, 1_002 + 82 * 9, 1_002 + 82 * 9]),
        (SuperNova(), [1_002 + 10 * 882, 1_002 + 20 * 882, 1_002 + 25 * 882, 1_002 + 25 * 882]),
        (SUPERNOVA2, [1_002] * 4),
        (A, [1_002] * 4),
        (EX, [1_002] * 4),
        (STEPMANIA_PERCENT, [1_002] * 4),
        (ITG, [1_002] * 4),
    ],
)
def test_after_a_fail(rule: Rule, points: list[int]) -> None:
    tally, seen = Tally(441, 1, 1_002).fail(), []
    for judgement in (J.W1, J.W2, J.W3, J.MISS):
        tally = rule.award(tally, judgement)
        seen.append(tally.points)
    assert seen == points


def test_stepmania_gives_no_remainder_after_a_poor_last_object() -> None:
    best = [J.W1] * 440
    assert after(STEPMANIA, 441, *best, J.W1).points == 100_000_000
    last = 10 * 441 * 10_000_000 // 97_461
    rest = 100_000_000 - sum(10 * n * 10_000_000 // 97_461 for n in range(1, 442))
    assert rest > 0
    without = 100_000_000 - last - rest
    assert after(STEPMANIA, 441, *best, J.W3).points == without + 5 * 441 * 10_000_000 // 97_461
    assert after(STEPMANIA, 441, *best, J.W2).points == without + 9 * 441 * 10_000_000 // 97_461 + rest


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
@pytest.mark.parametrize("objects", [1, 7, 400])
def test_all_the_best_reaches_the_maximum(rule: Rule, objects: int) -> None:
    assert rule.shown(after(rule, objects, *[J.W1] * objects)) == rule.maximum(objects)


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_mine_is_no_object(rule: Rule) -> None:
    assert after(rule, 5, J.MINE).judged == 0


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_refuses_charts_and_judgements_that_cannot_be(rule: Rule) -> None:
    with pytest.raises(ValueError, match="at least one object"):
        rule.start(0)
    with pytest.raises(ValueError, match="have been judged"):
        rule.award(after(rule, 1, J.MISS), J.W1)


def test_extreme_knows_one_to_ten_feet() -> None:
    assert ddr_extreme(1).maximum(5) == 10_000_000
    for feet in (0, 11):
        with pytest.raises(ValueError, match="1 to 10 feet"):
            ddr_extreme(feet)


def test_half_of_the_objects_decide_a_quarter_of_a_triangular_budget() -> None:
    assert decided(Growth.TRIANGULAR, 200, 400) == pytest.approx(0.25, abs=0.001)
    assert decided(Growth.LINEAR, 200, 400) == 0.5


def test_what_falls_and_what_counts_percent() -> None:
    assert {name for name, rule in RULES.items() if rule.falls} == {"itg", "stepmania-percent"}
    assert {name for name, rule in RULES.items() if rule.unit is ScoreUnit.PERCENT} == {"itg", "stepmania-percent"}


@pytest.mark.parametrize(
    ("score", "steps", "expected"),
    [
        (0, MILLION, "D"),
        (549_990, MILLION, "D"),
        (550_000, MILLION, "D+"),
        (899_990, MILLION, "AA-"),
        (1_000_000, MILLION, "AAA"),
        (9_599, ITG_GRADES, "S+"),
        (9_600, ITG_GRADES, "*"),
        (10_000, ITG_GRADES, "****"),
    ],
)
def test_grades(score: int, steps: tuple[tuple[int, str], ...], expected: str) -> None:
    assert grade(score, steps) == expected
