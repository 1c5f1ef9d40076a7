"""`kubeddr train`: make a model anew, in the training's own environment."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

train = typer.Typer(name="train", help="Make a model anew.", no_args_is_help=True)

ROOT = Path(__file__).resolve().parents[1]
APART = ROOT / ".venv-train" / "bin" / "python"  # where the Makefile puts what training needs


@train.callback()
def _group() -> None:
    """Make a model anew."""


@train.command()
def winner(  # noqa: PLR0913, PLR0917 - each is an option of the command line
    out: Annotated[Path, typer.Option(help="Bundle to write, *.kubeddr.")] = Path("winner.kubeddr"),
    version: Annotated[str, typer.Option(help="Version of the bundle.")] = "0.0.1",
    seed: Annotated[int | None, typer.Option(help="The same seed and charts give the same bytes.")] = None,
    matches: Annotated[int | None, typer.Option(help="Simulated matches to learn from.")] = None,
    charts: Annotated[Path | None, typer.Option(help="Folder of .sm and .ssc files to dance besides others.")] = None,
    card: Annotated[Path | None, typer.Option(help="Folder for the model card and its plots.")] = None,
    tracking: Annotated[str, typer.Option(help="MLflow: a folder, or a server's address.")] = "mlruns",
    *,
    smoke: Annotated[bool, typer.Option("--smoke", help="A minute's worth, to see that everything runs.")] = False,
) -> None:
    """Train the predictor of the winner on simulated matches, and write its bundle."""
    asked = [f"--out={out.resolve()}", f"--version={version}", f"--tracking={_place(tracking)}"]
    asked += [f"--{name}={value}" for name, value in (("seed", seed), ("matches", matches)) if value is not None]
    asked += [f"--{name}={path.resolve()}" for name, path in (("charts", charts), ("card", card)) if path]
    run_apart(["-m", "models.training.winner", *asked, *(["--smoke"] if smoke else [])], "tensorflow")


def run_apart(arguments: list[str], module: str) -> None:
    """Run Python with `arguments` where `module` is installed, and leave with its exit code.

    Here, when it is installed here; else in the training's environment beside the project; else say how to get it.
    """
    python = Path(sys.executable) if importlib.util.find_spec(module) else APART
    if not python.exists():
        typer.echo(f"{module} is not installed: `make train-winner` installs what training needs", err=True)
        raise typer.Exit(1)
    raise typer.Exit(subprocess.run([python, *arguments], cwd=ROOT, check=False).returncode)  # noqa: S603 - our own code


def _place(tracking: str) -> str:
    """A folder by its full path; an address as it is."""
    return tracking if "://" in tracking else str(Path(tracking).resolve())
