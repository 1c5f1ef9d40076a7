"""The whole way from a picture to both players' scores, one call a frame."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from game.reading import UNREAD, ScoreReading, ScoreUnit, ScreenReading
from vision.again import again
from vision.choose import scores
from vision.decode import ScoreTrack
from vision.digits import cut, posteriors, spell
from vision.discover import Discoverer
from vision.focus import Focus, look
from vision.layout import LEAST_DIGITS, Display, Layout, Number, parse
from vision.light import Light
from vision.locate import locate
from vision.loose import LooseEye
from vision.settle import Pair, Settler
from vision.stand import Stand, Stillness
from vision.steady import Steady
from vision.trim import Trim
from vision.trust import Moves
from vision.view import View

if TYPE_CHECKING:
    from vision.digits import Classifier
    from vision.frame import Frame, Image
    from vision.known import KnownLayout

LOOK_EVERY = 0.2  # seconds between searches of the whole picture while no scores are in sight
FOLLOW_EVERY = 0.1  # and between looks at how the camera moves
SCALES = (640, 448, 960)  # pixels of the long side, one after the other, so that small and large numbers are seen
LEAST_GROWING = 3  # digits of a number that may have just begun to grow
LEGIBLE = 0.72  # mean probability of a digit over the cells, above which a display is in sight
GONE = 0.3  # and below which it is not
LEANING = 0.2  # slope of a picture seen from the side, in which level text is looked for where there seems to be none
CERTAIN = 0.9  # confidence below which the picture may have moved
SMALLEST = 16  # pixels; a picture below that holds no display
CHANNELS = 3
PLAYERS = 2
SAME = 0.2  # overlap above which two boxes are one number


def numbers(  # noqa: PLR0913 - what to look at, with what, and how
    image: Image,
    locator: Classifier,
    line_reader: Classifier,
    long_side: int,
    *,
    least: int = LEAST_DIGITS,
    slope: float = 0.0,
) -> list[Number]:
    """Every number on the picture, seen at `long_side` pixels, that could be a score; in no order.

    Lines that fall by `slope` pixels a pixel to the right, about, are found.
    """
    found: list[Number] = []
    for line in locate(image, locator, long_side, slope):
        strip = cut(image, line)
        found += parse(line, spell(posteriors(strip, line_reader), strip), least)
    return found


def read_still(image: Image, locator: Classifier, line_reader: Classifier) -> list[Number]:
    """Every score display in a picture, left to right then top to bottom; of one seen at several scales, the surest."""
    if not _usable(image):
        return []
    seen = [number for scale in SCALES for number in numbers(image, locator, line_reader, scale)]
    if len(seen) < len(SCALES):  # not even one number at every scale
        for slope in (-LEANING, LEANING):
            seen += [n for scale in SCALES for n in numbers(image, locator, line_reader, scale, slope=slope)]
    kept: list[Number] = []
    for number in sorted(seen, key=lambda n: (len(n.cells), n.confidence), reverse=True):
        if all(number.line.box().overlap(other.line.box()) < SAME for other in kept):
            kept.append(number)
    return sorted(scores(kept), key=lambda n: (n.line.left, n.line.middle))


@dataclass(slots=True)
class _Eye:
    """Looks at one display."""

    display: Display
    track: ScoreTrack
    light: Light = field(default_factory=Light)
    in_sight: bool = False

    def turn(self, display: Display) -> None:
        """Look at another outline of the same display."""
        self.display = display

    def read(self, t: float, view: View, line_reader: Classifier) -> ScoreReading:
        strip = cut(view, self.display.line)
        cells = look(strip, self.display.cells, line_reader)
        self.in_sight = float(1 - cells[:, 10].mean()) > (GONE if self.in_sight else LEGIBLE)
        faded = self.in_sight and self.light.faded(strip.image)
        return self.track.update(t, cells) if self.in_sight and not faded else UNREAD


def _eye(display: Display | None) -> _Eye | LooseEye | None:
    if display is None:
        return None
    return LooseEye(display) if display.grows else _Eye(display, ScoreTrack(len(display.cells)))


class Reader:
    """Finds the score displays by itself and reads them at every frame.

    Args:
        locator: network (1, h, w, 3) -> (1, h / 4, w / 4, 2), see `vision.locate`.
        line_reader: network (1, 32, w, 3) -> (1, 1, w / 4, CLASSES), see `vision.digits`.

    Attributes:
        known: layouts found before, tried first; `reset` leaves them.
    """

    def __init__(self, locator: Classifier, line_reader: Classifier) -> None:
        self._locator = locator
        self._line_reader = line_reader
        self.known: tuple[KnownLayout, ...] = ()
        self.reset()

    def reset(self) -> None:
        """Forget the layout and what was read."""
        self._discoverer = Discoverer()
        self._settler = Settler()
        self._stillness = Stillness()
        self._stands = (Stand(), Stand())
        self._moves = Moves()
        self._steady = Steady()
        self._doubt = True
        self._camera = self._astray = False
        self._values: list[int | None] = [None, None]
        self._leaning = LEANING
        self._followed = float("-inf")
        self._focus: Focus | Trim | None = None
        self._eyes: tuple[_Eye | LooseEye | None, _Eye | LooseEye | None] = (None, None)
        self._layout: Layout | None = None
        self._looked = float("-inf")
        self._searches = 0

    @property
    def layout(self) -> Layout | None:
        """Where the displays are in the last picture, once they were found."""
        pose = self._steady.pose
        return self._layout if self._layout is None or pose is None else self._layout.moved(pose)

    def read(self, frame: Frame) -> ScreenReading:
        """What both displays showed in the frame before this one; never raises for what is in the picture."""
        if not _usable(frame.image):
            return ScreenReading(frame.t)
        view = self._view(frame)
        one, two = self._look(frame.t, view)
        if self._searching(frame.t) and self._search(frame, view):
            view = View(frame.image, self._steady.pose)
            one, two = self._look(frame.t, view)
        self._moves.watch(frame.t, (one, two), visible=self._visible())
        if self._visible():
            self._sharpen(frame.t, view)
        t, (one, two) = self._judge(frame, (one, two))
        unit = self._layout.unit if self._layout else ScoreUnit.POINTS
        fixed = (eye.display for eye in self._eyes if eye and not eye.display.grows)
        digits = max((len(display.cells) for display in fixed), default=None)
        return ScreenReading(t, one, two, self._visible(), unit, digits, self._lost(view))

    def _view(self, frame: Frame) -> View:
        """The frame as seen by a camera that stands still.

        While nothing is in sight, every other look goes to where the displays were last seen: what moved since may have
        been the game's menus.
        """
        if self._visible() or frame.t - self._followed >= FOLLOW_EVERY:
            self._followed = frame.t
            return View(frame.image, self._steady.follow(frame.t, frame.image, doubt=self._doubt))
        return View(frame.image, self._steady.settled if frame.index % 2 else self._steady.pose)

    def _look(self, t: float, view: View) -> tuple[ScoreReading, ScoreReading]:
        before = self._visible()
        one, two = (eye.read(t, view, self._line_reader) if eye else UNREAD for eye in self._eyes)
        self._values = [old if r.value is None else r.value for r, old in zip((one, two), self._values, strict=True)]
        seen = [r.confidence for r, eye in zip((one, two), self._eyes, strict=True) if eye is not None]
        self._doubt = not seen or min(seen) < CERTAIN
        if self._visible():
            if not before and view.pose is not self._steady.pose:
                self._steady.back()
            self._steady.settle()
        return one, two

    def _lost(self, view: View) -> bool:
        """Whether a camera that showed the displays looks elsewhere now."""
        if self._visible():
            self._camera = self._camera or view.pose is not None or (self._layout is not None and self._layout.leans)
            self._astray = False
        self._astray = self._astray or (self._camera and self._steady.lost)
        return self._astray and not self._visible()

    def _sharpen(self, t: float, view: View) -> None:
        """Look for a better outline of the displays in sight."""
        if isinstance(self._focus, Focus) and view.pose is not None and self._layout is not None:
            self._focus = Trim(self._layout)
        sharper = self._focus.look(t, view, self._line_reader) if self._focus else None
        if sharper is not None:
            self._point(sharper)

    def _judge(self, frame: Frame, shown: Pair) -> tuple[float, Pair]:
        """From what the displays show now to the scores of the frame before, and that frame's time."""
        moved = self._stillness.moved(frame.image)
        t, rolling = self._settler.settle(frame.t, shown)
        for eye, stand, reading in zip(self._eyes, self._stands, shown, strict=True):
            stand.watch(frame.t, reading, moved=moved, due=isinstance(eye, _Eye) and eye.track.on_score)
        one, two = (stand.at(t, reading) for stand, reading in zip(self._stands, rolling, strict=True))
        return t, (one, two)

    def _visible(self) -> bool:
        return any(eye is not None and eye.in_sight for eye in self._eyes)

    def _search(self, frame: Frame, view: View) -> bool:
        """Look over the whole picture; whether that gave a layout."""
        self._looked = frame.t
        self._searches += 1
        scale = SCALES[self._searches % len(SCALES)]
        seen = numbers(frame.image, self._locator, self._line_reader, scale, least=LEAST_GROWING)
        if sum(number.unit is ScoreUnit.PERCENT or len(number.cells) >= LEAST_DIGITS for number in seen) < PLAYERS:
            leaning = numbers(
                frame.image, self._locator, self._line_reader, scale, least=LEAST_GROWING, slope=self._leaning
            )
            seen += [one for one in leaning if not any(one.line.near(other.line) for other in seen)]
            self._leaning = self._leaning if leaning else -self._leaning
        if view.pose is not None:
            seen = [number.moved(np.linalg.inv(view.pose)) for number in seen]
        if self._layout is None and seen:
            self._steady.attend([number.line for number in seen])
        found = self._discoverer.observe(frame.t, seen) or self._recall(seen, frame.image)
        if found is None:
            return self._find_again(seen)
        self._discoverer = Discoverer()
        if found.p2 is None and found.p1 is not None and found.p1.line.centre > frame.image.shape[1] / 2:
            found = Layout(None, found.p1)
        if self._layout is not None and not self._moves.yields(frame.t, self._layout, found):
            return False
        if view.pose is not None:
            found = found.moved(view.pose)
            self._steady.rebase()
        found = found if found.leans else found.levelled()
        one, two = (_eye(display) for display in (found.p1, found.p2))
        self._eyes = (one, two)
        self._layout = found
        self._attend(found)
        self._moves, self._values = Moves(), [None, None]
        grows = any(display is not None and display.grows for display in (found.p1, found.p2))
        self._focus = None if grows else Trim(found) if found.leans else Focus(found)
        return True

    def _recall(self, seen: list[Number], image: Image) -> Layout | None:
        """A known layout whose numbers are seen, while there is none yet and no camera moves."""
        if self._layout is not None or self._steady.pose is not None:
            return None
        return next((here for known in self.known if (here := known.among(seen, image)) is not None), None)

    def _find_again(self, seen: list[Number]) -> bool:
        """Look for displays that a camera has lost sight of; whether they are there."""
        move = (
            again(self._layout, self._values, seen) if self._layout and self._camera and not self._visible() else None
        )
        if self._layout is None or move is None:
            return False
        self._point(self._layout.moved(move))
        self._attend(self._layout)
        self._focus = self._focus and Trim(self._layout)
        return True

    def _attend(self, layout: Layout) -> None:
        self._steady.attend([display.line for display in (layout.p1, layout.p2) if display is not None])

    def _searching(self, t: float) -> bool:
        """Whether it is time to look over the whole picture."""
        if not self._visible():
            return t - self._looked >= LOOK_EVERY
        return t - self._looked >= self._moves.doubt(self._layout)

    def _point(self, layout: Layout) -> None:
        """Turn the eyes to a better outline of the same displays."""
        self._layout = layout
        for eye, display in zip(self._eyes, (layout.p1, layout.p2), strict=True):
            if eye is not None and display is not None:
                eye.turn(display)


def _usable(image: Image) -> bool:
    return (
        image.ndim == CHANNELS
        and image.shape[2] == CHANNELS
        and min(image.shape[:2]) >= SMALLEST
        and image.dtype.name == "uint8"
    )
