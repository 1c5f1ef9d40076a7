"""`kubeddr keys`: whose signatures devices hold to. On the control plane's own machine; see docs/trust.md."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kubeddr.client import AsJson, fail, show_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from control_plane.releases.repository import Repository

keys = typer.Typer(name="keys", help="The keys that models are signed with.", no_args_is_help=True)

Data = Annotated[Path, typer.Option(envvar="KUBEDDR_DATA", help="The control plane's data folder.")]
Offline = Annotated[
    list[Path],
    typer.Option("--offline", help="Folder of keys that are kept offline; again for each. New ones go to the first."),
]
DATA = Path("kubeddr-data")


@keys.command()
def init(
    offline: Annotated[Path, typer.Option(help="Folder for the keys to keep offline.")], data: Data = DATA
) -> None:
    """Make all keys before the control plane's first start, and sign that there are no models yet."""
    with _repository(data, there=False) as repository:
        repository.create(offline)
        typer.echo(f"Models are signed from now on. Keep what is in {offline} offline, the root keys apart.")
        _show(repository, as_json=False)


@keys.command()
def status(data: Data = DATA, *, as_json: AsJson = False) -> None:
    """Show every role: its keys, and when what they signed ends."""
    with _repository(data) as repository:
        _show(repository, as_json=as_json)
        left = data / "offline-keys"
        if left.is_dir() and not as_json:
            typer.echo(f"Keys that belong offline are still in {left}: move them away, the root keys apart.", err=True)


@keys.command()
def rotate(
    role: Annotated[str, typer.Argument(help="root, targets, models, snapshot or timestamp.")],
    offline: Offline,
    *,
    key: Annotated[str, typer.Option(help="Which of the role's keys, where it has several.")] = "",
    data: Data = DATA,
) -> None:
    """Give a role a new key in place of an old one."""
    with _repository(data) as repository:
        new = repository.rotate(role, offline, key)
        typer.echo(f"{role} has the new key {new[:12]}. Devices follow with their next update.")


@keys.command()
def revoke(key: Annotated[str, typer.Argument(help="How its id begins.")], offline: Offline, data: Data = DATA) -> None:
    """Take back a key that others may have: nothing that it signed counts any more."""
    with _repository(data) as repository:
        new = repository.revoke(key, offline)
        typer.echo(f"{key} counts no more; {new[:12]} takes its place. Devices follow with their next update.")


@keys.command()
def renew(offline: Offline, data: Data = DATA) -> None:
    """Sign everything anew with the keys as they are, before root or targets end."""
    with _repository(data) as repository:
        repository.renew(offline)
        _show(repository, as_json=False)


@contextmanager
def _repository(data: Path, *, there: bool = True) -> Iterator[Repository]:
    """The repository; what it refuses ends the command with one sentence."""
    from control_plane.errors import ControlPlaneError  # noqa: PLC0415 - heavy, --help is not
    from control_plane.releases.repository import Repository  # noqa: PLC0415

    repository = Repository(data / "releases")
    if there and not repository.there:
        fail(
            f"No models are signed in {data} yet: name the control plane's folder with --data, or `kubeddr keys init`."
        )
    try:
        yield repository
    except (ControlPlaneError, OSError) as error:
        fail(str(error))


def _show(repository: Repository, *, as_json: bool) -> None:
    standings = repository.standings()
    if as_json:
        roles = [
            {
                "role": each.role,
                "keys": each.keys,
                "threshold": each.threshold,
                "offline": each.offline,
                "version": each.version,
                "expires": each.expires.isoformat(),
            }
            for each in standings
        ]
        show_json({"roles": roles})
        return
    for each in standings:
        held = f"{each.threshold} of {len(each.keys)}, {'offline' if each.offline else 'here'}"
        ids = " ".join(key[:12] for key in each.keys)
        typer.echo(f"{each.role:<10} {held:<16} until {each.expires:%Y-%m-%d}  version {each.version:<4} {ids}")
