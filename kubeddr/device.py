"""`kubeddr device`: makes this machine a device, for as long as it stands beside a cabinet."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kubeddr.client import AsJson, fail, show_json

if TYPE_CHECKING:
    from collections.abc import Iterable

    from edge_agent.packaging.steps import Step

device = typer.Typer(
    name="device", help="This machine as a device: a service that starts with it.", no_args_is_help=True
)

DryRun = Annotated[bool, typer.Option("--dry-run", help="Only show what would be done.")]
ROOT = Path(__file__).resolve().parents[1]
SHOWN = ("ActiveState", "SubState", "NRestarts", "MemoryCurrent", "ExecMainStartTimestamp", "StatusText")


@device.command()
def install(  # noqa: PLR0913 - one for each option
    wheel: Annotated[
        Path | None, typer.Argument(help="kubeddr's wheel; without, it is built from this checkout.")
    ] = None,
    *,
    source: Annotated[str, typer.Option(help="What to watch [the likeliest camera, whichever is there].")] = "",
    name: Annotated[str, typer.Option(help="What people call the device.")] = "",
    identifier: Annotated[str, typer.Option("--device", help="Its identifier [made from the board's serial].")] = "",
    url: Annotated[str, typer.Option(help="The control plane's URL [discover: look for it in the network].")] = "",
    token: Annotated[str, typer.Option(help="Lets it in without a person; see `kubeddr devices token`.")] = "",
    python: Annotated[str, typer.Option(help="Interpreter to run on, 3.11 or later [the system's python3].")] = "",
    image: Annotated[
        bool, typer.Option("--image", help="Into an image: nothing starts, each card names itself.")
    ] = False,
    dry_run: DryRun = False,
) -> None:
    """Make a user, a service that is watched over, and a name for the camera; and start it.

    Run it again with a newer wheel to update: settings and data stay, and so does the installation before.
    """
    from edge_agent.packaging import cameras, steps  # noqa: PLC0415 - --help is not to wait for it

    if wheel is not None and not wheel.is_file() and not dry_run:
        fail(f"There is no {wheel}: name kubeddr's wheel, a file that ends in .whl.")
    with tempfile.TemporaryDirectory(prefix="kubeddr-") as scratch:
        found = wheel or _build(Path(scratch), dry_run=dry_run)
        folder = steps.PROGRAMS / f"agent-{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}"
        seen = cameras.find()
        place = steps.Place(found, _lock(), folder)
        csi = bool(seen) and seen[0].kind is cameras.Kind.CSI
        running = steps.systemd_runs() and not image
        plan = [] if image else [*_settings(source=source, name=name, device=identifier, url=url, token=token)]
        plan += steps.install(place, python or _python(), running=running, csi=csi)
        plan += steps.old(folder)
        for camera in seen:
            typer.echo(f"found {camera.path}: {camera.name} ({camera.kind.name.lower()})")
        if not seen:
            typer.echo("found no camera yet; the device waits for one to be plugged in")
        _do(plan, dry_run=dry_run)
    if running and not dry_run:
        _tell_where(steps.ENVIRONMENT)


@device.command()
def configure() -> None:
    """Give a device that has none a name and a source; the service does so before each start."""
    from edge_agent.packaging import steps  # noqa: PLC0415

    _do(_settings(), dry_run=False, quiet=True)
    if not steps.ENVIRONMENT.exists():
        fail(f"{steps.ENVIRONMENT} was not written.")


@device.command()
def uninstall(
    *,
    purge: Annotated[bool, typer.Option("--purge", help="Its settings, keys, models and matches too.")] = False,
    dry_run: DryRun = False,
) -> None:
    """Take the service off this machine."""
    from edge_agent.packaging import steps  # noqa: PLC0415

    _do(steps.uninstall(running=steps.systemd_runs(), purge=purge), dry_run=dry_run)


@device.command()
def status(*, as_json: AsJson = False) -> None:
    """Say how the service does; exit code 1 when it does not run or something is wrong."""
    from edge_agent.packaging import steps  # noqa: PLC0415

    systemctl = shutil.which("systemctl")
    if systemctl is None or not steps.FILES[steps.UNIT].exists():
        fail("This machine is no device: `sudo kubeddr device install` makes it one.")
    command = [systemctl, "show", steps.UNIT, *(f"--property={name}" for name in SHOWN)]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout  # noqa: S603 - our own command
    known = dict(line.partition("=")[::2] for line in said.splitlines())
    known["page"] = _page(steps.ENVIRONMENT)
    known["health"] = _health(known["page"])
    if as_json:
        show_json(known)
    else:
        for name, value in known.items():
            typer.echo(f"{name:<24}{value}")
    if known.get("ActiveState") != "active" or not known["health"].startswith("ok"):
        raise typer.Exit(1)


def _settings(**given: str) -> tuple[Step, ...]:
    """The settings' file, when it would change."""
    from edge_agent.packaging import steps  # noqa: PLC0415
    from edge_agent.settings import hardware_serial  # noqa: PLC0415

    path = steps.ENVIRONMENT
    try:
        known = path.read_text(encoding="utf-8") if path.exists() else ""
        own = hardware_serial() or Path("/etc/machine-id").read_text(encoding="ascii")
    except PermissionError:
        fail("This needs root: sudo kubeddr device ...")
    except OSError as error:
        fail(f"This machine has no serial and no {error.filename}: give its identifier with --device.")
    names = {"source": "SOURCE", "name": "NAME", "device": "DEVICE", "url": "URL", "token": "ENROL_TOKEN"}
    asked = {f"KUBEDDR_{names[name]}": value for name, value in given.items() if value}
    otherwise = {
        "KUBEDDR_DEVICE": f"device-{hashlib.sha256(own.strip().encode()).hexdigest()[:8]}",
        "KUBEDDR_SOURCE": "/dev/video-kubeddr",
        "KUBEDDR_URL": "discover",
        "KUBEDDR_HOST": "0.0.0.0",  # noqa: S104 - its page is for whoever stands before the cabinet
        "KUBEDDR_PORT": "8080",
    }
    new = steps.environment(known, asked, otherwise)
    return () if new == known else (steps.Write(path, new, 0o600),)


def _do(plan: Iterable[Step], *, dry_run: bool, quiet: bool = False) -> None:
    from edge_agent.errors import EdgeAgentError  # noqa: PLC0415
    from edge_agent.packaging import steps  # noqa: PLC0415

    if not dry_run and not steps.is_root():
        fail("This needs root: run it with sudo, or see what it would do with --dry-run.")
    for step in plan:
        if not quiet:
            typer.echo(str(step))
        if dry_run:
            continue
        try:
            step.do()
        except EdgeAgentError as error:
            fail(str(error))
        except OSError as error:
            fail(f"{step}: {error.strerror}.")


def _build(scratch: Path, *, dry_run: bool) -> Path:
    if not (ROOT / "pyproject.toml").is_file():
        fail("This is no checkout: name kubeddr's wheel, `kubeddr device install kubeddr-....whl`.")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(scratch)]
    if dry_run:
        typer.echo(f"run {' '.join(command)}")
        return scratch / "kubeddr.whl"
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)  # noqa: S603 - our own command line
    return next(scratch.glob("*.whl"))


def _lock() -> Path:
    """The locked packages: beside the program in a wheel, at the top of a checkout."""
    import edge_agent.packaging  # noqa: PLC0415

    inside = Path(edge_agent.packaging.__file__).parent / "runtime.txt"
    return inside if inside.is_file() else ROOT / "requirements" / "runtime.txt"


def _python() -> str:
    """The system's interpreter: the one that this command runs on may go away with its virtual environment."""
    return shutil.which("python3", path="/usr/bin:/usr/local/bin") or sys.executable


def _page(path: Path) -> str:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    values = dict(line.partition("=")[::2] for line in lines)
    return f"http://127.0.0.1:{values.get('KUBEDDR_PORT', '8080')}"


def _health(page: str) -> str:
    try:
        with urllib.request.urlopen(f"{page}/healthz", timeout=3) as answer:  # noqa: S310 - our own page
            return "ok" if answer.status == 200 else str(json.load(answer))  # noqa: PLR2004 - HTTP's own number
    except OSError as error:
        body = error.read().decode(errors="replace") if hasattr(error, "read") else ""
        return body or f"the page does not answer: {error}"


def _tell_where(path: Path) -> None:
    import socket  # noqa: PLC0415

    port = _page(path).rpartition(":")[2]
    typer.echo(f"Its page, with the code to let it in by: http://{socket.gethostname()}:{port}")
    typer.echo("How it does: kubeddr device status; its log: journalctl -u kubeddr-agent")
