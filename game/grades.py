"""Grades, where a score alone decides them."""

from __future__ import annotations

from bisect import bisect_right

MILLION = (
    (0, "D"), (550_000, "D+"), (590_000, "C-"), (600_000, "C"), (650_000, "C+"), (690_000, "B-"), (700_000, "B"),
    (750_000, "B+"), (790_000, "A-"), (800_000, "A"), (850_000, "A+"), (890_000, "AA-"), (900_000, "AA"),
    (950_000, "AA+"), (990_000, "AAA"),
)  # fmt: skip
"""DDR A to WORLD, out of 1,000,000; a fail is an E. Source: RemyWiki, DanceDanceRevolution A Scoring System."""

ITG = (
    (0, "D"), (5_500, "C-"), (6_000, "C"), (6_400, "C+"), (6_800, "B-"), (7_200, "B"), (7_600, "B+"), (8_000, "A-"),
    (8_300, "A"), (8_600, "A+"), (8_900, "S-"), (9_200, "S"), (9_400, "S+"), (9_600, "*"), (9_800, "**"),
    (9_900, "***"), (10_000, "****"),
)  # fmt: skip
"""In The Groove, hundredths of a percent. Source: Simply Love, metrics.ini, GradePercentTier."""


def grade(score: float, steps: tuple[tuple[int, str], ...]) -> str:
    """The grade of a score that was not failed."""
    return steps[max(0, bisect_right(steps, score, key=lambda step: step[0]) - 1)][1]
