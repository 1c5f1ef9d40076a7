"""`kubeddr matches`: what was played, in a terminal."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - typer reads the annotation
from enum import StrEnum
from typing import Annotated, Any

import typer

from kubeddr.client import DEFAULT_URL, AsJson, Url, get, short_time, show_json, some
from kubeddr.fleet import Limit, known, table

matches = typer.Typer(name="matches", help="The matches that were seen.", no_args_is_help=True)

BARS = "▁▂▃▄▅▆▇█"
WIDE = 60  # characters of a course


class State(StrEnum):
    """How far a match is."""

    RUNNING = "running"
    FINISHED = "finished"
    INTERRUPTED = "interrupted"


@matches.command("list")
def list_matches(  # noqa: PLR0913 - one for each filter
    *,
    url: Url = DEFAULT_URL,
    device: Annotated[str | None, typer.Option(help="Only those of this device.", autocompletion=known)] = None,
    q: Annotated[str | None, typer.Option(help="Part of the device's id or name.")] = None,
    state: Annotated[State | None, typer.Option(help="Only those that are so far.")] = None,
    since: Annotated[datetime | None, typer.Option(help="Only those that something was heard of since.")] = None,
    until: Annotated[datetime | None, typer.Option(help="Only those that nothing was heard of from then on.")] = None,
    limit: Limit = 20,
    as_json: AsJson = False,
) -> None:
    """Show matches, newest first."""
    bounds = {"since": _aware(since), "until": _aware(until)}
    page = some(url, "/api/v1/matches", limit, device=device, q=q, state=state, **bounds)
    if as_json:
        show_json(page)
        return
    columns = ("match", "device", "started", "is", "player 1", "player 2", "winner")
    rows = [
        (
            each["id"],
            each["device"],
            short_time(each["started"]),
            each["state"],
            score(each["p1"], each["unit"]),
            score(each["p2"], each["unit"]),
            winner(each),
        )
        for each in page["items"]
    ]
    sought = any((device, q, state, since, until))
    table(columns, rows, "No match is like that." if sought else "No match has been seen yet.", page["total"])


@matches.command("show")
def show_match(match: str, *, url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """Show one match."""
    body = get(url, f"/api/v1/matches/{match}")
    if as_json:
        show_json(body)
        return
    found, samples = body["match"], body["samples"]
    late = " (some of it arrived after the fact)" if found["historical"] else ""
    said = found["prediction"]
    lines = [
        ("match", found["id"]),
        ("device", f"{found['device']}  ({found['device_name']})"),
        ("is", found["state"] + late),
        ("started", short_time(found["started"])),
        ("finished", short_time(found["finished"])),
        ("player 1", score(found["p1"], found["unit"])),
        ("player 2", score(found["p2"], found["unit"])),
        ("winner", winner(found)),
        ("predicted", f"player 1 wins with {said['p1_win']:.0%}, by {said['model'] or '?'}" if said else "-"),
        ("samples", str(len(samples))),
        ("course", course([each["p1_win"] for each in samples if each["p1_win"] is not None])),
    ]
    for name, value in lines:
        typer.echo(f"{name:<10}{value}")


def score(value: int | None, unit: str) -> str:
    """A score as the screen would show it."""
    if value is None:
        return "?"
    return f"{value / 100:.2f}%" if unit == "percent" else f"{value:,}"


def winner(match: dict[str, Any]) -> str:
    """Who won, in words."""
    names = {0: "tie", 1: "player 1", 2: "player 2"}
    return names.get(match["winner"], "?") if match["state"] == "finished" else "-"


def course(chances: list[float]) -> str:
    """The chance of player 1 over the song, a full bar where it was certain.

    >>> course([0.5, 0.0, 1.0])
    '▅▁█'
    """
    count = min(WIDE, len(chances))
    shown = [chances[n * len(chances) // count] for n in range(count)]
    return "".join(BARS[min(len(BARS) - 1, int(chance * len(BARS)))] for chance in shown) or "-"


def _aware(time: datetime | None) -> str | None:
    """A time as somebody typed it, which is the time here."""
    return None if time is None else time.astimezone().isoformat()
