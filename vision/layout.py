"""Where a game keeps its scores: one display a player, found once and then read at every frame."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from game.reading import ScoreUnit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vision.digits import Glyph
    from vision.geometry import TextLine

LEAST_DIGITS = 5  # combos, meters, timers and stage numbers are shorter
MOST_DIGITS = 9
PERCENT_MOST = 10_000  # hundredths
PERCENT_DECIMALS = 2
FAINT = 0.5
HOLE = 1.6  # pitches between neighbouring digits; separators other than of thousands make no score


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it was read off one picture.

    Attributes:
        line: around its digits.
        text: with its separators.
        value: points, or hundredths of a percent.
        cells: x of each digit's centre in the picture.
        confidence: of the least sure character.
    """

    line: TextLine
    text: str
    value: int
    unit: ScoreUnit
    cells: tuple[float, ...]
    confidence: float


@dataclass(frozen=True, slots=True)
class Display:
    """One player's score display.

    Attributes:
        line: around its digits; cells: x of each digit's centre; unit: what it counts.
    """

    line: TextLine
    cells: tuple[float, ...]
    unit: ScoreUnit = ScoreUnit.POINTS


@dataclass(frozen=True, slots=True)
class Layout:
    """The displays of both players; one of them is None when a player is alone."""

    p1: Display | None
    p2: Display | None

    @property
    def unit(self) -> ScoreUnit:
        """What the numbers count."""
        display = self.p1 or self.p2
        return display.unit if display else ScoreUnit.POINTS


def parse(line: TextLine, glyphs: Sequence[Glyph]) -> Number | None:
    """The score-like number that `glyphs` spell along `line`, or None when they spell none."""
    kept = _trimmed(line, [g for g in glyphs if g.probability >= FAINT])
    digits = [g for g in kept if g.character.isdigit()]
    text = "".join(g.character for g in kept)
    unit = _unit(text, len(digits))
    if unit is None:
        return None
    value = int("".join(g.character for g in digits))
    pitch = _pitch(digits)
    if unit is ScoreUnit.POINTS and _holed(digits, pitch):
        return None
    tight = line.spanning(digits[0].x - pitch / 2, digits[-1].x + pitch / 2)
    sure = min(g.probability for g in kept)
    return Number(tight, text, value, unit, tuple(g.x for g in digits), sure)


def _holed(digits: Sequence[Glyph], pitch: float) -> bool:
    """Whether something unread stands between digits where no thousands end, as the stroke in 1337/1656 does."""
    after = range(len(digits) - 1, 0, -1)  # digits to the right of each gap
    gaps = [b.x - a.x for a, b in pairwise(digits)]
    return any(gap > HOLE * pitch and right % 3 for gap, right in zip(gaps, after, strict=True))


def _unit(text: str, digits: int) -> ScoreUnit | None:
    whole, _, decimals = text.removesuffix("%").rpartition(".")
    if whole.isdigit() and decimals.isdigit() and len(decimals) == PERCENT_DECIMALS:
        return ScoreUnit.PERCENT if int(whole + decimals) <= PERCENT_MOST else None
    if not LEAST_DIGITS <= digits <= MOST_DIGITS or not set(text) <= set("0123456789,."):
        return None
    groups = text.replace(".", ",").split(",")
    grouped = all(len(group) == 3 for group in groups[1:]) and 1 <= len(groups[0]) <= 3  # noqa: PLR2004 - thousands
    return ScoreUnit.POINTS if len(groups) == 1 or grouped else None


def _trimmed(line: TextLine, glyphs: list[Glyph]) -> list[Glyph]:
    """The longest run without a gap wider than two cells; what stands apart belongs to something else."""
    runs: list[list[Glyph]] = [[]]
    for glyph in glyphs:
        if runs[-1] and glyph.x - runs[-1][-1].x > 2.1 * line.height:
            runs.append([])
        runs[-1].append(glyph)
    longest = max(runs, key=len)
    while longest and longest[0].character in ",.:%":
        longest = longest[1:]
    while longest and longest[-1].character in ",.:":
        longest = longest[:-1]
    return longest


def _pitch(digits: Sequence[Glyph]) -> float:
    gaps = sorted(b.x - a.x for a, b in pairwise(digits))
    return gaps[len(gaps) // 2] if gaps else 0.0
