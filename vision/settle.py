"""Which of a few frames to believe while numbers roll.

A camera or capture card and a game keep different time: now and then a frame catches the display a step of the game
early, with a number that the game has left again before anybody's clock agrees that it was there. Both displays are
drawn by the same clock, so the advance of both tells which frame ran ahead of its neighbours. A frame is therefore
judged when the next one is there, and of it and its neighbours the one that lags most is reported for it.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from game.reading import ScoreReading

REACH = 0.07  # seconds between a frame and the neighbour that may be reported for it
PATIENCE = 0.15  # seconds that the next frame is waited for; a slower source is reported as it comes
PACE_FRAMES = 6  # steps over which the usual advance is taken

Pair = tuple[ScoreReading, ScoreReading]


@dataclass(frozen=True, slots=True)
class _Moment:
    t: float
    readings: Pair


class Settler:
    """Chooses the readings of both displays, one frame late."""

    def __init__(self) -> None:
        self._past: deque[_Moment] = deque(maxlen=PACE_FRAMES + 1)

    def settle(self, t: float, readings: Pair) -> tuple[float, Pair]:
        """Take the readings of the frame at `t`; answer with the time of the frame before it and what to report for it.

        The first frame, and one that comes after PATIENCE, is answered at once with itself.
        """
        self._past.append(_Moment(t, readings))
        if len(self._past) == 1 or t - self._past[-2].t > PATIENCE:
            return t, readings
        return self._past[-2].t, (self._choose(0), self._choose(1))

    def _choose(self, side: int) -> ScoreReading:
        """Of the moments near the last but one, in one unbroken roll with it, the one that lags most."""
        judged = len(self._past) - 2
        best, most = self._past[judged].readings[side], 0.0
        for direction in (1, -1):
            index, lag = judged, 0.0
            while 0 <= index + direction < len(self._past):
                into = max(index, index + direction)
                advance = self._advance(into) if self._rolls(into, side) else None
                index += direction
                if advance is None or abs(self._past[index].t - self._past[judged].t) > REACH + 1e-6:
                    break
                lag += direction * (1 - advance)
                if lag > most:
                    best, most = self._past[index].readings[side], lag
        return best

    def _rolls(self, into: int, side: int) -> bool:
        """Whether the display grew into frame `into`."""
        return self._rise(into, side) > 0

    def _rise(self, into: int, side: int) -> int:
        old, new = self._past[into - 1].readings[side].value, self._past[into].readings[side].value
        return 0 if old is None or new is None else max(0, new - old)

    def _advance(self, into: int) -> float | None:
        """How far the displays moved into a frame, in units of their usual movement; None when nothing tells."""
        shares = []
        for side in (0, 1):
            rises = [rise for frame in range(1, len(self._past)) if (rise := self._rise(frame, side))]
            own = self._rise(into, side)
            if len(rises) > 1 and own:
                shares.append(own * len(rises) / sum(rises))
        return sum(shares) / len(shares) if shares else None
