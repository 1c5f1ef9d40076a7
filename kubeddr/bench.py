"""`kubeddr bench`: what this machine measures, beside the goals."""

from __future__ import annotations

import json
from enum import StrEnum
from itertools import chain
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.figure import Figure


class Benchmark(StrEnum):
    """What can be measured."""

    VISION = "vision"
    PREDICT = "predict"
    FLEET = "fleet"
    ROLLOUT = "rollout"
    PAD = "pad"


def bench(
    name: Annotated[Benchmark, typer.Argument(help="What to measure.")] = Benchmark.VISION,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a figure and line.")] = False,
) -> None:
    """Measure on this machine, and say whether the goals are reached. Takes a minute or two."""
    for figure in _figures(name):
        typer.echo(json.dumps(figure.line()) if as_json else _text(figure))


def _figures(name: Benchmark) -> Iterator[Figure]:
    match name:
        case Benchmark.VISION:
            from bench.vision import figures  # noqa: PLC0415 - the rooms are heavy, --help is not

            return figures()
        case Benchmark.PREDICT:
            from bench.predict import figures as of_predictions  # noqa: PLC0415 - the same

            return of_predictions()
        case Benchmark.FLEET:
            from bench.fleet import figures as of_a_fleet  # noqa: PLC0415 - the same

            return of_a_fleet()
        case Benchmark.ROLLOUT:
            from bench.rollout import figures as of_the_gate  # noqa: PLC0415 - the same
            from bench.rollout_fleet import figures as of_rollouts  # noqa: PLC0415 - the same

            return chain(of_the_gate(), of_rollouts())
        case Benchmark.PAD:
            from bench.pad import figures as of_pads  # noqa: PLC0415 - the same

            return of_pads()


def _text(figure: Figure) -> str:
    if figure.value is None:
        return f"      {figure.name}: not measured here"
    sign = {True: "ok", False: "MISS", None: ""}[figure.ok]
    parts = [f"{sign:5} {figure.name}: {figure.value:.4g} {figure.unit}"]
    if figure.goal is not None:
        parts.append(f"goal {figure.goal:.4g}")
    if figure.ratio is not None:
        parts.append(f"baseline {figure.baseline:.4g}, {figure.ratio:.3g} times as much")
    return ", ".join(parts)
