"""`kubeddr backup` and `kubeddr restore`: on the control plane's own machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kubeddr.client import fail

Data = Annotated[Path, typer.Option(envvar="KUBEDDR_DATA", help="The control plane's data folder.")]
DATA = Path("kubeddr-data")


def backup(
    *,
    to: Annotated[Path, typer.Option(help="Folder for the archives; they hold private keys.")],
    data: Data = DATA,
    keep: Annotated[int, typer.Option(min=1, help="How many of the newest to keep.")] = 10,
) -> None:
    """Copy the database, the authority and the signed models into an archive, while the control plane runs."""
    from control_plane.errors import ControlPlaneError  # noqa: PLC0415 - heavy, --help is not
    from control_plane.storage.backup import save  # noqa: PLC0415

    try:
        path = save(data, to, keep)
    except (ControlPlaneError, OSError) as error:
        fail(str(error))
    typer.echo(f"{path} ({path.stat().st_size:,} bytes)")


def restore(archive: Annotated[Path, typer.Argument(help="As `kubeddr backup` made it.")], data: Data = DATA) -> None:
    """Put a backup into an empty data folder; start the control plane there afterwards."""
    from control_plane.errors import ControlPlaneError  # noqa: PLC0415 - heavy, --help is not
    from control_plane.storage.backup import restore as put_back  # noqa: PLC0415

    try:
        count = put_back(archive, data)
    except (ControlPlaneError, OSError) as error:
        fail(str(error))
    typer.echo(f"{count} files are back in {data}.")
