"""What the demo shows in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.panel import Panel
from rich.style import Style
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rich.console import RenderableType

PERCENT = 100  # a percent score counts hundredths


def frame(rows: Iterable[tuple[str, str]], footer: str) -> Panel:
    """The addresses, framed."""
    table = Table.grid(padding=(0, 3))
    for name, url in rows:
        table.add_row(Text(name), Text(url, style=Style(link=url) if url.startswith("http") else ""))
    return Panel(table, title="kubeddr", subtitle=footer, expand=False, padding=(1, 2))


def score(value: int | None, unit: str) -> str:
    """A score as the screen of the game shows it; a dash when it is not known.

    >>> score(1234567, "points"), score(9876, "percent"), score(None, "points")
    ('1,234,567', '98.76 %', '-')
    """
    if value is None:
        return "-"
    return f"{value / PERCENT:.2f} %" if unit == "percent" else f"{value:,}"


def sentence(match: Mapping[str, Any] | None) -> str:
    """One line about the newest match of a cabinet, as the control plane tells of it; None when there was none yet."""
    if match is None:
        return "waiting for a match"
    scores = f"{score(match['p1'], match['unit'])} : {score(match['p2'], match['unit'])}"
    if match["state"] == "finished":
        result = {1: "player 1 won", 2: "player 2 won", 0: "a tie"}.get(match["winner"], "no winner known")
        return f"{scores}   finished, {result}"
    if match["state"] == "interrupted":
        return f"{scores}   interrupted"
    said = match["prediction"]
    if said is None:
        return f"{scores}   too early to say"
    decided = f"{said['progress']:.0%} decided"
    if said["p1_win"] == 0.5:  # noqa: PLR2004 - the one fair coin
        return f"{scores}   even, {decided}"
    # Said of the player who is ahead in it, so that the number and its range are never below a half by habit.
    leader, p, low, high = 1, said["p1_win"], said["low"], said["high"]
    if p < 0.5:  # noqa: PLR2004 - again
        leader, p, low, high = 2, 1 - p, 1 - high, 1 - low
    return f"{scores}   player {leader} wins with {p:.0%} ({low:.0%} to {high:.0%}), {decided}"


def status(names: Mapping[str, str], matches: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """A sentence for each cabinet.

    Args:
        names: what people call each device, by id.
        matches: of all devices, newest first.
    """
    return {
        name: sentence(next((match for match in matches if match["device"] == device), None))
        for device, name in names.items()
    }


def table(lines: Mapping[str, str]) -> RenderableType:
    """The sentences, one under the other."""
    grid = Table.grid(padding=(0, 2))
    for name, line in lines.items():
        grid.add_row(Text(name, style="bold"), Text(line))
    return grid
