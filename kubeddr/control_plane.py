"""`kubeddr control-plane`: the cloud side, in one process."""

from pathlib import Path
from typing import Annotated

import typer


def control_plane(  # noqa: PLR0913 - one for each option
    *,
    host: Annotated[str | None, typer.Option(help="Address to listen on [127.0.0.1].")] = None,
    port: Annotated[int | None, typer.Option(help="Port of the pages and the API [8080]; 0 takes a free one.")] = None,
    data: Annotated[Path | None, typer.Option(help="Folder for the database and the models [kubeddr-data].")] = None,
    broker: Annotated[
        str | None,
        typer.Option(
            help="HOST:PORT of a running MQTT broker in the clear, or mqtts://HOST:PORT; without, one starts."
        ),
    ] = None,
    broker_port: Annotated[int | None, typer.Option(help="Port of that mosquitto [1883]; 0 takes a free one.")] = None,
    device_port: Annotated[
        int | None, typer.Option(help="Port where devices fetch models [8443]; 0 takes a free one.")
    ] = None,
) -> None:
    """Take in what devices report, show it live, and send models out.

    The first start makes an admin's token and shows it once; KUBEDDR_ADMIN_TOKEN brings one instead.

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
        "device_port": device_port,
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
        if running.first_token is not None:
            typer.echo("This is its first start. Keep the admin's token, it is shown this once:")
            typer.echo(f"  {running.first_token}")
            typer.echo(f"Sign in: {running.url}/sign-in#{running.first_token}")
            typer.echo(f"In a terminal: kubeddr login --url {running.url}")

    try:
        run(settings, tell)
    except ControlPlaneError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
