"""`kubeddr control-plane`: the cloud side, in one process."""

from pathlib import Path
from typing import Annotated

import typer


def control_plane(
    *,
    host: Annotated[str | None, typer.Option(help="Address to listen on [127.0.0.1: there is no login yet].")] = None,
    port: Annotated[int | None, typer.Option(help="Port of the pages and the API [8080]; 0 takes a free one.")] = None,
    data: Annotated[Path | None, typer.Option(help="Folder for the database and the models [kubeddr-data].")] = None,
    broker: Annotated[str | None, typer.Option(help="HOST:PORT of a running MQTT broker; without, one starts.")] = None,
    broker_port: Annotated[int | None, typer.Option(help="Port of that mosquitto [1883]; 0 takes a free one.")] = None,
) -> None:
    """Take in what devices report, show it live, and send models out.

    Every option can also be set in the environment, such as KUBEDDR_PORT; and KUBEDDR_DATABASE_URL names another
    database than SQLite.
    """
    from pydantic import ValidationError  # noqa: PLC0415 - the rooms are heavy, --help is not

    from control_plane.errors import ControlPlaneError  # noqa: PLC0415
    from control_plane.main import Running, run  # noqa: PLC0415
    from control_plane.settings import Settings  # noqa: PLC0415
    from edge_agent import logs  # noqa: PLC0415

    given = {
        "host": host,
        "port": port,
        "data": data,
        "broker": broker,
        "broker_port": broker_port,
    }
    logs.configure()
    try:
        settings = Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        typer.echo(f"{'.'.join(map(str, first['loc'])).replace('_', '-')}: {first['msg']}", err=True)
        raise typer.Exit(2) from None

    def tell(running: Running) -> None:
        typer.echo(f"kubeddr control plane: {running.url}  (broker {running.broker[0]}:{running.broker[1]})")

    try:
        run(settings, tell)
    except ControlPlaneError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
