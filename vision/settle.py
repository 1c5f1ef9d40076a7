"""Which of the last few frames to believe while numbers roll.

A camera or capture card and a game keep different time: now and then a frame catches the display a step of the game
early, with a number that the game has left again before anybody's clock agrees that it was there. Both displays are
drawn by the same clock, so the advance of both tells which of the last frames ran ahead of the others; the one that
lags most is the one to report.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from itertools import pairwise

from game.reading import ScoreReading

REACH = 0.07  # seconds back from which a rolling number may still be reported
PACE_FRAMES = 4  # frames over which the usual advance is taken

Pair = tuple[ScoreReading, ScoreReading]


@dataclass(frozen=True, slots=True)
class _Moment:
    """A frame: its readings, and how far the displays moved into it, in units of their usual movement a frame."""

    t: float
    readings: Pair
    advance: float | None = None


class Settler:
    """Chooses the readings of both displays, frame by frame."""

    def __init__(self) -> None:
        self._past: deque[_Moment] = deque(maxlen=PACE_FRAMES + 1)

    def settle(self, t: float, readings: Pair) -> Pair:
        """The readings to report at `t`, each from this frame or from one at most REACH seconds older."""
        self._past.append(_Moment(t, readings))
        self._past[-1] = _Moment(t, readings, self._advance())
        return self._choose(t, 0), self._choose(t, 1)

    def _choose(self, t: float, side: int) -> ScoreReading:
        best, ahead, most = self._past[-1].readings[side], 0.0, 0.0
        for now, before in pairwise(reversed(self._past)):
            old, new = before.readings[side].value, now.readings[side].value
            rolling = old is not None and new is not None and new > old
            if not rolling or now.advance is None or t - before.t > REACH + 1e-6:
                break
            ahead += now.advance - 1
            if ahead > most:
                best, most = before.readings[side], ahead
        return best

    def _advance(self) -> float | None:
        shares = []
        for side in (0, 1):
            values = [moment.readings[side].value for moment in self._past]
            rises = [0 if a is None or b is None else max(0, b - a) for a, b in pairwise(values)]
            steps = [rise for rise in rises if rise]
            if len(steps) > 1 and rises[-1]:
                shares.append(rises[-1] * len(steps) / sum(steps))
        return sum(shares) / len(shares) if shares else None
