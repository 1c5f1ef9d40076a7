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
    t: float
    readings: Pair


class Settler:
    """Chooses the readings of both displays, frame by frame."""

    def __init__(self) -> None:
        self._past: deque[_Moment] = deque(maxlen=PACE_FRAMES + 1)

    def settle(self, t: float, readings: Pair) -> Pair:
        """The readings to report at `t`, each from this frame or from one at most REACH seconds older."""
        self._past.append(_Moment(t, readings))
        return self._choose(t, 0), self._choose(t, 1)

    def _choose(self, t: float, side: int) -> ScoreReading:
        past = list(self._past)
        newest = past[-1].readings[side]
        best, behind, most = newest, 0.0, 0.0
        for index in range(len(past) - 1, 0, -1):
            before, now = past[index - 1], past[index]
            old, new = before.readings[side].value, now.readings[side].value
            rolling = old is not None and new is not None and new > old
            advance = self._advance(past, index) if rolling else None
            if advance is None or t - before.t > REACH + 1e-6:
                break
            behind += advance - 1
            if behind > most:
                best, most = before.readings[side], behind
        return best

    @staticmethod
    def _advance(past: list[_Moment], index: int) -> float | None:
        """How far the displays moved into frame `index`, in units of their usual movement a frame."""
        shares = []
        for side in (0, 1):
            values = [moment.readings[side].value for moment in past]
            steps = [b - a for a, b in pairwise(values) if a is not None and b is not None and b > a]
            a, b = values[index - 1], values[index]
            if a is not None and b is not None and b > a and len(steps) > 1:
                shares.append((b - a) * len(steps) / sum(steps))
        return sum(shares) / len(shares) if shares else None
