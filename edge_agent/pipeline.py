"""One step of the device: a picture in; a reading, what became of the match, and predictions out.

No clock, no thread, no network: the same frames give the same results, on any machine, at any speed. What follows
from the readings is `models.live`, which `kubeddr predict` runs as well.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from game.reading import ScreenReading
from models import live

if TYPE_CHECKING:
    from edge_agent.ports import ScreenReader
    from game.match import MatchEvent, MatchState
    from models.live import Said
    from models.predictor import Predictor
    from vision.frame import Frame


@dataclass(frozen=True, slots=True)
class StepResult:
    """What one frame brought.

    Attributes:
        reading: what the screen shows.
        state: the match after it.
        events: matches that ended or began with it, in this order.
        said: predictions that were due, in order of time. Those from before `t` were missing since the last frame; the
            last one of a match is its verdict.
        blind: whether there was no picture while a match runs, so that the reading says nothing.
    """

    reading: ScreenReading
    state: MatchState
    events: tuple[MatchEvent, ...] = ()
    said: tuple[Said, ...] = ()
    blind: bool = False

    @property
    def t(self) -> float:
        """Seconds of the frame."""
        return self.reading.t


class Pipeline:
    """Reader, match and predictor in a row; holds nothing but the match so far."""

    __slots__ = ("_live", "_reader", "predictor")

    def __init__(self, reader: ScreenReader, predictor: Predictor) -> None:
        self._reader = reader
        self.predictor = predictor
        self._live = live.BEGIN

    @property
    def running(self) -> bool:
        """Whether a match is going on."""
        return self._live.state.running

    def step(self, frame: Frame) -> StepResult:
        """Take in the next frame."""
        return self.take(self._reader.read(replace(frame, t=microseconds(frame.t))))

    def take(self, reading: ScreenReading) -> StepResult:
        """Take in a reading, wherever it comes from."""
        return self._result(reading, live.step(self._live, reading, self.predictor))

    def blind(self, t: float) -> StepResult:
        """Take in that there was no picture at `t`; see `models.live.dark`."""
        running, t = self.running, microseconds(t)
        return self._result(ScreenReading(t), live.dark(self._live, t, self.predictor), blind=running)

    def close(self, t: float) -> StepResult:
        """The source has ended at `t`."""
        t = microseconds(t)
        return self._result(ScreenReading(t), live.finish(self._live, t, self.predictor), blind=True)

    def replace_reader(self, reader: ScreenReader) -> None:
        """Go on with another reader; the caller sees to it that no match is running."""
        self._reader = reader

    def reset(self) -> None:
        """Forget the pictures seen so far, not the match."""
        self._reader.reset()

    def _result(self, reading: ScreenReading, stepped: live.Step, *, blind: bool = False) -> StepResult:
        self._live = stepped.live
        return StepResult(reading, stepped.live.state, stepped.events, stepped.said, blind)


def microseconds(t: float) -> float:
    """Seconds as they are written down, so that what is written leads to the very same predictions."""
    return round(t, 6)
