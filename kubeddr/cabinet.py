"""`kubeddr cabinet`: a dance game to watch where there is none."""

from __future__ import annotations

import signal
import threading
from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from models.simulate.cabinet import Cabinet
    from models.simulate.clip import Take

DEFAULT_PORT = 8090


def cabinet(  # noqa: PLR0913 - every one is an option of the command
    *,
    port: Annotated[int, typer.Option(help="Where to serve the picture; 0 for any free port.")] = DEFAULT_PORT,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    seed: Annotated[int, typer.Option(help="Decides songs, players and everything that happens.")] = 1,
    fps: Annotated[float, typer.Option(help="Frames a second.")] = 20.0,
    size: Annotated[str, typer.Option(help="WIDTHxHEIGHT of the picture.")] = "854x480",
    theme: Annotated[str, typer.Option(help="Such as plates or grove; auto: by seed. A wrong one lists all.")] = "auto",
    song: Annotated[float, typer.Option(help="Seconds of notes in a match, about.")] = 46.0,
    file: Annotated[Path | None, typer.Option(help="Write a video instead of serving.")] = None,
    truth: Annotated[Path | None, typer.Option(help="With --file: what it truly shows, JSON lines.")] = None,
    matches: Annotated[int, typer.Option(help="With --file: how many matches.")] = 1,
    begin: Annotated[float, typer.Option("--from", help="With --file: seconds to leave out at the front.")] = 0.0,
) -> None:
    """Render a dance game live: real scoring rules, two simulated players, exact truth."""
    from models.simulate.cabinet import CabinetError, build  # noqa: PLC0415 - drawing is heavy, --help is not
    from models.simulate.clip import Take  # noqa: PLC0415
    from models.simulate.themes import ThemeError  # noqa: PLC0415

    if truth is not None and file is None:
        raise typer.BadParameter("the truth is written beside a video; give --file too", param_hint="--truth")
    try:
        built = build(seed, theme, _size(size), song)
        if file is not None:
            _film(built, Take(file, truth, matches, fps, begin))
        else:
            _serve(built, host, port, fps)
    except (CabinetError, ThemeError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal()):
        raise typer.BadParameter(f"{text!r} is not WIDTHxHEIGHT, such as 854x480", param_hint="--size")
    return int(width), int(height)


def _film(built: Cabinet, take: Take) -> None:
    from models.simulate.clip import film  # noqa: PLC0415

    def show(done: int, frames: int) -> None:
        typer.echo(f"\r{done * 100 // frames:3d} %", nl=False, err=True)

    frames = film(built, take, show)
    what = f"{frames} frames, {frames / take.fps:.0f} s, theme {built.theme.name}, seed {built.seed}"
    typer.echo(f"\r{take.path}: {what}", err=True)


def _serve(built: Cabinet, host: str, port: int, fps: float) -> None:
    from models.simulate.server import CabinetServer, Feed  # noqa: PLC0415

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with CabinetServer(Feed(built, fps), host, port) as server:
        typer.echo(f"Cabinet (theme {built.theme.name}, seed {built.seed}): {server.url}  Ctrl-C ends it.")
        typer.echo(f"Watch it with: kubeddr watch {server.url}stream.mjpg --jsonl -")
        stop.wait()
