"""What `watch` writes: one JSON object a line, for programs."""

from __future__ import annotations

import json
from typing import IO, TYPE_CHECKING, Any

from game.match import MatchFinished, MatchStarted
from game.reading import ScoreReading, ScoreUnit, ScreenReading
from game.song import Song

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from edge_agent.pipeline import StepResult
    from models.live import Said
    from models.predictor import Outlook


class LineWriter:
    """Turns steps into lines and writes each at once, whole: what is on the disk is valid after any interruption.

    Args:
        out: a text stream; flushed after every line.
        name: gives a match that begins at this time its identifier.
        model: what predictions say they come from.
        every_frame: write the reading of every frame, not only those that change something.
    """

    def __init__(self, out: IO[str], name: Callable[[float], str], *, model: str, every_frame: bool = False) -> None:
        self._out, self._name, self._model, self._every_frame = out, name, model, every_frame
        self._last: tuple[int | None, int | None, ScoreUnit, bool] | None = None
        self._match: str | None = None

    def step(self, result: StepResult) -> None:
        """Write what a step brought, in order of time; a match's predictions stand between its two lines."""
        self._say(one for one in result.said if one.t < result.t)
        if not result.blind:
            self._reading(result.reading)
        for event in result.events:
            if isinstance(event, MatchStarted):
                self._match = self._name(event.t)
                self._line({"type": "match", "phase": "started", "t": event.t, "match_id": self._match})
        self._say(one for one in result.said if one.t >= result.t)
        for event in result.events:
            if isinstance(event, MatchFinished) and self._match is not None:
                self._line(finished_line(event, self._match, result.state.unit))
                self._match = None

    def song(self, t: float, song: Song) -> None:
        """Write which song the match that runs is danced to, as far as it is known."""
        if self._match is not None and song != Song():
            known = {"title": song.title, "difficulty": song.difficulty}
            self._line({"type": "song", "t": t, "match_id": self._match, **known})

    def _say(self, said: Iterable[Said]) -> None:
        for one in said:
            self._line(prediction_line(one, self._model))

    def _reading(self, reading: ScreenReading) -> None:
        now = (reading.p1.value, reading.p2.value, reading.unit, reading.lost)
        if self._every_frame or now != self._last:
            self._line(reading_line(reading))
        self._last = now

    def _line(self, value: dict[str, Any]) -> None:
        self._out.write(json.dumps(value, allow_nan=False) + "\n")
        self._out.flush()


def reading_line(reading: ScreenReading) -> dict[str, Any]:
    """A reading as `watch` writes it: all that a match and its predictions follow from."""
    return {
        "type": "reading",
        "t": reading.t,
        "p1": _player(reading.p1, reading.unit),
        "p2": _player(reading.p2, reading.unit),
        "visible": reading.visible,
        "digits": reading.digits,
    } | ({"lost": True} if reading.lost else {})


def prediction_line(said: Said, model: str) -> dict[str, Any]:
    """A prediction as `watch` and `predict` write it."""
    prediction = said.prediction
    return {
        "type": "prediction",
        "t": said.t,
        "p1_win": prediction.p1_win,
        "low": prediction.low,
        "high": prediction.high,
        "progress": round(prediction.progress, 4),
        "model": model,
        **{name: _outlook(look) for name, look in (("p1", prediction.p1), ("p2", prediction.p2)) if look},
    }


def _outlook(look: Outlook) -> dict[str, Any]:
    """How one player will end: the range of the final score, in the display's unit, the chance of failing, a grade."""
    final = [shown(round(end), look.unit) for end in (look.final.low, look.final.high)]
    return {"final": final, "fail": round(look.fail, 4), "grade": look.grade}


def finished_line(event: MatchFinished, match_id: str, unit: ScoreUnit) -> dict[str, Any]:
    """The end of a match as `watch` writes it."""
    return {
        "type": "match",
        "phase": "finished",
        "t": event.t,
        "match_id": match_id,
        "p1_final": shown(event.p1_final, unit),
        "p2_final": shown(event.p2_final, unit),
        "winner": event.winner,
    }


def shown(value: int | None, unit: ScoreUnit) -> int | float | None:
    """A score as the screen shows it: points whole, hundredths of a percent as a number with two decimals."""
    if value is None or unit is ScoreUnit.POINTS:
        return value
    return round(value / 100, 2)


def _player(reading: ScoreReading, unit: ScoreUnit) -> dict[str, Any]:
    return {"score": shown(reading.value, unit), "confidence": round(reading.confidence, 4)}
