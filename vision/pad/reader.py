"""The second camera's whole way: a frame in; who dances where, and which panels were pressed when, out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from vision.pad.decode import detect
from vision.pad.feet import Feet
from vision.pad.memory import Memory
from vision.pad.pace import Pace
from vision.pad.pads import find_pads

if TYPE_CHECKING:
    from collections.abc import Callable

    from vision.frame import Floats, Frame, Image
    from vision.pad.decode import Found
    from vision.pad.feet import Foot, Press
    from vision.pad.pads import Pad

LOOKS: Final = frozenset({0, 2, 5, 10, 20, 40})  # pictures after which pads are fitted anew, and then
EVERY: Final = 60  # so many pictures apart
ABSENT: Final = 1.5  # seconds without a foot on a pad after which nobody is there
PAIR: Final = 3  # feet at once that take two dancers
ALONE: Final = 4.0  # seconds in which both pads are danced on by two feet or fewer when one dancer has both


@dataclass(frozen=True, slots=True)
class Dancer:
    """What goes on upon one pad.

    Attributes:
        present: whether somebody is on it.
        rate: steps a second.
        stamina, symmetry: see `pace.Pace`.
        steps: in all.
    """

    present: bool
    rate: float
    stamina: float | None
    symmetry: float | None
    steps: int


@dataclass(frozen=True, slots=True)
class PadReading:
    """What the second camera shows at one moment.

    Attributes:
        t: seconds.
        pads: from left to right, as remembered.
        feet: those on this picture.
        presses: those that became certain with it, in order of time.
        dancers: one for each pad.
        double: whether one dancer has both pads.
    """

    t: float
    pads: tuple[Pad, ...]
    feet: tuple[Foot, ...]
    presses: tuple[Press, ...]
    dancers: tuple[Dancer, ...]
    double: bool


class PadReader:
    """Reads dance pads, frame by frame.

    Args:
        network: the detector, see `decode.detect`.
    """

    __slots__ = ("_count", "_crowd", "_feet", "_last", "_memory", "_network", "_paces", "_pads", "_since")

    def __init__(self, network: Callable[[Floats], Floats]) -> None:
        self._network = network
        self.reset()

    def reset(self) -> None:
        """Forget what was seen so far."""
        self._memory, self._feet = Memory(), Feet()
        self._pads: tuple[Pad, ...] = ()
        self._paces: dict[int, Pace] = {}
        self._last: dict[int, float] = {}
        self._since: float | None = None
        self._crowd = float("-inf")
        self._count = 0

    def read(self, frame: Frame) -> PadReading:
        """What the picture shows, in the light of those before it; frames come in order of time."""
        found = detect(frame.image, self._network)
        self._memory.take(found)
        if self._count in LOOKS or self._count % EVERY == 0 or not self._pads:
            self._fit()
        self._count += 1
        feet, presses = self._feet.take(frame.t, found, self._pads)
        self._note(frame.t, feet)
        for press in sorted(presses, key=lambda one: one.t):
            self._paces[press.pad] = self._paces.get(press.pad, Pace()).take(press)
        dancers = tuple(self._dancer(index, frame.t) for index in range(len(self._pads)))
        return PadReading(frame.t, self._pads, feet, presses, dancers, self._double(frame.t))

    def _fit(self) -> None:
        pads = tuple(find_pads(self._memory.known()))
        if pads:
            self._pads = pads[:2]

    def _note(self, t: float, feet: tuple[Foot, ...]) -> None:
        self._since = t if self._since is None else self._since
        for foot in feet:
            if foot.pad is not None:
                self._last[foot.pad] = t
        if sum(foot.pad is not None for foot in feet) >= PAIR:
            self._crowd = t

    def _dancer(self, pad: int, t: float) -> Dancer:
        pace = self._paces.get(pad, Pace())
        present = t - self._last.get(pad, float("-inf")) <= ABSENT
        return Dancer(present, round(pace.rate(t), 2), pace.stamina(t), pace.symmetry(), pace.steps)

    def _double(self, t: float) -> bool:
        """Both pads have been stepped on lately, and for some seconds there were never three feet."""
        if self._since is None or t - max(self._since, self._crowd) < ALONE:
            return False
        both = [pace for pace in self._paces.values() if pace.recent and t - pace.recent[-1] <= ALONE]
        return len(both) > 1


@dataclass(frozen=True, slots=True)
class PadStill:
    """One picture alone: the pads, what else was found, and on which panels of which pad a foot stands."""

    pads: tuple[Pad, ...]
    feet: tuple[Found, ...]
    pressed: tuple[frozenset[str], ...]


def read_still(image: Image, network: Callable[[Floats], Floats]) -> PadStill:
    """The pads and feet on a single picture."""
    found = detect(image, network)
    pads = tuple(find_pads(found))
    feet = tuple(one for one in found if one.kind == "foot")
    standing = [one.ball for one in feet if one.flag >= 0.5]  # noqa: PLR2004 - more likely than not
    pressed = tuple(frozenset(name for ball in standing if (name := pad.under(ball)) is not None) for pad in pads)
    return PadStill(pads, feet, pressed)
