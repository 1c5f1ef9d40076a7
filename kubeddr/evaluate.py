"""`kubeddr evaluate`: the predictor beside every baseline, as a table, a plot and lines for programs."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kubeddr.train import APART, run_apart

if TYPE_CHECKING:
    from models.metrics import Figure
    from models.training.winner.evaluate import Measured
    from models.winner import TrainedWinner

SHOWN = ("log_loss", "brier", "skill", "ece", "slope", "auc", "accuracy", "precision", "recall", "f1")
WIDE = 168  # columns that a table needs


def evaluate(  # noqa: PLR0913, PLR0917 - each is an option of the command line
    bundle: Annotated[Path | None, typer.Option(help="Bundle of a predictor; by default the built-in one.")] = None,
    matches: Annotated[int, typer.Option(min=20, help="Simulated matches to judge by.")] = 4_000,
    learn: Annotated[int, typer.Option(min=100, help="Simulated matches that baselines learn from.")] = 12_000,
    recordings: Annotated[Path | None, typer.Option(help="Folder of recorded games with truth (*.jsonl).")] = None,
    seed: Annotated[int, typer.Option(help="Of the simulation.")] = 101,
    plot: Annotated[Path | None, typer.Option(help="PNG to draw calibration and log losses into.")] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON line a figure, for programs.")] = False,
) -> None:
    """Measure the predictor of the winner beside every baseline."""
    if importlib.util.find_spec("sklearn") is None and APART.exists():
        asked = [f"--matches={matches}", f"--learn={learn}", f"--seed={seed}", *(["--json"] if as_json else [])]
        named = (("bundle", bundle), ("recordings", recordings), ("plot", plot))
        asked += [f"--{name}={path.resolve()}" for name, path in named if path]
        run_apart(["-m", "kubeddr", "evaluate", *asked], "sklearn")
    if recordings is not None and not any(recordings.glob("*.jsonl")):
        typer.echo(f"no recordings (*.jsonl) in {recordings}", err=True)
        raise typer.Exit(1)
    predictor = _predictor(bundle)

    from kubeddr.bars import Bars  # noqa: PLC0415 - the rooms are heavy, --help is not
    from models.training.winner.evaluate import learned, on_recordings, on_simulated  # noqa: PLC0415

    with Bars() as bars:
        others = learned(learn, seed, bars.told)
        measured = {"simulated": on_simulated(predictor, others, matches, seed, bars.told)}
        files = sorted(recordings.glob("*.jsonl")) if recordings else []
        if files and (real := on_recordings(predictor, others, files, bars.told)):
            measured["recorded"] = real
    for name, contender in others.items():
        if contender is None:
            typer.echo(f"left out: {name} (it needs what `make train-winner` installs)", err=True)
    if plot:
        _draw(plot, measured["simulated"])
    for on, each in measured.items():
        (_lines if as_json else _tables)(on, each)


def _predictor(bundle: Path | None) -> TrainedWinner:
    from models.bundle import BundleError, builtin, open_bundle  # noqa: PLC0415
    from models.winner import TrainedWinner  # noqa: PLC0415

    try:
        return TrainedWinner.of(open_bundle(bundle) if bundle else builtin("winner"))
    except BundleError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


def _draw(path: Path, measured: Measured) -> None:
    if importlib.util.find_spec("matplotlib") is None:
        typer.echo("no plot: it needs what `make train-winner` installs", err=True)
        return
    from models.training.winner.evaluate import OWN  # noqa: PLC0415
    from models.training.winner.plots import draw  # noqa: PLC0415

    draw(path, measured.data, measured.said[OWN], measured.rows)


def _lines(on: str, measured: Measured) -> None:
    def line(**values: Any) -> None:
        typer.echo(json.dumps({"on": on, **values}))

    line(figure="matches", value=_matches(measured))
    for row in measured.rows:
        common = {"predictor": row.name, "at": row.mark}
        for name, value in row.figures.items():
            line(**common, figure=name, **(_figure(row.spread[name]) if name in row.spread else {"value": value}))
        if row.beats:
            line(**common, figure="less_the_best_baseline", **_figure(row.beats))
    own = next(row.name for row in measured.rows if row.beats)
    for name, figure in measured.changes.items():
        line(predictor=own, at=name, figure="mean_change", **_figure(figure))
    for name, figure in measured.quarters.items():
        line(predictor=own, at=name, figure="ece_evenly", **_figure(figure))


def _matches(measured: Measured) -> int:
    return len(set(measured.data.match.tolist()))


def _figure(figure: Figure) -> dict[str, float]:
    return {"value": figure.value, "low": figure.low, "high": figure.high}


def _spread(figure: Figure) -> str:
    return f"{figure.value:+.4f} ({figure.low:+.4f} to {figure.high:+.4f})"


def _tables(on: str, measured: Measured) -> None:
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    console = Console(width=max(Console().width, WIDE))
    matches = f"{_matches(measured)} {on} matches" + (", left out of training" if on == "simulated" else "")
    for mark in dict.fromkeys(row.mark for row in measured.rows):
        at = mark if isinstance(mark, str) else f"{mark:.0%} of the budget"
        table = Table(title=f"{matches}: {at}", title_justify="left")
        for head in ("predictor", *(name.replace("_", " ") for name in SHOWN)):
            table.add_column(head, justify="left" if head == "predictor" else "right", no_wrap=True)
        for row in (row for row in measured.rows if row.mark == mark):
            table.add_row(row.name, *(f"{row.figures[name]:.3f}" for name in SHOWN))
            if row.beats:
                edges = (row.spread[name] for name in SHOWN)
                table.add_row("  95 %", *(f"{edge.low:.2f}..{edge.high:.2f}" for edge in edges), style="dim")
        console.print(table)
        beats = next(row.beats for row in measured.rows if row.mark == mark and row.beats)
        console.print(f"log loss less the best baseline's: {_spread(beats)}\n")
    for name, change in measured.changes.items():
        console.print(f"mean change of p from {name}: {_spread(change)}")
    for name, error in measured.quarters.items():
        console.print(f"calibration error over the budget, {name}: {error.value:.4f}")
