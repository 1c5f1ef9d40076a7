"""Reading events as `kubeddr watch` writes them, back into readings."""

from __future__ import annotations

import json
import math
from typing import Any, TypeGuard

from game.reading import UNREAD, ScoreReading, ScoreUnit, ScreenReading

FULL = 100.0  # percent
HUNDREDTHS = 100  # of a percent, in a whole one
MOST = 10**12  # no display has more digits
WIDEST = 12  # the digits of that


class FaultyLineError(ValueError):
    """A line that cannot be read, and why."""


class Parser:
    """Reads one line at a time; remembers the unit, for a percent is told from points by its decimals.

    A number written with decimals is a percent; from then on every number of the stream is one.
    """

    def __init__(self) -> None:
        self._unit = ScoreUnit.POINTS

    def parse(self, line: str) -> ScreenReading | None:
        """The reading in `line`; None when it holds something else.

        Raises:
            FaultyLineError: when the line is no JSON object, or a reading without a usable time or score.
        """
        if not line.strip():
            return None
        try:
            event = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise FaultyLineError("not JSON") from error
        if not isinstance(event, dict):
            raise FaultyLineError("not a JSON object")
        if event.get("type") != "reading":
            return None
        t = event.get("t")
        if not _is_number(t):
            raise FaultyLineError("a reading needs its time in seconds, `t`")
        players = (event.get("p1"), event.get("p2"))
        if any(_has_decimals(player) for player in players):
            self._unit = ScoreUnit.PERCENT
        p1, p2 = (self._score(name, player) for name, player in zip(("p1", "p2"), players, strict=True))
        visible, digits = event.get("visible"), event.get("digits")  # as `watch` writes them; others may not know
        if not isinstance(visible, bool | None):
            raise FaultyLineError("`visible` must be true or false")
        if not _is_width(digits):
            raise FaultyLineError(f"`digits` must be null or 1 to {WIDEST}")
        if visible is None:
            visible = p1.value is not None or p2.value is not None
        return ScreenReading(float(t), p1, p2, visible, self._unit, digits)

    def _score(self, name: str, player: Any) -> ScoreReading:
        if player is None:
            return UNREAD
        if not isinstance(player, dict):
            raise FaultyLineError(f"`{name}` must be an object with `score` and `confidence`")
        score, confidence = player.get("score"), player.get("confidence", 1.0)
        if not _is_number(confidence) or not 0 <= confidence <= 1:
            raise FaultyLineError(f"the confidence of `{name}` must lie between 0 and 1")
        if score is None:
            return ScoreReading(None, confidence)
        if not _is_number(score) or not 0 <= score <= MOST:
            raise FaultyLineError(f"the score of `{name}` must be null or a number from 0")
        if self._unit is ScoreUnit.PERCENT:
            if score > FULL:
                raise FaultyLineError(f"the score of `{name}` exceeds 100 percent")
            return ScoreReading(round(score * HUNDREDTHS), confidence)
        return ScoreReading(int(score), confidence)


def _is_number(value: Any) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_width(digits: Any) -> TypeGuard[int | None]:
    return digits is None or (isinstance(digits, int) and not isinstance(digits, bool) and 0 < digits <= WIDEST)


def _has_decimals(player: Any) -> bool:
    """Whether a player's score is written with decimals, as only percents are."""
    score = player.get("score") if isinstance(player, dict) else None
    return isinstance(score, float) and 0 <= score <= FULL
