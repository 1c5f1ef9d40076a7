"""`kubeddr read`: the score displays on single pictures."""

from __future__ import annotations

import json
from pathlib import Path  # noqa: TC003 - the command line reads the annotation
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from vision.layout import Number


def read(
    images: Annotated[list[Path], typer.Argument(help="Picture files.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a picture and line.")] = False,
) -> None:
    """Read every score display on each of IMAGES."""
    from kubeddr.pictures import opened  # noqa: PLC0415 - the rooms are heavy, --help is not
    from models.bundle import builtin  # noqa: PLC0415
    from vision.reader import read_still  # noqa: PLC0415

    bundle = builtin("reader")
    locator, line_reader = bundle.network("locator"), bundle.network("line")
    failed = False
    for path in images:
        try:
            picture = opened(path)
        except ValueError as error:
            typer.echo(str(error), err=True)
            failed = True
            continue
        found = read_still(picture, locator, line_reader)
        if as_json:
            typer.echo(json.dumps({"file": str(path), "displays": [_display(number) for number in found]}))
        else:
            typer.echo(f"{path}: " + (", ".join(number.text for number in found) or "no score display"))
    if failed:
        raise typer.Exit(1)


def _display(number: Number) -> dict[str, object]:
    from game.reading import ScoreUnit  # noqa: PLC0415

    percent = number.unit is ScoreUnit.PERCENT
    return {
        "value": number.value / 100 if percent else number.value,
        "text": number.text,
        "box": list(number.line.box().rounded()),
        "confidence": round(number.confidence, 4),
    }
