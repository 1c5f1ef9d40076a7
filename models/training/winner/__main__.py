"""`python -m models.training.winner`: train the predictor and write its bundle."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from models.simulate import simfiles
from models.simulate.steps import steps_of

if TYPE_CHECKING:
    from models.simulate.steps import Steps


def main() -> int:
    """Run the training; see --help."""
    parser = argparse.ArgumentParser(prog="python -m models.training.winner", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="bundle to write, *.kubeddr")
    parser.add_argument("--version", default="0.0.1", help="version of the bundle")
    parser.add_argument("--seed", type=int, help="the same seed and charts give the same bytes")
    parser.add_argument("--matches", type=int, help="simulated matches to learn from")
    parser.add_argument("--charts", type=Path, help="folder of .sm and .ssc files to dance besides generated charts")
    parser.add_argument("--card", type=Path, help="folder for the model card and its plots")
    parser.add_argument("--tracking", default="mlruns", help="MLflow: a folder or the address of a server")
    parser.add_argument("--smoke", action="store_true", help="a minute's worth, to see that everything runs")
    asked = parser.parse_args()

    from models.training.winner.card import write_card  # noqa: PLC0415 - --help needs no TensorFlow
    from models.training.winner.record import record  # noqa: PLC0415
    from models.training.winner.train import SMOKE, Size, train  # noqa: PLC0415

    size = SMOKE if asked.smoke else Size()
    if asked.seed is not None:
        size = replace(size, plan=replace(size.plan, seed=asked.seed))
    if asked.matches is not None:
        size = replace(size, matches=asked.matches)
    try:
        songs = _songs(asked.charts)
        with _Screen() as screen:
            trained = train(asked.out, size, asked.version, screen.told, songs)
            files = write_card(asked.card, trained, size) if asked.card else []
            kept = record(trained, size, asked.tracking, [asked.out, *files])
    except (OSError, simfiles.SimfileError) as error:
        print(error, file=sys.stderr)
        return 1
    figures = {k: v for k, v in trained.bundle.manifest.settings.items() if k != "features"}
    print(json.dumps({"bundle": str(asked.out), "digest": trained.bundle.digest, "tracking": kept, **figures}))
    return 0


def _songs(place: Path | None) -> list[Steps]:
    if place is None:
        return []
    songs = [steps_of(chart) for path in simfiles.find(place) for chart in simfiles.charts(path)]
    if not songs:
        raise simfiles.SimfileError(f"no .sm or .ssc file with a chart for one player in {place}")
    return songs


class _Screen:
    """A bar for each stage, on standard error."""

    def __init__(self) -> None:
        words = TextColumn("{task.description:18}"), BarColumn(), TextColumn("{task.fields[word]}"), TimeElapsedColumn()
        self._bars = Progress(*words, console=Console(stderr=True))
        self._stages: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def told(self, stage: str, done: int, total: int, word: str) -> None:
        """Move the stage's bar."""
        if stage not in self._stages:
            self._stages[stage] = self._bars.add_task(stage, total=total, word="")
        self._bars.update(self._stages[stage], completed=done, word=word)


if __name__ == "__main__":
    raise SystemExit(main())
