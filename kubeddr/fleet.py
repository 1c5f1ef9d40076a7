"""`kubeddr devices`: what the control plane knows of them, in a terminal."""

from __future__ import annotations

import io
import os
from contextlib import redirect_stderr
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kubeddr.client import DEFAULT_URL, AsJson, Url, answer, api, fail, get, short_time, show_json, some

if TYPE_CHECKING:
    from collections.abc import Sequence

devices = typer.Typer(name="devices", help="The devices that have reported.", no_args_is_help=True)

Limit = Annotated[int, typer.Option(min=1, max=100_000, help="How many at most.")]


class Status(StrEnum):
    """How a device stands."""

    ONLINE = "online"
    DEGRADED = "degraded"
    SILENT = "silent"
    OFFLINE = "offline"


def known(incomplete: str) -> list[str]:
    """Devices whose ids begin so, for the shell's completion; none where no control plane answers at KUBEDDR_URL."""
    try:
        with redirect_stderr(io.StringIO()):  # where a shell completes a word nobody wants to read a sentence
            found = get(os.environ.get("KUBEDDR_URL", DEFAULT_URL), "/api/v1/devices", q=incomplete or None, limit=200)
    except typer.Exit:
        return []
    return [each["id"] for each in found["items"] if each["id"].startswith(incomplete)]


Id = Annotated[str, typer.Argument(help="The device's id.", autocompletion=known)]


@devices.command("list")
def list_devices(  # noqa: PLR0913 - one for each filter
    *,
    url: Url = DEFAULT_URL,
    q: Annotated[str | None, typer.Option(help="Part of the id, name, site or note.")] = None,
    site: Annotated[str | None, typer.Option(help="Only those that stand there.")] = None,
    tag: Annotated[str | None, typer.Option(help="Only those with this tag.")] = None,
    status: Annotated[Status | None, typer.Option(help="Only those that stand so.")] = None,
    limit: Limit = 100,
    as_json: AsJson = False,
) -> None:
    """Show devices and whether they are there."""
    page = some(url, "/api/v1/devices", limit, q=q, site=site, tag=tag, status=status)
    if as_json:
        show_json(page)
        return
    columns = ("device", "name", "site", "is", "since", "models", "why")
    rows = [
        (
            each["id"],
            each["name"],
            each["site"] or "-",
            each["status"],
            short_time(each["since"]),
            _models(each) or "-",
            "; ".join(each["reasons"]),
        )
        for each in page["items"]
    ]
    sought = any((q, site, tag, status))
    empty = "No device is like that." if sought else "No device has reported yet: start one with `kubeddr agent`."
    table(columns, rows, empty, page["total"])


@devices.command("sites")
def list_sites(*, url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """Show where devices stand, and how many of them are what."""
    found = get(url, "/api/v1/sites")
    if as_json:
        show_json(found)
        return
    columns = ("site", "devices", "online", "degraded", "silent", "offline")
    rows = [(each["site"] or "-", *(f"{each[name]:,}" for name in columns[1:])) for each in found["items"]]
    table(columns, rows, "No device has reported yet: start one with `kubeddr agent`.", len(rows))


@devices.command("show")
def show_device(device: Id, *, url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
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
def show_settings(device: Id, *, url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
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
    device: Id,
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
def identify_device(device: Id, *, url: Url = DEFAULT_URL) -> None:
    """Let the device's own page say which one it is."""
    with api(url) as client:
        answer(client.post(f"/api/v1/devices/{device}/identify"))
    typer.echo(f"{device} shows itself.")


@devices.command("diagnose")
def diagnose_device(
    device: Id,
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
