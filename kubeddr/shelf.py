"""`kubeddr models`: bundles into the control plane, and from there to devices."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kubeddr.client import DEFAULT_URL, Url, answer, api, fail, short_time

if TYPE_CHECKING:
    import httpx

models = typer.Typer(name="models", help="The models that devices can run.", no_args_is_help=True)

BLOCK = 64 * 1024
POLL = 0.5  # seconds


@models.command("push")
def push(  # noqa: PLR0913 - one for each option
    bundle: Annotated[Path, typer.Argument(help="The bundle, a *.kubeddr file.")],
    *,
    to: Annotated[str | None, typer.Option(help="The device that should run it; without, it is only stored.")] = None,
    shadow: Annotated[bool, typer.Option("--shadow", help="Run it beside what runs, only to compare them.")] = False,
    override: Annotated[
        bool, typer.Option("--override", help="In mid-song too, and again where it was once taken back.")
    ] = False,
    url: Url = DEFAULT_URL,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until the device runs it or refuses it.")] = False,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds to wait at most.")] = 300.0,
) -> None:
    """Store BUNDLE in the control plane, and ask a device to run it."""
    if wait and to is None:
        fail("--wait needs --to DEVICE: only a device can say whether it runs the model.")
    with api(url) as client:
        if to is not None:  # before anything is uploaded: a mistyped name costs nothing
            device = answer(client.get(f"/api/v1/devices/{to}"))
        stored = upload(client, bundle)
        typer.echo(
            f"{stored['name']} {stored['version']} is stored ({stored['sha256'][:12]}, {stored['size']:,} bytes)."
        )
        if to is None:
            return
        asked = {"sha256": stored["sha256"], "shadow": shadow, "override": override}
        wanted = answer(client.post(f"/api/v1/devices/{to}/desired/models", json=asked))
        gone = "" if device["presence"] != "offline" else f" It is offline since {short_time(device['since'])}."
        typer.echo(f"{to} is asked to run it (version {wanted['version']} of what is wanted of it).{gone}")
        if wait:
            _follow(client, to, stored["sha256"], wanted["version"], timeout)


def upload(client: "httpx.Client", bundle: Path) -> dict[str, Any]:
    """Bring a bundle into the control plane; what it answers."""
    try:
        with bundle.open("rb") as file:
            size = bundle.stat().st_size
            with _progress(bundle.name, size) as advance:

                def blocks() -> Iterator[bytes]:
                    while block := file.read(BLOCK):
                        yield block
                        advance(len(block))

                headers = {"Content-Length": str(size), "Content-Type": "application/zip"}
                return answer(client.post("/api/v1/models", content=blocks(), headers=headers))
    except OSError as error:
        fail(f"Cannot read {bundle}: {error.strerror or error}.")


@models.command("unshadow")
def unshadow(
    kind: Annotated[str, typer.Argument(help="reader or winner.")],
    device: Annotated[str, typer.Option("--from", help="The device.")],
    *,
    url: Url = DEFAULT_URL,
) -> None:
    """Ask a device to run nothing beside what counts of this kind."""
    with api(url) as client:
        wanted = answer(client.delete(f"/api/v1/devices/{device}/desired/shadows/{kind}"))
    typer.echo(f"{device} is asked for no {kind} beside the one that runs (version {wanted['version']}).")


@contextmanager
def _progress(name: str, size: int) -> Iterator[Callable[[int], None]]:
    """A bar on the terminal's error stream; nothing where there is no terminal."""
    from rich.console import Console  # noqa: PLC0415 - heavy, --help is not
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn  # noqa: PLC0415

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(name, total=size)
        yield lambda count: bar.advance(task, count)


def _follow(client: "httpx.Client", device: str, sha256: str, asked: int, timeout: float) -> None:
    """Tell each step until the last one; exit code 1 when the device does not run it in the end."""
    end = time.monotonic() + timeout
    told: set[str] = set()
    while time.monotonic() < end:
        desired = answer(client.get(f"/api/v1/devices/{device}/desired"))
        mine = [wish for wish in desired["models"] if wish["sha256"] == sha256 and wish["asked"] == asked]
        if not mine:
            fail(f"{device} has been asked for another model meanwhile.")
        for step in reversed(desired["steps"]):
            phase = step["phase"]
            if step["sha256"] == sha256 and step["desired_version"] >= asked and phase not in told:
                told.add(phase)
                if phase not in {"committed", "refused", "reverted"}:
                    typer.echo(f"{device}: {phase}")
        if mine[0]["outcome"] in {"committed", "shadowing"}:
            typer.echo(f"{device} runs it{' beside the one that counts' if mine[0]['shadow'] else ''}.")
            return
        if mine[0]["outcome"] in {"refused", "reverted"}:
            fail(f"{device} {mine[0]['outcome']} it: {mine[0]['reason'] or 'it did not say why'}")
        time.sleep(POLL)
    found = answer(client.get(f"/api/v1/devices/{device}"))
    fail(
        f"{device} has not settled it in {timeout:.0f} seconds; it is {found['presence']} since "
        f"{short_time(found['since'])}. The wish stays: `kubeddr devices show {device}` tells how it ends."
    )
