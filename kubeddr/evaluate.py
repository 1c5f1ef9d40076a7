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


def evaluate(  # noqa: PLR0913, PLR0917 - each is an option of the command line
    bundle: Annotated[Path | None, typer.Option(help="Bundle of a predictor; by default the built-in one.")] = None,
    matches: Annotated[int, typer.Option(min=20, help="Simulated matches to judge by.")] = 4_000,
    learn: Annotated[int, typer.Option(min=100, help="Simulated matches that baselines learn from.")] = 12_000,
    recordings: Annotated[Path | None, typer.Option(help="Folder of recorded games with truth (*.jsonl).")] = None,
    seed: Annotated[int, typer.Option(help="Of the simulation.")] = 101,
    plot: Annotated[Path | None, typer.Option(help="PNG to draw the log losses into.")] = None,
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
    from models.training.winner.evaluate import on_recordings, on_simulated  # noqa: PLC0415

    with Bars() as bars:
        measured = on_simulated(predictor, learn, matches, seed, bars.told)
        real = on_recordings(predictor, sorted(recordings.glob("*.jsonl")), bars.told) if recordings else {}
    for name in measured.missing:
        typer.echo(f"left out: {name} (it needs what `make train-winner` installs)", err=True)
    if plot:
        _draw(plot, measured)
    (_lines if as_json else _tables)(measured, real)


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
    from models.training.winner.plots import loss_plot  # noqa: PLC0415

    loss_plot(path, measured.rows)


def _lines(measured: Measured, real: dict[str, dict[str, float]]) -> None:
    def line(**values: Any) -> None:
        typer.echo(json.dumps(values))

    for row in measured.rows:
        common = {"on": "simulated", "predictor": row.name, "at": row.mark}
        for name, value in row.figures.items():
            spread = {"low": row.low, "high": row.high} if name == "log_loss" else {}
            line(**common, figure=name, value=value, **spread)
        if row.beats:
            line(**common, figure="less_the_best_baseline", **_figure(row.beats))
    for name, change in measured.changes.items():
        line(on="simulated", predictor="7 kubeddr", at=name, figure="mean_change", **_figure(change))
    for name, marks in real.items():
        for mark, value in marks.items():
            if name == "matches":
                line(on="recordings", figure="matches", value=value)
            else:
                line(on="recordings", predictor=name, at=float(mark.rstrip("%")) / 100, figure="log_loss", value=value)


def _figure(figure: Figure) -> dict[str, float]:
    return {"value": figure.value, "low": figure.low, "high": figure.high}


def _spread(figure: Figure) -> str:
    return f"{figure.value:+.4f} ({figure.low:+.4f} to {figure.high:+.4f})"


def _tables(measured: Measured, real: dict[str, dict[str, float]]) -> None:
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    console = Console()
    for mark in dict.fromkeys(row.mark for row in measured.rows):
        at = mark if isinstance(mark, str) else f"{mark:.0%} of the budget"
        table = Table(title=f"simulated, left out of training: {at}", title_justify="left")
        for head in ("predictor", *(name.replace("_", " ") for name in SHOWN), "log loss, 95 %"):
            table.add_column(head, justify="left" if head == "predictor" else "right")
        for row in measured.rows:
            if row.mark == mark:
                cells = (f"{row.figures[name]:.4f}" for name in SHOWN)
                table.add_row(row.name, *cells, f"{row.low:.4f} to {row.high:.4f}")
        console.print(table)
        beats = next(row.beats for row in measured.rows if row.mark == mark and row.beats)
        console.print(
            f"log loss less the best baseline's: {beats.value:+.4f} ({beats.low:+.4f} to {beats.high:+.4f})\n"
        )
    for name, change in measured.changes.items():
        console.print(f"mean change of p from {name}: {change.value:+.4f} ({change.low:+.4f} to {change.high:+.4f})")
    if real:
        marks = list(next(iter(real.values())))
        table = Table(title=f"log loss on {real.pop('matches')['']:.0f} recorded matches", title_justify="left")
        for head in ("predictor", *marks):
            table.add_column(head)
        for name, each in real.items():
            table.add_row(name, *(f"{each[mark]:.4f}" for mark in marks if mark in each))
        console.print(table)
