"""One step of the device: a picture in; a reading, what became of the match, and perhaps a prediction out.

No clock, no thread, no network: the same frames give the same results, on any machine, at any speed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from game.match import IDLE, MatchEvent, MatchFinished, MatchState, advance, close
from game.reading import ScreenReading

if TYPE_CHECKING:
    from edge_agent.ports import ScreenReader
    from models.predictor import Prediction, Predictor
    from vision.frame import Frame

PREDICT_EVERY = 0.25  # seconds of media time; twice as often as promised


DARK = 20.0  # seconds without a picture after which a match is given up


@dataclass(frozen=True, slots=True)
class StepResult:
    """What one frame brought.

    Attributes:
        reading: what the screen shows.
        state: the match after it.
        events: matches that ended or began with it, in this order.
        prediction: who will win, when one was due; only while a match runs.
    """

    reading: ScreenReading
    state: MatchState
    events: tuple[MatchEvent, ...] = ()
    prediction: Prediction | None = None

    @property
    def t(self) -> float:
        """Seconds of the frame."""
        return self.reading.t


class Pipeline:
    """Reader, match and predictor in a row; holds nothing but the match so far."""

    __slots__ = ("_predicted_at", "_reader", "_state", "predictor")

    def __init__(self, reader: ScreenReader, predictor: Predictor) -> None:
        self._reader = reader
        self.predictor = predictor
        self._state = IDLE
        self._predicted_at = -math.inf

    @property
    def running(self) -> bool:
        """Whether a match is going on."""
        return self._state.running

    def step(self, frame: Frame) -> StepResult:
        """Take in the next frame."""
        return self.take(self._reader.read(frame))

    def blind(self, t: float) -> StepResult:
        """Take in that there was no picture at `t`.

        The song goes on while the camera is away, so a match waits for it; after `DARK` seconds it is given up
        without a result, because nobody saw how it ended.
        """
        reading = ScreenReading(t)
        if not self._state.running:
            return self.take(reading)
        if self._state.t is None or t - self._state.t < DARK:
            return StepResult(reading, self._state)
        self._state, _ = close(self._state, t)
        return StepResult(reading, self._state, (MatchFinished(t, None, None),))

    def take(self, reading: ScreenReading) -> StepResult:
        """Take in a reading, wherever it comes from."""
        self._state, events = advance(self._state, reading)
        return StepResult(reading, self._state, events, self._predict(reading.t, fresh=bool(events)))

    def close(self, t: float) -> StepResult:
        """The source has ended at `t`."""
        self._state, events = close(self._state, t)
        return StepResult(ScreenReading(t), self._state, events)

    def replace_reader(self, reader: ScreenReader) -> None:
        """Go on with another reader; the caller sees to it that no match is running."""
        self._reader = reader

    def reset(self) -> None:
        """Forget the pictures seen so far, not the match."""
        self._reader.reset()

    def _predict(self, t: float, *, fresh: bool) -> Prediction | None:
        if not self._state.running:
            self._predicted_at = -math.inf
            return None
        # The tolerance keeps 0.25 s a whole number of frames whatever the last bit of t says.
        if not fresh and t - self._predicted_at < PREDICT_EVERY - 1e-6:
            return None
        self._predicted_at = t
        return self.predictor.predict(self._state)
