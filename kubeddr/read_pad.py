"""`kubeddr read-pad`: dance pads, their panels and the feet on single pictures."""

from __future__ import annotations

import json
from pathlib import Path  # noqa: TC003 - the command line reads the annotation
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from vision.geometry import Box
    from vision.pad.reader import PadStill


def read_pad(
    images: Annotated[list[Path], typer.Argument(help="Picture files.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a picture and line.")] = False,
) -> None:
    """See the dance pads and feet on each of IMAGES, taken from above or behind the dancers."""
    from kubeddr.pictures import opened  # noqa: PLC0415 - the rooms are heavy, --help is not
    from models.bundle import builtin  # noqa: PLC0415
    from vision.pad.reader import read_still  # noqa: PLC0415

    network = builtin("pad").network("detector")
    failed = False
    for path in images:
        try:
            picture = opened(path)
        except ValueError as error:
            typer.echo(str(error), err=True)
            failed = True
            continue
        still = read_still(picture, network)
        if as_json:
            typer.echo(json.dumps({"file": str(path), **_told(still)}))
        else:
            typer.echo(f"{path}: {_text(still)}")
    if failed:
        raise typer.Exit(1)


def _told(still: PadStill) -> dict[str, object]:
    pads = [
        {
            "box": _box(pad.box),
            "panels": [
                {
                    "name": panel.name,
                    "box": _box(panel.box),
                    "pressed": panel.name in pressed,
                    "lit": panel.lit >= 0.5,  # noqa: PLR2004 - more likely than not
                    "confidence": round(panel.confidence, 4),
                }
                for panel in pad.panels
            ],
        }
        for pad, pressed in zip(still.pads, still.pressed, strict=True)
    ]
    feet = [{"box": _box(foot.box), "confidence": round(foot.confidence, 4)} for foot in still.feet]
    return {"pads": pads, "feet": feet}


def _box(box: Box) -> list[int]:
    return list(box.rounded())


def _text(still: PadStill) -> str:
    if not still.pads:
        return "no dance pad"
    told = []
    for pad, pressed in zip(still.pads, still.pressed, strict=True):
        on = ", ".join(sorted(pressed)) or "nothing"
        told.append(f"a pad with {len(pad.panels)} panels, pressed: {on}")
    return "; ".join(told)
