"""Read a display whose cells are not known beforehand: a number that grows digit by digit, or a percent."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from game.reading import UNREAD, ScoreReading, ScoreUnit
from vision.decode import ScoreTrack
from vision.digits import BLANK, cell_digits, cut, posteriors, spell, vivid
from vision.layout import HOLE, MOST_DIGITS, PERCENT_DECIMALS, Display, runs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vision.digits import Classifier, Glyph, Strip
    from vision.frame import Floats, Image
    from vision.geometry import TextLine
    from vision.view import View

PERCENT_DIGITS = 5  # of 100.00
FALLS = 0.35  # how likely a percent falls, compared with growing by as much
ABSENT = 0.9  # probability that a digit that is not seen is not there
INK = 0.5  # probability that anything stands there, below which a character does not count
THOUSAND = 3  # digits behind a separator
LEGIBLE = 0.7  # mean probability of the digits where the last number stood, above which one of them is covered
CLEAR = 0.9  # probability that the least clear digit needs for one look to be enough
NEAR = 0.25  # digit heights by which a digit may stray from where the last number had one
LINGER = 0.5  # seconds for which a display that is not seen still counts as in sight
BACK = 0.25  # seconds that a display must be seen again before it is believed to be back
LONGER, SHORTER = 0.09, 0.3  # seconds that a number must keep a new length before it is believed


@dataclass(frozen=True, slots=True)
class Sight:
    """What one look at a display gave: where its digits stand, and the (digits, 11) probabilities of each."""

    xs: tuple[float, ...]
    cells: Floats

    @property
    def clear(self) -> bool:
        """Whether every digit is certain enough to do without a second look."""
        return float(self.cells[:, :10].max(axis=1).min()) >= CLEAR

    @property
    def legible(self) -> bool:
        """Whether on the whole digits stand there."""
        return float(self.cells[:, :10].sum(axis=1).mean()) >= LEGIBLE


def digits_of(glyphs: Sequence[Glyph], line: TextLine, unit: ScoreUnit) -> list[Glyph]:
    """The digits of the number that stands along `line` (nearest to it, where there are several); none when in doubt.

    The digits of a percent end two behind its point; behind a separator of thousands stand three.
    """
    parts = [run for run in runs(line, glyphs) if _shared(run, line) > 0]
    if not parts:
        return []
    run = max(parts, key=lambda one: _shared(one, line))
    if unit is ScoreUnit.PERCENT:
        return _percent(run)
    digits = [g for g in run if g.character.isdigit()]
    groups = "".join(g.character for g in run).strip(",.").replace(".", ",").split(",")
    odd = len(groups[0]) > THOUSAND or any(len(group) != THOUSAND for group in groups[1:])
    if any(g.character in "%:" for g in run) or len(digits) > MOST_DIGITS or (len(groups) > 1 and odd):
        return []
    return digits


def _percent(run: Sequence[Glyph]) -> list[Glyph]:
    points = [index for index, glyph in enumerate(run) if glyph.character in ".,"]
    if len(points) != 1:
        return []
    whole = [g for g in run[: points[0]] if g.character.isdigit()]
    decimals = [g for g in run[points[0] + 1 :] if g.character.isdigit()][:PERCENT_DECIMALS]
    if not 1 <= len(whole) <= PERCENT_DIGITS - PERCENT_DECIMALS or len(decimals) < PERCENT_DECIMALS:
        return []
    pitch = decimals[1].x - decimals[0].x
    holed = any(b.x - a.x > HOLE * pitch for a, b in pairwise(whole))
    return [] if holed else [*whole, *decimals]


def _shared(run: Sequence[Glyph], line: TextLine) -> float:
    """How much of the line a run covers, half a digit's height given on both sides."""
    give = line.height / 2
    return min(run[-1].x + give, line.right + give) - max(run[0].x - give, line.left - give)


@dataclass(slots=True)
class LooseEye:
    """Looks at one display that grows; has the manners of an eye on fixed cells."""

    display: Display
    in_sight: bool = True  # it was found just now
    track: ScoreTrack = field(init=False)
    _places: int = field(init=False)
    _number: TextLine = field(init=False)
    _span: TextLine = field(init=False)
    _xs: tuple[float, ...] = ()
    _seen_at: float = float("-inf")
    _seen: bool = False
    _back_since: float | None = None
    _other: tuple[float, int] | None = None

    def __post_init__(self) -> None:
        percent = self.display.unit is ScoreUnit.PERCENT
        self._places = PERCENT_DIGITS if percent else MOST_DIGITS
        self.track = ScoreTrack(self._places, FALLS if percent else 0.0)
        self._number = self._span = self.display.line
        self._xs = self.display.cells

    def turn(self, display: Display) -> None:
        """Look at another place, to which the same display has moved."""
        self.display = display
        self._number = self._span = display.line
        self._xs = display.cells

    def read(self, t: float, picture: Image | View, line_reader: Classifier) -> ScoreReading:
        """What the display shows at `t` seconds."""
        sight = self._look(t, picture, line_reader)
        if sight is None:
            self.in_sight = self.in_sight and t - self._seen_at < LINGER
            self._back_since = None if not self.in_sight else self._back_since
            return UNREAD
        self._back_since = t if self._back_since is None else self._back_since
        if not self.in_sight and t - self._back_since < BACK:
            return UNREAD
        self.in_sight, self._seen, self._seen_at, self._xs = True, True, t, sight.xs
        half = self._number.height / 2
        self._number = self._span.spanning(sight.xs[0] - half, sight.xs[-1] + half)
        left, right = min(self._span.left, self._number.left), max(self._span.right, self._number.right)
        self._span = self._span.spanning(left, right)
        return self.track.update(t, self._placed(sight.cells))

    def _look(self, t: float, picture: Image | View, line_reader: Classifier) -> Sight | None:
        strip = cut(picture, self._span)
        columns = posteriors(strip, line_reader)
        spelled = self._spelled(strip, columns)
        if spelled is None or not spelled.clear:
            other = vivid(strip)
            more = posteriors(other, line_reader)
            surer = _surer(spelled, self._spelled(other, more))
            if surer is not None:  # both looks have a say in each digit, whichever found where they stand
                both = np.sqrt(cell_digits(columns, strip, surer.xs) * cell_digits(more, other, surer.xs))
                spelled = Sight(surer.xs, np.asarray(both / both.sum(axis=1, keepdims=True)))
        if spelled is not None and self._usual(t, len(spelled.xs)):
            return spelled
        if spelled is None or self._among(spelled.xs):
            covered = Sight(self._xs, cell_digits(columns, strip, self._xs))
            return covered if covered.legible else None
        return None

    def _usual(self, t: float, digits: int) -> bool:
        """Whether the number has kept this length long enough; a digit is easily lost, or found too many."""
        if digits == len(self._xs) or not self._seen:
            self._other = None
            return True
        if self._other is None or self._other[1] != digits:
            self._other = (t, digits)
        if digits > len(self._xs):
            return t - self._other[0] >= LONGER
        anew = self.display.unit is ScoreUnit.PERCENT or not self.in_sight or digits <= len(self._xs) / 2
        return anew and t - self._other[0] >= SHORTER  # points do not lose a digit or two while they grow

    def _among(self, xs: Sequence[float]) -> bool:
        """Whether these are some of the digits of the last number, and the others are covered."""
        give = NEAR * self._number.height
        return all(min(abs(x - known) for known in self._xs) < give for x in xs)

    def _spelled(self, strip: Strip, columns: Floats) -> Sight | None:
        glyphs = [g for g in spell(columns, strip) if _ink(columns, strip, g) >= INK]
        digits = digits_of(glyphs, self._number, self.display.unit)
        xs = tuple(g.x for g in digits)
        return Sight(xs, cell_digits(columns, strip, xs)) if xs else None

    def _placed(self, cells: Floats) -> Floats:
        """The digits at the end of as many places as the display can have; those before them show no digit: zero."""
        placed = np.zeros((self._places, 11), dtype=np.float32)
        placed[:, 0], placed[:, 10] = ABSENT, 1 - ABSENT
        placed[self._places - len(cells) :] = cells
        return placed


def _ink(columns: Floats, strip: Strip, glyph: Glyph) -> float:
    """How surely a character stands there, whichever."""
    at = min(max(round(strip.to_column(glyph.x)), 0), len(columns) - 1)
    return float(1 - columns[at, BLANK])


def _surer(one: Sight | None, two: Sight | None) -> Sight | None:
    """The look that tells better where the digits stand."""
    if one is None or two is None:
        return one or two
    return max(one, two, key=lambda sight: float(sight.cells[:, :10].max(axis=1).min()))
