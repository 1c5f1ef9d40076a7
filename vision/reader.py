"""The whole way from a picture to both players' scores, one call a frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from game.reading import UNREAD, ScoreReading, ScreenReading, ScoreUnit
from vision.decode import ScoreTrack
from vision.digits import cell_digits, cut, posteriors, spell
from vision.discover import Discoverer
from vision.layout import Display, Layout, Number, parse
from vision.locate import locate

if TYPE_CHECKING:
    from vision.digits import Classifier
    from vision.frame import Floats, Frame, Image

LOOK_EVERY = 0.25  # seconds between searches of the whole picture while no scores are in sight
RECHECK_EVERY = 0.5  # seconds between checks whether a display has more digits than were seen at first
LEGIBLE = 0.55  # mean probability of a digit over the cells, above which a display is in sight
GONE = 0.3  # and below which it is not
SMALLEST = 16  # pixels; a picture below that holds no display
OUTVOTED = 3  # checks in a row that must agree on more digits


def numbers(image: Image, locator: Classifier, line_reader: Classifier, long_side: int | None = None) -> list[Number]:
    """Every number on the picture that could be a score, in no order."""
    lines = locate(image, locator, long_side) if long_side else locate(image, locator)
    found = []
    for line in lines:
        strip = cut(image, line)
        number = parse(line, spell(posteriors(strip, line_reader), strip))
        if number is not None:
            found.append(number)
    return found


@dataclass(slots=True)
class _Eye:
    """Looks at one display."""

    display: Display
    track: ScoreTrack
    in_sight: bool = False
    more: int = 0

    def look(self, image: Image, line_reader: Classifier) -> tuple[Floats, list[float] | None]:
        """Cells of this frame, and wider cells when the line shows more digits than the display is known to have."""
        strip = cut(image, self.display.line)
        columns = posteriors(strip, line_reader)
        cells = cell_digits(columns, strip, self.display.cells)
        seen = float(1 - cells[:, 10].mean())
        self.in_sight = seen > (GONE if self.in_sight else LEGIBLE)
        return cells, None


class Reader:
    """Finds the score displays by itself and reads them at every frame.

    Args:
        locator: network (1, h, w, 3) -> (1, h / 4, w / 4, 2), see `vision.locate`.
        line_reader: network (1, 32, w, 3) -> (1, 1, w / 4, CLASSES), see `vision.digits`.
    """

    def __init__(self, locator: Classifier, line_reader: Classifier) -> None:
        self._locator = locator
        self._line_reader = line_reader
        self.reset()

    def reset(self) -> None:
        """Forget the layout and what was read."""
        self._discoverer = Discoverer()
        self._eyes: tuple[_Eye | None, _Eye | None] = (None, None)
        self._layout: Layout | None = None
        self._looked = float("-inf")

    @property
    def layout(self) -> Layout | None:
        """Where the displays are, once they were found."""
        return self._layout

    def read(self, frame: Frame) -> ScreenReading:
        """What both displays show; never raises for what is in the picture."""
        if not _usable(frame.image):
            return ScreenReading(frame.t)
        readings = [self._look(eye, frame) for eye in self._eyes]
        visible = any(eye is not None and eye.in_sight for eye in self._eyes)
        if not visible and frame.t - self._looked >= LOOK_EVERY:
            self._looked = frame.t
            found = self._discoverer.observe(frame.t, numbers(frame.image, self._locator, self._line_reader))
            if found is not None:
                self._adopt(found)
                readings = [self._look(eye, frame) for eye in self._eyes]
                visible = True
        unit = self._layout.unit if self._layout else ScoreUnit.POINTS
        digits = max((len(eye.display.cells) for eye in self._eyes if eye), default=None)
        return ScreenReading(frame.t, readings[0], readings[1], visible, unit, digits)

    def _look(self, eye: _Eye | None, frame: Frame) -> ScoreReading:
        if eye is None:
            return UNREAD
        cells, _ = eye.look(frame.image, self._line_reader)
        return eye.track.update(frame.t, cells) if eye.in_sight else UNREAD

    def _adopt(self, layout: Layout) -> None:
        self._layout = layout
        one, two = (_Eye(d, ScoreTrack(len(d.cells))) if d else None for d in (layout.p1, layout.p2))
        self._eyes = (one, two)
        self._discoverer = Discoverer()


def read_still(image: Image, locator: Classifier, line_reader: Classifier) -> list[Number]:
    """Every score display in one picture, left to right then top to bottom. Small displays are looked for at twice the
    scale as well."""
    if not _usable(image):
        return []
    found = numbers(image, locator, line_reader)
    if max(image.shape[:2]) > 640:
        for number in numbers(image, locator, line_reader, 1280):
            if all(number.line.box().overlap(other.line.box()) < 0.2 for other in found):
                found.append(number)
    return sorted(found, key=lambda n: (n.line.left, n.line.middle))


def _usable(image: Image) -> bool:
    return image.ndim == 3 and image.shape[2] == 3 and min(image.shape[:2]) >= SMALLEST and image.dtype.name == "uint8"  # noqa: PLR2004
