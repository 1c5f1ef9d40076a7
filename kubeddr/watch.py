"""`kubeddr watch`: the device's eyes and mind on one source, written down line by line."""

from __future__ import annotations

import contextlib
import logging
import shutil
import signal
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_agent.songs import Songs
    from vision.pad.reader import PadReader

STDOUT = "-"


def watch(
    source: Annotated[str, typer.Argument(help="Camera number, device, video file, pictures, or URL.")],
    jsonl: Annotated[str, typer.Option(help="File to write, one JSON object a line; - for standard output.")],
    *,
    every_frame: Annotated[bool, typer.Option("--every-frame", help="Write a reading for every frame.")] = False,
    pad: Annotated[
        str | None, typer.Option(help="A second camera, or its recording, that shows the dance pads.")
    ] = None,
    no_pad: Annotated[bool, typer.Option("--no-pad", help="Do not look at dance pads, whatever --pad says.")] = False,
) -> None:
    """Read both scores off SOURCE and say live who will win."""
    from edge_agent import logs  # noqa: PLC0415 - the rooms are heavy, --help is not
    from edge_agent.capture.source import parse_source  # noqa: PLC0415
    from edge_agent.composition import builtin_pipeline  # noqa: PLC0415
    from edge_agent.errors import EdgeAgentError  # noqa: PLC0415
    from edge_agent.watch import Watch  # noqa: PLC0415
    from kubeddr.watch_screen import WatchScreen  # noqa: PLC0415

    logs.configure(logging.ERROR)  # what a person should know is told by the screen
    try:
        parsed = parse_source(source)
        beside = None if pad is None or no_pad else (_pad_reader(), parse_source(pad))
        with _stoppable() as stop, _output(jsonl) as out, WatchScreen(parsed.name) as screen:
            watching = Watch(
                builtin_pipeline(),
                out,
                screen,
                every_frame=every_frame,
                stopped=stop.is_set,
                songs=_songs(),
                pad=beside,
            )
            matches = watching.run(parsed)
    except EdgeAgentError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    except BrokenPipeError:
        sys.stderr.close()  # whoever read our lines has enough; say nothing on the way out
        raise typer.Exit(0) from None
    except OSError as error:
        typer.echo(f"Cannot write {jsonl}: {error.strerror or error}.", err=True)
        raise typer.Exit(1) from None
    if matches == 0:
        typer.echo("no match seen", err=True)


def _songs() -> Songs | None:
    """Who reads titles, where tesseract is installed."""
    if shutil.which("tesseract") is None:
        return None
    from edge_agent.songs import Songs  # noqa: PLC0415

    return Songs()


def _pad_reader() -> PadReader:
    from models.bundle import builtin  # noqa: PLC0415 - only those who ask for it pay for it
    from vision.pad.reader import PadReader  # noqa: PLC0415

    return PadReader(builtin("pad").network("detector"))


class _Stop:
    """A signal handler: the first signal ends the watching in good order, the second at once."""

    def __init__(self) -> None:
        self._set = False

    def __call__(self, _signal: int, _frame: Any) -> None:
        if self._set:
            raise KeyboardInterrupt
        self._set = True

    def is_set(self) -> bool:
        return self._set


@contextlib.contextmanager
def _stoppable() -> Iterator[_Stop]:
    stop = _Stop()
    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _output(jsonl: str) -> Iterator[IO[str]]:
    if jsonl == STDOUT:
        yield sys.stdout
        return
    with Path(jsonl).open("w", encoding="utf-8") as file:
        yield file
