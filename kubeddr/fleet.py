"""`kubeddr devices` and `kubeddr matches`: what the control plane knows, in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from kubeddr.client import DEFAULT_URL, AsJson, Url, get, short_time, show_json

if TYPE_CHECKING:
    from collections.abc import Sequence

devices = typer.Typer(name="devices", help="The devices that have reported.", no_args_is_help=True)
matches = typer.Typer(name="matches", help="The matches that were seen.", no_args_is_help=True)

Limit = Annotated[int, typer.Option(min=1, max=500, help="How many at most.")]


@devices.command("list")
def list_devices(*, url: Url = DEFAULT_URL, limit: Limit = 100, as_json: AsJson = False) -> None:
    """Show every device and whether it is there."""
    page = get(url, "/api/v1/devices", limit=limit)
    if as_json:
        show_json(page)
        return
    columns = ("device", "name", "is", "since", "models")
    rows = [
        (each["id"], each["name"], each["presence"], short_time(each["since"]), _models(each)) for each in page["items"]
    ]
    _table(columns, rows, "No device has reported yet: start one with `kubeddr agent`.", page["total"])


@devices.command("show")
def show_device(device: str, *, url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """Show one device, what it runs and what is wanted of it."""
    found = get(url, f"/api/v1/devices/{device}")
    desired = get(url, f"/api/v1/devices/{device}/desired")
    if as_json:
        show_json(found | {"desired": desired})
        return
    lines = [
        ("device", f"{found['id']}  ({found['name']})"),
        ("is", f"{found['presence']} since {short_time(found['since'])}"),
        ("heard", short_time(found["heard"])),
        ("agent", found["agent_version"] or "-"),
        ("watches", found["source"] or "-"),
        ("its page", found["kiosk"] or "-"),
        ("runs", _models(found) or "-"),
    ]
    lines += [
        ("wanted", f"{wish['kind']} {wish['name']} {wish['version']}: {wish['outcome']} {wish['reason']}".rstrip())
        for wish in desired["models"]
    ]
    for name, value in lines:
        typer.echo(f"{name:<10}{value}")


@matches.command("list")
def list_matches(
    *,
    url: Url = DEFAULT_URL,
    device: Annotated[str | None, typer.Option(help="Only those of this device.")] = None,
    state: Annotated[str | None, typer.Option(help="running, finished or interrupted.")] = None,
    limit: Limit = 20,
    as_json: AsJson = False,
) -> None:
    """Show matches, newest first."""
    page = get(url, "/api/v1/matches", device=device, state=state, limit=limit)
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
    _table(columns, rows, "No match has been seen yet.", page["total"])


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


def _models(device: dict[str, Any]) -> str:
    return ", ".join(f"{model['name']} {model['version']}".strip() for model in device["models"])


def _table(columns: tuple[str, ...], rows: Sequence[tuple[str, ...]], empty: str, total: int) -> None:
    if not rows:
        typer.echo(empty)
        return
    widths = [max(len(row[i]) for row in (columns, *rows)) for i in range(len(columns))]
    for row in (columns, *rows):
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    if total > len(rows):
        typer.echo(f"... and {total - len(rows)} more; --limit shows them.")
