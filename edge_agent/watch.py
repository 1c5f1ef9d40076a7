"""Watch one source from beginning to end and write what is seen, line by line."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

from edge_agent.capture.live import CaptureState, CaptureStatus, LiveCapture
from edge_agent.capture.opencv import open_video
from edge_agent.capture.recording import Recording
from edge_agent.capture.source import SourceKind
from edge_agent.errors import SourceError
from edge_agent.lines import LineWriter
from edge_agent.naming import live_names, recording_names
from edge_agent.pads import PadEye, PadLines
from game.match import MatchFinished, MatchStarted

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import IO

    from edge_agent.capture.source import Source
    from edge_agent.pipeline import Pipeline, StepResult
    from edge_agent.songs import Songs
    from vision.frame import Frame
    from vision.pad.reader import PadReader

TAKE = 0.5  # seconds to wait for a live picture before going on in the dark
GIVE_UP = {SourceKind.CAMERA: 3.0, SourceKind.STREAM: 12.0}  # seconds to give the first picture in


class Listener(Protocol):
    """Who is told, for a person, how the watching goes."""

    def progress(self, t: float, total: float | None) -> None:
        """Reached `t` of `total` seconds; the total is None when there is no end."""

    def step(self, result: StepResult) -> None:
        """A step that began or ended a match."""

    def say(self, sentence: str) -> None:
        """Something that the person should know."""


class Watch:
    """Runs the pipeline over a source.

    Args:
        pipeline: fresh.
        out: where the lines go.
        every_frame: see `LineWriter`.
        songs: reads which song is danced to, where that is wanted.
        pad: reads dance pads, and the source that shows them, where that is wanted.
        stopped: asked between frames; True ends the watching as the end of the source would.
    """

    def __init__(  # noqa: PLR0913 - what it joins is what it is for
        self,
        pipeline: Pipeline,
        out: IO[str],
        listener: Listener,
        *,
        every_frame: bool = False,
        stopped: Callable[[], bool] = lambda: False,
        songs: Songs | None = None,
        pad: tuple[PadReader, Source] | None = None,
    ) -> None:
        self._songs = songs
        self._pad = pad
        self._eye: PadEye | None = None
        self._pad_lines = PadLines(out)
        self._began = 0.0
        self._pipeline, self._out, self._listener = pipeline, out, listener
        self._every_frame, self._stopped = every_frame, stopped
        self._matches = 0

    def run(self, source: Source) -> int:
        """Watch until the source ends or `stopped`.

        Returns:
            How many matches were seen.

        Raises:
            SourceError: the source cannot be watched.
        """
        self._began = time.monotonic()
        self._eye = None if self._pad is None else PadEye(*self._pad, self._clock)
        try:
            if source.live:
                self._live(source)
            else:
                self._recording(source)
        finally:
            if self._eye is not None:
                self._eye.close()
        return self._matches

    def _clock(self) -> float:
        return time.monotonic() - self._began

    def _writer(self, name: Callable[[float], str]) -> LineWriter:
        return LineWriter(self._out, name, model=self._pipeline.predictor.name, every_frame=self._every_frame)

    def _recording(self, source: Source) -> None:
        recording = Recording(source)
        writer = self._writer(recording_names(recording.digest()))
        t = 0.0
        for frame in recording.frames():
            if self._stopped():
                break
            t = frame.t
            self._frame(writer, frame)
            self._listener.progress(t, recording.expected / recording.fps if recording.expected else None)
        self._close(writer, t)
        if recording.note is not None:
            self._listener.say(f"Note: {recording.note}.")

    def _live(self, source: Source) -> None:
        clock = self._clock
        capture = LiveCapture(lambda: open_video(source), name=source.name, clock=clock)
        writer = self._writer(live_names())
        state = CaptureState.OPENING
        try:
            while not self._stopped():
                frame = capture.take(TAKE)
                status = capture.status()
                if frame is not None:
                    self._frame(writer, frame)
                elif self._pipeline.running or status.state is not CaptureState.LIVE:
                    self._step(writer, self._pipeline.blind(clock()))
                self._listener.progress(clock(), None)
                if status.read == 0 and clock() > GIVE_UP[source.kind]:
                    raise SourceError(f"{status.reason or source.name + ' gives no picture'}. Is it connected and on?")
                if status.state is not state:
                    state = status.state
                    self._listener.say(_told(status))
        finally:
            capture.close()
        self._close(writer, clock())

    def _frame(self, writer: LineWriter, frame: Frame) -> None:
        if self._songs is not None:
            self._songs.see(frame)
        self._step(writer, self._pipeline.step(frame))

    def _step(self, writer: LineWriter, result: StepResult) -> None:
        if self._eye is not None:
            for reading in self._eye.until(result.t):
                self._pad_lines.read(reading)
            self._pad_lines.take(result)
        if self._songs is not None and any(isinstance(event, MatchFinished) for event in result.events):
            writer.song(result.t, self._songs.song())
        writer.step(result)
        self._count(result)

    def _close(self, writer: LineWriter, t: float) -> None:
        self._step(writer, self._pipeline.close(t))

    def _count(self, result: StepResult) -> None:
        if not result.events:
            return
        if self._songs is not None and any(isinstance(event, MatchStarted) for event in result.events):
            self._songs.begin()
        self._matches += sum(isinstance(event, MatchStarted) for event in result.events)
        self._listener.step(result)


def _told(status: CaptureStatus) -> str:
    if status.state is CaptureState.LIVE:
        return "The picture is there."
    return f"No picture: {status.reason}; trying again."


def verdict(event: MatchFinished, score: Callable[[int | None], str]) -> str:
    """One line about a finished match, for a person."""
    if event.abandoned:
        return "no result"
    one, two = score(event.p1_final), score(event.p2_final)
    names = {1: "P1 wins", 2: "P2 wins", 0: "a tie", None: "no winner: only one player was seen"}
    return f"P1 {one}   P2 {two}   {names[event.winner]}"
