"""The second camera beside the first: what happens on the dance pads, and where pads and screen disagree."""

from __future__ import annotations

import json
from typing import IO, TYPE_CHECKING, Any, Final

from edge_agent.capture.live import LiveCapture
from edge_agent.capture.opencv import open_video
from edge_agent.capture.recording import Recording
from edge_agent.pipeline import microseconds
from game.match import MatchFinished, MatchStarted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from edge_agent.capture.source import Source
    from edge_agent.pipeline import StepResult
    from game.match import MatchState
    from vision.frame import Frame
    from vision.pad.feet import Press
    from vision.pad.reader import Dancer, PadReader, PadReading

OFTEN: Final = 1.0  # seconds between two lines about dancers whose figures change
ALONE: Final = 3.0  # seconds that a score may grow after its dancer has left the pad
PLAYERS: Final = 2


class PadEye:
    """Reads a source of its own, as far as the first one has come.

    Args:
        reader: fresh.
        source: a second camera, or a recording that begins when the first does.
        clock: seconds since the watching began; only live sources ask it.

    Raises:
        SourceError: when the first picture is asked for, and the source cannot be watched.
    """

    def __init__(self, reader: PadReader, source: Source, clock: Callable[[], float]) -> None:
        self._reader = reader
        self._capture: LiveCapture | None = None
        self._frames: Iterator[Frame] = iter(())
        self._next: Frame | None = None
        if source.live:
            self._capture = LiveCapture(lambda: open_video(source), name=source.name, clock=clock)
        else:
            self._frames = Recording(source).frames()
            self._next = next(self._frames, None)

    def until(self, t: float) -> Iterator[PadReading]:
        """Every reading up to `t` seconds; of a live source, the newest picture's if there is a new one."""
        if self._capture is not None:
            frame = self._capture.take(0.0)
            if frame is not None:
                yield self._reader.read(frame)
            return
        while self._next is not None and self._next.t <= t:
            yield self._reader.read(self._next)
            self._next = next(self._frames, None)

    def close(self) -> None:
        """Let go of the source."""
        if self._capture is not None:
            self._capture.close()


class PadLines:
    """Writes what the second camera adds, one JSON object a line.

    Args:
        out: a text stream; flushed after every line.
    """

    def __init__(self, out: IO[str]) -> None:
        self._out = out
        self._told: tuple[float, list[bool], bool] | None = None
        self._seen: PadReading | None = None
        self._left: dict[int, float] = {}  # player -> when the pad was found empty
        self._danced: set[int] = set()
        self._odd: set[int] = set()

    def read(self, reading: PadReading) -> None:
        """Take in a reading of the pads: steps, and who dances when that changes."""
        for press in reading.presses:
            self._line(_press(press))
            self._danced |= {0, 1} if reading.double else {press.pad}
        for player, dancer in enumerate(reading.dancers[:PLAYERS]):
            if dancer.present or reading.double:
                self._left.pop(player, None)
            else:
                self._left.setdefault(player, reading.t)
        self._seen = reading
        now = ([dancer.present for dancer in reading.dancers], reading.double)
        due = self._told is None or self._told[1:] != now
        due |= self._told is not None and reading.t - self._told[0] >= OFTEN and any(now[0])
        if due and reading.pads:
            self._told = (reading.t, *now)
            self._line(_dancers(reading))

    def take(self, result: StepResult) -> None:
        """Take in what the screen did: say who danced at a match's end, and where a score grows with nobody there."""
        for event in result.events:
            if isinstance(event, MatchFinished):
                self._line({"type": "danced", "t": event.t, **self._players(lambda player: player in self._danced)})
            if isinstance(event, (MatchStarted, MatchFinished)):
                self._danced.clear()
                self._odd.clear()
        if result.state.running:
            self._compare(result.t, result.state)

    def _compare(self, t: float, state: MatchState) -> None:
        for player, track in enumerate((state.p1, state.p2)):
            left = self._left.get(player)
            if left is None or player in self._odd or track.grown_at is None or track.grown_at - left < ALONE:
                continue
            self._odd.add(player)
            what = "the score grows with nobody on the pad"
            self._line({"type": "disagreement", "t": t, "player": player + 1, "what": what})

    def _players(self, fact: Callable[[int], bool]) -> dict[str, bool | None]:
        """A fact about both players; null about one whose pad the camera does not show."""
        pads = len(self._seen.pads) if self._seen is not None else 0
        return {f"p{player + 1}": fact(player) if player < pads else None for player in range(PLAYERS)}

    def _line(self, value: dict[str, Any]) -> None:
        self._out.write(json.dumps(value, allow_nan=False) + "\n")
        self._out.flush()


def _press(press: Press) -> dict[str, Any]:
    return {
        "type": "press",
        "t": microseconds(press.t),
        "pad": press.pad + 1,
        "panel": press.panel,
        "foot": press.foot,
        "confidence": press.confidence,
    }


def _dancers(reading: PadReading) -> dict[str, Any]:
    shown = {f"p{player + 1}": _dancer(dancer) for player, dancer in enumerate(reading.dancers[:PLAYERS])}
    return {"type": "dancers", "t": microseconds(reading.t), **shown, "double": reading.double}


def _dancer(dancer: Dancer) -> dict[str, Any]:
    return {
        "present": dancer.present,
        "steps": dancer.steps,
        "rate": dancer.rate,
        "stamina": None if dancer.stamina is None else round(dancer.stamina, 3),
        "symmetry": None if dancer.symmetry is None else round(dancer.symmetry, 3),
    }
