"""Where a game keeps its scores: one display a player, found once and then read at every frame."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from game.reading import ScoreUnit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vision.digits import Glyph
    from vision.frame import Floats
    from vision.geometry import TextLine

LEAST_DIGITS = 5  # combos, meters, timers and stage numbers are shorter
APART, APART_PITCHES = 1.5, 2.0  # digit heights, and pitches, between neighbours that belong to different numbers
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

    def moved(self, pose: Floats) -> Number:
        """The same number under the homography `pose`."""
        line = self.line.moved(pose)
        return replace(self, line=line, cells=_carried(self.cells, self.line, line))


@dataclass(frozen=True, slots=True)
class Display:
    """One player's score display.

    Attributes:
        line: around its digits; cells: x of each digit's centre; unit: what it counts.
        grows: whether digits come and go, so that line and cells are those of one moment.
    """

    line: TextLine
    cells: tuple[float, ...]
    unit: ScoreUnit = ScoreUnit.POINTS
    grows: bool = False

    def moved(self, pose: Floats) -> Display:
        """The same display under the homography `pose`."""
        line = self.line.moved(pose)
        return replace(self, line=line, cells=_carried(self.cells, self.line, line))


@dataclass(frozen=True, slots=True)
class Layout:
    """The displays of both players; one of them is None when a player is alone."""

    p1: Display | None
    p2: Display | None

    @property
    def pair(self) -> bool:
        """Whether both players have a display."""
        return self.p1 is not None and self.p2 is not None

    @property
    def leans(self) -> bool:
        """Whether a display is off the level."""
        return any(display is not None and display.line.leans for display in (self.p1, self.p2))

    def levelled(self) -> Layout:
        """The same displays exactly level."""
        one, two = (
            None if display is None else replace(display, line=replace(display.line, slope=0.0))
            for display in (self.p1, self.p2)
        )
        return Layout(one, two)

    def moved(self, pose: Floats) -> Layout:
        """The same displays under the homography `pose`."""
        one, two = (None if display is None else display.moved(pose) for display in (self.p1, self.p2))
        return Layout(one, two)

    @property
    def unit(self) -> ScoreUnit:
        """What the numbers count."""
        display = self.p1 or self.p2
        return display.unit if display else ScoreUnit.POINTS


def _carried(cells: tuple[float, ...], line: TextLine, there: TextLine) -> tuple[float, ...]:
    """Where cells along `line` stand along what it became."""
    stretch = (there.right - there.left) / (line.right - line.left)
    return tuple(there.centre + (x - line.centre) * stretch for x in cells)


def parse(line: TextLine, glyphs: Sequence[Glyph], least: int = LEAST_DIGITS) -> list[Number]:
    """The score-like numbers of at least so many digits that `glyphs` spell along `line`, left to right."""
    found = (_number(line, run, least) for run in runs(line, [g for g in glyphs if g.probability >= FAINT]))
    return [number for number in found if number is not None]


def _number(line: TextLine, run: list[Glyph], least: int) -> Number | None:
    kept = _trimmed(run)
    digits = [g for g in kept if g.character.isdigit()]
    text = "".join(g.character for g in kept)
    unit = _unit(text, len(digits), least)
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


def _unit(text: str, digits: int, least: int) -> ScoreUnit | None:
    point = text.replace(",", ".") if text.endswith("%") else text  # some write 98,76 %
    whole, _, decimals = point.removesuffix("%").rpartition(".")
    if whole.isdigit() and decimals.isdigit() and len(decimals) == PERCENT_DECIMALS:
        return ScoreUnit.PERCENT if int(whole + decimals) <= PERCENT_MOST else None
    if not least <= digits <= MOST_DIGITS or not set(text) <= set("0123456789,."):
        return None
    groups = text.replace(".", ",").split(",")
    grouped = all(len(group) == 3 for group in groups[1:]) and 1 <= len(groups[0]) <= 3  # noqa: PLR2004 - thousands
    return ScoreUnit.POINTS if len(groups) == 1 or grouped else None


def _trimmed(run: list[Glyph]) -> list[Glyph]:
    """The run without the signs before and after it; only % may follow a number."""
    while run and run[0].character in ",.:%":
        run = run[1:]
    while run and run[-1].character in ",.:":
        run = run[:-1]
    return run


def runs(line: TextLine, glyphs: Sequence[Glyph]) -> list[list[Glyph]]:
    """Neighbours that can belong to one number, in order; thousands may be set apart by half a digit or so."""
    gap = max(APART * line.height, APART_PITCHES * _pitch([g for g in glyphs if g.character.isdigit()]))
    parts: list[list[Glyph]] = []
    for glyph in glyphs:
        if parts and glyph.x - parts[-1][-1].x <= gap:
            parts[-1].append(glyph)
        else:
            parts.append([glyph])
    return parts


def _pitch(digits: Sequence[Glyph]) -> float:
    gaps = sorted(b.x - a.x for a, b in pairwise(digits))
    return gaps[len(gaps) // 2] if gaps else 0.0
