"""`kubeddr predict`: the predictor alone, from reading events to prediction events."""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

if TYPE_CHECKING:
    from models.live import Said
    from models.predictor import Predictor

STANDARD = "-"
NAMED_FAULTS = 5  # faulty lines that are named; the rest are only counted


def predict(
    readings: Annotated[str, typer.Argument(help="Reading events, one JSON object a line; - for standard input.")],
    jsonl: Annotated[str, typer.Option(help="Where prediction events go; - for standard output.")] = STANDARD,
) -> None:
    """Say who will win, from reading events as `kubeddr watch` writes them."""
    if STANDARD not in (readings, jsonl) and Path(readings).resolve() == Path(jsonl).resolve():
        _fail(f"{jsonl} is the file of readings itself; choose another file for the predictions")
    with ExitStack() as files:
        try:
            source = sys.stdin if readings == STANDARD else files.enter_context(_open(readings, "r"))
            sink = sys.stdout if jsonl == STANDARD else files.enter_context(_open(jsonl, "w"))
        except OSError as error:
            _fail(f"cannot open {error.filename}: {error.strerror}")
        try:
            seen, faults = _run(source, sink)
        except BrokenPipeError:  # whoever read the predictions has gone; there is nothing left to do
            sys.stderr.close()
            raise typer.Exit(0) from None
        except OSError as error:
            _fail(f"cannot go on: {error.strerror}")
    if faults:
        typer.echo(f"left out {faults} faulty line{'s' if faults > 1 else ''}", err=True)
    if not seen:
        typer.echo(f"no reading events in {readings}; `kubeddr watch SOURCE --jsonl FILE` writes them", err=True)
        raise typer.Exit(1 if faults else 0)


def _open(name: str, mode: str) -> TextIO:
    """A text file in which bytes that are no text spoil their own line and no other."""
    return open(name, mode, encoding="utf-8", errors="replace")  # type: ignore[return-value]  # noqa: PTH123


def _fail(reason: str) -> None:
    typer.echo(reason, err=True)
    raise typer.Exit(1)


def _run(source: TextIO, sink: TextIO) -> tuple[int, int]:
    """Turn readings into predictions; returns how many readings were seen, and how many lines were faulty."""
    from kubeddr.readings import FaultyLineError, Parser  # noqa: PLC0415 - keeps `kubeddr --help` quick
    from models.live import BEGIN, finish, step  # noqa: PLC0415
    from models.predictor import default  # noqa: PLC0415

    parser, predictor, live = Parser(), default(), BEGIN
    seen = faults = 0
    for number, line in enumerate(source, start=1):
        try:
            reading = parser.parse(line)
        except FaultyLineError as fault:
            faults += 1
            if faults <= NAMED_FAULTS:
                typer.echo(f"line {number}: {fault}", err=True)
            continue
        if reading is None:
            continue
        seen += 1
        stepped = step(live, reading, predictor)
        live = stepped.live
        _write(sink, stepped.said, predictor)
    if live.state.t is not None:
        _write(sink, finish(live, live.state.t, predictor).said, predictor)
    return seen, faults


def _write(sink: TextIO, said: tuple[Said, ...], predictor: Predictor) -> None:
    from edge_agent.lines import prediction_line  # noqa: PLC0415 - keeps `kubeddr --help` quick

    sink.writelines(json.dumps(prediction_line(one, predictor.name)) + "\n" for one in said)
    if said:
        sink.flush()
