"""`kubeddr agent`: the device."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer asks for it
from typing import Annotated

import typer


def agent(  # noqa: PLR0913 - one for each option
    *,
    source: Annotated[
        str, typer.Option(help="Camera number, device, video file, pictures, or URL.", envvar="KUBEDDR_SOURCE")
    ],
    device: Annotated[str, typer.Option(help="The device's identifier.", envvar="KUBEDDR_DEVICE")],
    name: Annotated[str, typer.Option(help="What people call the device.", envvar="KUBEDDR_NAME")] = "",
    url: Annotated[
        str, typer.Option(help="The control plane's URL, or `discover` to look for it.", envvar="KUBEDDR_URL")
    ] = "",
    broker: Annotated[
        str,
        typer.Option(
            help="HOST:PORT of the MQTT broker where the control plane's own word does not do.", envvar="KUBEDDR_BROKER"
        ),
    ] = "",
    data: Annotated[
        Path | None, typer.Option(help="Folder for the outbox and the models.", envvar="KUBEDDR_DATA")
    ] = None,
    host: Annotated[str, typer.Option(help="Where the device's page listens.", envvar="KUBEDDR_HOST")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(help="Its port; 0 takes a free one.", envvar="KUBEDDR_PORT", min=0, max=65535)
    ] = 8080,
    serial: Annotated[
        str, typer.Option(help="The hardware's serial, where the board does not tell.", envvar="KUBEDDR_SERIAL")
    ] = "",
    token: Annotated[
        str,
        typer.Option(
            help="Lets the device in without a person; see `kubeddr devices token`.", envvar="KUBEDDR_ENROL_TOKEN"
        ),
    ] = "",
) -> None:
    """Watch a cabinet, show its match on a page of its own, and report to the control plane.

    With --url the device asks to be let in, and shows a code on its page until it is. With --broker alone it talks in
    the clear to a broker of your own. With neither it works alone.
    """
    from edge_agent import settings  # noqa: PLC0415 - the rooms are heavy, --help is not
    from edge_agent.agent import run  # noqa: PLC0415
    from edge_agent.errors import EdgeAgentError  # noqa: PLC0415

    try:
        run(
            settings.build(
                source=source,
                device=device,
                name=name,
                url=url,
                broker=broker,
                data=data,
                host=host,
                port=port,
                serial=serial,
                token=token,
            )
        )
    except EdgeAgentError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
