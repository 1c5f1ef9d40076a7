"""How `watch` shows itself to a person: a progress line on a terminal, and one line a match anywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from edge_agent.lines import shown
from edge_agent.watch import verdict
from game.match import MatchStarted
from game.reading import ScoreUnit

if TYPE_CHECKING:
    from types import TracebackType

    from edge_agent.pipeline import StepResult


class WatchScreen:
    """Writes to stderr, so that standard output is free for the lines."""

    def __init__(self, name: str) -> None:
        console = Console(stderr=True, highlight=False)
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.fields[scores]}", markup=False),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
            transient=True,
            refresh_per_second=5,
        )
        self._console = console
        self._task = self._progress.add_task(name, total=None, scores="")
        self._matches = 0
        self._began = 0.0

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _value: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def progress(self, t: float, total: float | None) -> None:
        """Move the bar."""
        self._progress.update(self._task, completed=t, total=total)

    def step(self, result: StepResult) -> None:
        """Print a finished match as one line."""
        for event in result.events:
            if isinstance(event, MatchStarted):
                self._matches += 1
                self._began = event.t
                continue
            line = verdict(event, lambda value: _text(value, result.state.unit))
            self.say(f"match {self._matches}   {line}   ({self._began:.1f} to {event.t:.1f} s)")

    def say(self, sentence: str) -> None:
        """Print a sentence above the bar."""
        self._console.print(sentence, markup=False, soft_wrap=True)


def _text(value: int | None, unit: ScoreUnit) -> str:
    if value is None:
        return "?"
    return f"{shown(value, unit):,}" if unit is ScoreUnit.POINTS else f"{value / 100:.2f} %"
