"""Find out which of the numbers on the screen are the scores, from what a score does: rest at its start, then move.

Points only grow; percents take small steps either way. Two numbers that look alike and behave so are the players'.
A number alone must prove more: a clock moves as well, but never out of step.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from itertools import combinations, pairwise
from math import log
from statistics import median
from typing import TYPE_CHECKING

from game.reading import ScoreUnit
from vision.layout import LEAST_DIGITS, Display, Layout, Number

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
FULL = 10_000  # hundredths of a percent, where percents that count down begin
PERCENT_STEP = 300  # hundredths that one look may find a percent changed by
SMALL = 20  # usual growth below which a short number is a counter and no score
ALONE, RESTED_ALONE = 2.2, 1.8  # seconds that a number alone must have moved, or rested
UNEVEN = 0.15  # how much the pace goes up and down, as a share of the pace, where notes make it
QUICK = 1.0  # seconds of growth that are enough for a pair of which both do
LATELY = 12  # sights
LEVEL = 0.6  # digit heights by which displays side by side may differ in height
TILT = 0.1  # and how far off the slope of a leaning line may be measured
LONGER = 4  # digits by which growing numbers may differ
EQUAL, NEARER = 1.25, 1.6  # ratio of two displays' heights, as they are measured from the front and from the side
NARROWED = (
    0.6,
    3.0,
)  # logarithm of their widths' ratio, in those of their heights'; it is 2 far from the camera's axis
SETTLED, MOSTLY = 0.16, 0.75  # digit heights a display may stray while it is looked at, and share of looks that count


@dataclass(slots=True)
class Track:
    """One number followed over time at one place."""

    seen: list[tuple[float, Number]] = field(default_factory=list)

    @property
    def last(self) -> Number:
        """The newest sight."""
        return self.seen[-1][1]

    @property
    def usual(self) -> Number:
        """The most complete of the last sights, as high as they are on the whole."""
        lately = [n for _, n in self.seen[-LATELY:]]
        whole = max(lately, key=lambda n: len(n.cells))
        return replace(whole, line=replace(whole.line, height=median(n.line.height for n in lately)))

    def since(self, moment: float) -> list[tuple[float, Number]]:
        """The sights after `moment`."""
        return [(t, n) for t, n in self.seen if t >= moment]

    def _whole(self, moment: float) -> list[tuple[float, Number]]:
        """The sights after `moment`, without those of points that lack digits; what grows does not lose any."""
        recent = self.since(moment)
        if self.last.unit is ScoreUnit.PERCENT:
            return recent
        lengths = [len(n.cells) for _, n in recent]
        usual = [sorted(lengths[: index + 1])[-2:][0] for index in range(len(lengths))]  # one sight may have too many
        return [sight for sight, length, least in zip(recent, lengths, usual, strict=True) if length >= least]

    def settled(self, now: float) -> bool:
        """Whether it has kept its place over its sights of the last REST seconds."""
        recent = self.since(now - REST)
        if len(recent) < SIGHTS or recent[-1][0] - recent[0][0] < RESTED:
            return False
        at = self.last.line.centre  # leaning lines are seen whole at one time and in part at another
        middles = [n.line.spanning(at, at).middle for _, n in recent]
        usual, near = median(middles), SETTLED * self.last.line.height
        return sum(abs(middle - usual) < near for middle in middles) >= MOSTLY * len(middles)

    def at_rest(self, now: float, lasting: float = REST) -> bool:
        """Whether it has shown nothing but its start in its sights of the last seconds."""
        recent = self.since(now - lasting)
        percent = self.last.unit is ScoreUnit.PERCENT
        if not percent and len(self.last.cells) < LEAST_DIGITS:
            return False  # counts of misses rest at zero too
        started = {0, FULL} if percent else {0}
        long_enough = lasting <= REST or recent[-1][0] - recent[0][0] >= 0.8 * lasting
        return long_enough and self.settled(now) and any({n.value for _, n in recent} == {start} for start in started)

    def growing(self, now: float, lasting: float = GROWTH) -> bool:
        """Whether it has moved for so many seconds as scores do."""
        recent = self._whole(now - 2 * lasting)
        changes = [(t, b.value - a.value) for (_, a), (t, b) in pairwise(recent) if b.value != a.value]
        percent = self.last.unit is ScoreUnit.PERCENT
        moves = [(t, d) for t, d in changes if (abs(d) <= PERCENT_STEP if percent else d > 0)]
        if len(moves) < STEPS or moves[-1][0] - moves[0][0] < lasting:
            return False
        if not percent and len(self.last.cells) < LEAST_DIGITS and median(d for _, d in moves) < SMALL:
            return False
        return len(changes) - len(moves) <= LAPSES * len(moves) and self.settled(now)

    def uneven(self, now: float) -> bool:
        """Whether it has moved by fits and starts, as notes come, and neither like a clock nor like a final count.

        Its pace then goes up and down by a good part of itself; what only slows down is no score.
        """
        recent = self._whole(now - 2 * ALONE)
        paces = [(b.value - a.value) / (u - t) for (t, a), (u, b) in pairwise(recent) if b.value != a.value]
        restless = sum(abs(b - a) for a, b in pairwise(paces)) - abs(paces[-1] - paces[0]) if paces else 0.0
        return restless > UNEVEN * sum(abs(pace) for pace in paces)

    def display(self) -> Display:
        """Its place and its cells, each the median of the sights with the usual number of digits."""
        usual, _ = Counter(len(n.cells) for _, n in self.seen[-LATELY:]).most_common(1)[0]
        sights = [n for _, n in self.seen[-LATELY:] if len(n.cells) == usual]
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
        tight = axis.spanning(cells[0] - pitch / 2, cells[-1] + pitch / 2)
        return Display(tight, cells, self.last.unit, not self.padded)

    @property
    def padded(self) -> bool:
        """Whether zeros fill it up, so that its cells stay where they are."""
        return self.last.unit is ScoreUnit.POINTS and self.last.text.startswith("0")


class Discoverer:
    """Watches every number on the screen until two of them, or one alone, behave like scores.

    Feed it a few pictures a second. A number alone comes as player 1's; whose it is its place on the picture tells.
    """

    def __init__(self) -> None:
        self._tracks: list[Track] = []

    def observe(self, t: float, numbers: Sequence[Number]) -> Layout | None:
        """Take the numbers of one picture at `t` seconds; answer with a layout as soon as there is one."""
        for number in numbers:
            for track in self._tracks:
                anew = track.seen[-1][0] < t  # no number is seen twice on one picture
                if anew and track.last.unit == number.unit and track.last.line.near(number.line):
                    track.seen = [*track.since(t - WINDOW), (t, number)]
                    break
            else:
                self._tracks.append(Track([(t, number)]))
        self._tracks = [track for track in self._tracks if t - track.seen[-1][0] < FORGET]
        seen = [track for track in self._tracks if track.seen[-1][0] == t]
        moving = [k for k in seen if k.growing(t) or (k.growing(t, QUICK) and k.uneven(t))]
        return _pair(moving) or _pair([k for k in seen if k in moving or k.at_rest(t)]) or self._alone(t, seen)

    def _alone(self, now: float, seen: Sequence[Track]) -> Layout | None:
        """The only number that behaves like a score, while none that looks like it is about."""
        ready = [k for k in seen if k.at_rest(now, RESTED_ALONE) or (k.growing(now, ALONE) and k.uneven(now))]
        if len(ready) != 1:
            return None
        others = (k for k in self._tracks if k is not ready[0] and len(k.seen) >= SIGHTS)
        return None if any(alike(ready[0].usual, k.usual) for k in others) else Layout(ready[0].display(), None)


def _pair(ready: Sequence[Track]) -> Layout | None:
    """The largest two that look alike."""
    pairs = [(a, b) for a, b in combinations(ready, 2) if alike(a.usual, b.usual)]
    if pairs:
        one, two = max(pairs, key=lambda p: min(len(p[0].last.cells), len(p[1].last.cells)) * p[0].last.line.height)
        beside = _beside(one.last.line, two.last.line)
        first, second = sorted((one, two), key=lambda k: k.last.line.left if beside else k.last.line.middle)
        return _twins(first.display(), second.display(), padded=_padded(first, second))
    return None


def _padded(one: Track, two: Track) -> bool:
    """Whether the longer of two numbers begins with a zero."""
    return max(one.last, two.last, key=lambda number: len(number.cells)).text.startswith("0")


def _twins(one: Display, two: Display, *, padded: bool) -> Layout:
    """A layout of two displays; padded ones are equally long, so the longer one tells where the other's cells are.

    Dimmed zeros are easily overlooked on the one of them that stands before a darker picture.
    """
    if one.unit is ScoreUnit.PERCENT or not padded:
        return Layout(replace(one, grows=True), replace(two, grows=True))
    one, two = replace(one, grows=False), replace(two, grows=False)
    if len(one.cells) == len(two.cells):
        return Layout(one, two)
    short, long = sorted((one, two), key=lambda display: len(display.cells))
    gaps = len(short.cells) - 1
    scale = (short.cells[-1] - short.cells[0]) / (long.cells[-1] - long.cells[-1 - gaps])  # seen from the side
    cells = tuple(short.cells[-1] + (x - long.cells[-1]) * scale for x in long.cells)
    left, right = (short.cells[-1] + (x - long.cells[-1]) * scale for x in (long.line.left, long.line.right))
    line = short.line.spanning(left, right)
    mended = replace(short, line=line, cells=cells)
    return Layout(mended, two) if short is one else Layout(one, mended)


def alike(one: Number, two: Number) -> bool:
    """Whether two numbers can be the two players' scores: one kind, one size, side by side or one above the other."""
    a, b = one.line, two.line
    if one.unit is not two.unit or not _of_one_size(one, two):
        return False
    if one.unit is ScoreUnit.POINTS and abs(len(one.cells) - len(two.cells)) > LONGER:
        return False
    tall = max(a.height, b.height)
    if _beside(a, b):
        between = (a.centre + b.centre) / 2
        apart = abs(a.spanning(between, between).middle - b.spanning(between, between).middle)
        return apart < LEVEL * tall + TILT * abs(a.centre - b.centre)
    return min(abs(a.left - b.left), abs(a.centre - b.centre), abs(a.right - b.right)) < tall


def _of_one_size(one: Number, two: Number) -> bool:
    """Whether both can be equally large on the screen: from the side, the nearer one is higher, and wider still."""
    higher = log(one.line.height / two.line.height)
    wider = log(_pitch(one) / _pitch(two))
    nearer = higher * wider > 0 and NARROWED[0] * abs(higher) <= abs(wider) <= NARROWED[1] * abs(higher)
    return abs(higher) <= log(NEARER if nearer else EQUAL)


def _pitch(number: Number) -> float:
    return (number.cells[-1] - number.cells[0]) / (len(number.cells) - 1)


def _beside(one: TextLine, two: TextLine) -> bool:
    """Whether neither line stands over the other."""
    return min(one.right, two.right) <= max(one.left, two.left)
