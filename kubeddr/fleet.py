"""`kubeddr devices` and `kubeddr matches`: what the control plane knows, in a terminal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kubeddr.client import DEFAULT_URL, AsJson, Url, answer, api, fail, get, short_time, show_json

if TYPE_CHECKING:
    from collections.abc import Sequence

devices = typer.Typer(name="devices", help="The devices that have reported.", no_args_is_help=True)
matches = typer.Typer(name="matches", help="The matches that were seen.", no_args_is_help=True)

Limit = Annotated[int, typer.Option(min=1, max=500, help="How many at most.")]


@devices.command("list")
def list_devices(  # noqa: PLR0913 - one for each filter
    *,
    url: Url = DEFAULT_URL,
    q: Annotated[str | None, typer.Option(help="Part of the id, name, site or note.")] = None,
    site: Annotated[str | None, typer.Option(help="Only those that stand there.")] = None,
    tag: Annotated[str | None, typer.Option(help="Only those with this tag.")] = None,
    status: Annotated[str | None, typer.Option(help="online, degraded, silent or offline.")] = None,
    limit: Limit = 100,
    as_json: AsJson = False,
) -> None:
    """Show devices and whether they are there."""
    page = get(url, "/api/v1/devices", limit=limit, q=q, site=site, tag=tag, status=status)
    if as_json:
        show_json(page)
        return
    columns = ("device", "name", "is", "since", "models")
    rows = [
        (each["id"], each["name"], each["status"], short_time(each["since"]), _models(each)) for each in page["items"]
    ]
    table(columns, rows, "No device has reported yet: start one with `kubeddr agent`.", page["total"])


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
        ("is", f"{found['status']} since {short_time(found['since'])}  {'; '.join(found['reasons'])}".rstrip()),
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
    table(columns, rows, "No match has been seen yet.", page["total"])


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


def table(columns: tuple[str, ...], rows: Sequence[tuple[str, ...]], empty: str, total: int) -> None:
    """Print rows under their names, or `empty`; `total` is how many there are in all."""
    if not rows:
        typer.echo(empty)
        return
    widths = [max(len(row[i]) for row in (columns, *rows)) for i in range(len(columns))]
    for row in (columns, *rows):
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    if total > len(rows):
        typer.echo(f"... and {total - len(rows)} more; --limit shows them.")


@devices.command("set")
def set_device(  # noqa: PLR0913 - one for each setting
    device: str,
    *,
    name: Annotated[str | None, typer.Option(help="What people call it.")] = None,
    source: Annotated[str | None, typer.Option(help="What it watches.")] = None,
    players: Annotated[str | None, typer.Option(help="What its page calls the players: ONE,TWO.")] = None,
    page: Annotated[str | None, typer.Option(help="full, or scores for a page without predictions.")] = None,
    rate: Annotated[float | None, typer.Option(help="Pictures handled in a second at most.")] = None,
    reset: Annotated[bool, typer.Option("--reset", help="Begin from what the device was started with.")] = False,
    url: Url = DEFAULT_URL,
) -> None:
    """Set a device up from afar; it goes on running. `devices settings` shows what became of it."""
    now = get(url, f"/api/v1/devices/{device}/settings")
    given = {
        "name": name,
        "source": source,
        "players": players.split(",") if players else None,
        "page": page,
        "rate": rate,
    }
    values = ({} if reset else now["wanted"]) | {key: value for key, value in given.items() if value is not None}
    with api(url) as client:
        body = {"values": values, "version": now["version"]}
        made = answer(client.put(f"/api/v1/devices/{device}/settings", json=body))
    typer.echo(f"{device} is asked to be set so (version {made['version']} of what is wanted of it).")


@devices.command("settings")
def show_settings(device: str, *, url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """Show what a device is set to, and what became of the last change."""
    found = get(url, f"/api/v1/devices/{device}/settings")
    if as_json:
        show_json(found)
        return
    safe = " (safe mode)" if found["safe"] else ""
    typer.echo(f"{'outcome':<10}{found['outcome']}{safe} {found['reason']}".rstrip())
    for key, value in found["wanted"].items():
        typer.echo(f"{key:<10}wanted {value}, is {found['reported'][key]}")


@devices.command("label")
def label_device(
    device: str,
    *,
    site: Annotated[str | None, typer.Option(help="Where it stands.")] = None,
    tags: Annotated[str | None, typer.Option(help="What it is, such as left,floor=1.")] = None,
    note: Annotated[str | None, typer.Option(help="Anything else.")] = None,
    url: Url = DEFAULT_URL,
) -> None:
    """Say where a device stands and what it is."""
    words = None if tags is None else [tag for tag in tags.split(",") if tag]
    with api(url) as client:
        made = answer(client.patch(f"/api/v1/devices/{device}", json={"site": site, "tags": words, "note": note}))
    typer.echo(f"{device} stands at {made['site'] or '-'}, tagged {', '.join(made['tags']) or '-'}.")


@devices.command("identify")
def identify_device(device: str, *, url: Url = DEFAULT_URL) -> None:
    """Let the device's own page say which one it is."""
    with api(url) as client:
        answer(client.post(f"/api/v1/devices/{device}/identify"))
    typer.echo(f"{device} shows itself.")


@devices.command("diagnose")
def diagnose_device(
    device: str,
    *,
    out: Annotated[Path, typer.Option(help="Where to put the zip file.")] = Path("diagnostics.zip"),
    timeout: Annotated[float, typer.Option(min=1, help="Seconds to wait at most.")] = 60.0,
    url: Url = DEFAULT_URL,
) -> None:
    """Ask a device for what helps to find a fault, and fetch it."""
    import time  # noqa: PLC0415

    end = time.monotonic() + timeout
    with api(url) as client:
        asked = answer(client.post(f"/api/v1/devices/{device}/diagnostics"))
        while time.monotonic() < end:
            response = client.get(f"/api/v1/devices/{device}/diagnostics/{asked['id']}")
            if response.is_success:
                out.write_bytes(response.content)
                typer.echo(f"{out}: {len(response.content):,} bytes.")
                return
            time.sleep(0.5)
    fail(f"{device} has handed nothing in within {timeout:.0f} seconds. Is it online?")
