"""Find out which of the numbers on the screen are the scores, from what a score does: rest at zero, then only grow."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from itertools import combinations, pairwise
from statistics import median
from typing import TYPE_CHECKING

from game.reading import ScoreUnit
from vision.layout import Display, Layout, Number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vision.geometry import TextLine

FORGET = 4.0  # seconds without a sight of a number before its history is dropped
WINDOW = 20.0  # seconds of history kept
REST = 1.6  # seconds looked back for a number at rest
RESTED = 0.7  # seconds at zero before a pair counts as about to start; results that count up rest for less
SIGHTS = 3  # fewer sights prove nothing
GROWTH = 2.5  # seconds of growth before a pair counts as a match that runs already
STEPS = 4  # increases seen in that time
LAPSES = 0.12  # share of falls forgiven to misreadings
LEVEL = 0.6  # digit heights by which displays side by side may differ in height
TILT = 0.15  # and the slope of the picture that a camera may add to that
SETTLED = 0.12  # digit heights a display may stray while it is looked at


@dataclass(slots=True)
class Track:
    """One number followed over time at one place."""

    seen: list[tuple[float, Number]] = field(default_factory=list)

    @property
    def last(self) -> Number:
        """The newest sight."""
        return self.seen[-1][1]

    def since(self, moment: float) -> list[tuple[float, Number]]:
        """The sights after `moment`."""
        return [(t, n) for t, n in self.seen if t >= moment]

    def settled(self, now: float) -> bool:
        """Whether it has kept its place over its sights of the last REST seconds."""
        recent = self.since(now - REST)
        if len(recent) < SIGHTS or recent[-1][0] - recent[0][0] < RESTED:
            return False
        middles = [n.line.middle for _, n in recent]
        return max(middles) - min(middles) < SETTLED * 2 * self.last.line.height

    def at_rest(self, now: float) -> bool:
        """Whether it has shown nothing but zero in its sights of the last REST seconds."""
        recent = self.since(now - REST)
        return self.settled(now) and all(n.value == 0 for _, n in recent)

    def growing(self, now: float) -> bool:
        """Whether it has grown for GROWTH seconds and hardly ever fallen."""
        recent = self.since(now - 2 * GROWTH)
        rises = [t for (_, a), (t, b) in pairwise(recent) if b.value > a.value]
        falls = sum(b.value < a.value for (_, a), (_, b) in pairwise(recent))
        lasting = len(rises) >= STEPS and rises[-1] - rises[0] >= GROWTH
        return lasting and falls <= LAPSES * len(rises) and self.settled(now)

    def display(self) -> Display:
        """Its place and its cells, each the median of the sights with the usual number of digits."""
        usual, _ = Counter(len(n.cells) for _, n in self.seen[-12:]).most_common(1)[0]
        sights = [n for _, n in self.seen[-12:] if len(n.cells) == usual]
        cells = tuple(median(column) for column in zip(*(n.cells for n in sights), strict=True))
        line = sights[-1].line
        pitch = (cells[-1] - cells[0]) / max(1, usual - 1)
        axis = type(line)(
            line.left,
            line.right,
            median(n.line.middle for n in sights),
            median(n.line.height for n in sights),
            median(n.line.slope for n in sights),
        )
        return Display(axis.spanning(cells[0] - pitch / 2, cells[-1] + pitch / 2), cells, self.last.unit)


class Discoverer:
    """Watches every number on the screen until two of them behave like scores. Feed it a few pictures a second."""

    def __init__(self) -> None:
        self._tracks: list[Track] = []

    def observe(self, t: float, numbers: Sequence[Number]) -> Layout | None:
        """Take the numbers of one picture at `t` seconds; answer with a layout as soon as there is one."""
        for number in numbers:
            for track in self._tracks:
                if track.last.unit == number.unit and track.last.line.near(number.line):
                    track.seen = [*track.since(t - WINDOW), (t, number)]
                    break
            else:
                self._tracks.append(Track([(t, number)]))
        self._tracks = [track for track in self._tracks if t - track.seen[-1][0] < FORGET]
        return self._pair(t)

    def _pair(self, now: float) -> Layout | None:
        ready = [k for k in self._tracks if k.seen[-1][0] == now and (k.at_rest(now) or k.growing(now))]
        pairs = [(a, b) for a, b in combinations(ready, 2) if _alike(a.last, b.last)]
        if not pairs:
            return None
        one, two = max(pairs, key=lambda p: min(len(p[0].last.cells), len(p[1].last.cells)) * p[0].last.line.height)
        beside = _beside(one.last.line, two.last.line)
        first, second = sorted((one, two), key=lambda k: k.last.line.left if beside else k.last.line.middle)
        return _twins(first.display(), second.display(), padded=_padded(first, second))


def _padded(one: Track, two: Track) -> bool:
    """Whether the longer of two numbers begins with a zero."""
    return max(one.last, two.last, key=lambda number: len(number.cells)).text.startswith("0")


def _twins(one: Display, two: Display, *, padded: bool) -> Layout:
    """A layout of two displays; padded ones are equally long, so the longer one tells where the other's cells are.

    Dimmed zeros are easily overlooked on the one of them that stands before a darker picture.
    """
    if not padded or one.unit is not ScoreUnit.POINTS or len(one.cells) == len(two.cells):
        return Layout(one, two)
    short, long = sorted((one, two), key=lambda display: len(display.cells))
    shift = short.cells[-1] - long.cells[-1]
    cells = tuple(x + shift for x in long.cells)
    line = short.line.spanning(long.line.left + shift, long.line.right + shift)
    mended = replace(short, line=line, cells=cells)
    return Layout(mended, two) if short is one else Layout(one, mended)


def _alike(one: Number, two: Number) -> bool:
    """Whether two numbers can be the two players' scores: one kind, one size, side by side or one above the other."""
    a, b = one.line, two.line
    if one.unit is not two.unit or max(a.height, b.height) > 1.25 * min(a.height, b.height):
        return False
    if one.unit is ScoreUnit.POINTS and abs(len(one.cells) - len(two.cells)) > 3:  # noqa: PLR2004 - growing displays
        return False
    tall = max(a.height, b.height)
    if _beside(a, b):
        return abs(a.middle - b.middle) < LEVEL * tall + TILT * abs(a.centre - b.centre)
    return abs(a.centre - b.centre) < tall or abs(a.right - b.right) < tall


def _beside(one: TextLine, two: TextLine) -> bool:
    """Whether neither line stands over the other."""
    return min(one.right, two.right) <= max(one.left, two.left)
