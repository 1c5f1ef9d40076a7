"""`kubeddr demo`: everything on one machine, until Ctrl-C."""

from __future__ import annotations

import signal
import tempfile
import threading
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from kubeddr.demo_plan import Plan


def demo(
    *,
    source: Annotated[
        str, typer.Option(help="Watch this instead: a camera number, device, video file, pictures, or URL.")
    ] = "",
    seconds: Annotated[float, typer.Option(help="End by itself after this long; 0 goes on until Ctrl-C.", min=0)] = 0,
    story: Annotated[
        bool, typer.Option("--story/--no-story", help="Roll out a good model, then a worse one that is caught.")
    ] = True,
    bad_model: Annotated[
        bool, typer.Option("--bad-model", help="Only the worse one, and end when it is undone.")
    ] = False,
    data: Annotated[
        Path | None, typer.Option(help="Keep the database, outboxes and logs here; without, they go at the end.")
    ] = None,
) -> None:
    """Show the whole loop on this machine: broker, control plane, two rendered cabinets and a device beside each."""
    from rich.console import Console  # noqa: PLC0415 - heavy, --help is not

    from kubeddr.demo_plan import plan  # noqa: PLC0415
    from kubeddr.demo_stage import DemoError  # noqa: PLC0415

    console = Console(highlight=False)
    with ExitStack() as stack:
        stopping = stack.enter_context(_signals())
        try:
            _check(source)
            folder = data or Path(stack.enter_context(_scratch()))
            told = Told(story=bad_model or (story and not source), bad_only=bad_model)
            _run(console, stopping, plan(folder.absolute(), source), seconds, told)
        except DemoError as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(1) from None


@dataclass(frozen=True, slots=True)
class Told:
    """What the demo tells: the story, or only its end."""

    story: bool
    bad_only: bool


@contextmanager
def _signals() -> Iterator[threading.Event]:
    """An event that Ctrl-C, SIGTERM and the terminal's end set, instead of what they do by themselves."""
    stopping = threading.Event()
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, lambda *_: stopping.set()) for number in numbers}
    try:
        yield stopping
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _scratch() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="kubeddr-demo-", ignore_cleanup_errors=True)


def _check(source: str) -> None:
    """Find out what cannot work before anything is started.

    Raises:
        DemoError: it cannot.
    """
    from control_plane.broker import find_mosquitto  # noqa: PLC0415
    from control_plane.errors import ControlPlaneError  # noqa: PLC0415
    from edge_agent.capture.source import parse_source  # noqa: PLC0415
    from edge_agent.errors import EdgeAgentError  # noqa: PLC0415
    from kubeddr.demo_stage import DemoError  # noqa: PLC0415

    try:
        find_mosquitto()
        if source:
            parse_source(source)
    except (ControlPlaneError, EdgeAgentError) as error:
        raise DemoError(str(error)) from None


def _run(console: Console, stopping: threading.Event, plan: Plan, seconds: float, told: Told) -> None:
    import httpx  # noqa: PLC0415 - heavy, --help is not

    from kubeddr.demo_screen import frame  # noqa: PLC0415
    from kubeddr.demo_stage import Stage  # noqa: PLC0415
    from kubeddr.demo_story import Story  # noqa: PLC0415
    from kubeddr.processes import Children  # noqa: PLC0415

    signed_in = {"Authorization": f"Bearer {plan.token}"}
    with httpx.Client(timeout=5, trust_env=False, headers=signed_in) as client, Children(plan.logs) as children:
        stage = Stage(console, stopping, client, children, plan.url)
        for wave in plan.waves():
            stage.start(wave)
        if not stopping.is_set():
            console.print(f"Open the live page, signed in: [link={plan.page}]{plan.page}[/link]", soft_wrap=True)
            console.print(frame(_addresses(plan), "Ctrl-C ends it"))
            story = Story(console, client, children, plan, told.bad_only).tell() if told.story else None
            stage.watch(plan, seconds, story, ends=told.bad_only)
        console.print("Stopping everything ...")
    console.print("Stopped; nothing is left running.")


def _addresses(plan: Plan) -> Iterator[tuple[str, str]]:
    yield "Live page", plan.url
    for station in plan.stations:
        yield f"{station.name}: the device's own page", station.page
        if station.picture:
            yield f"{station.name}: the game it watches", station.picture
        else:
            yield f"{station.name}: watches", station.source
    yield "Broker, by certificate", f"mqtts://{plan.broker}"
    yield "Logs", str(plan.logs)
