"""`kubeddr rollouts`: a better model to many devices, in steps that prove it."""

from __future__ import annotations

import time
from pathlib import Path  # noqa: TC003 - typer reads the annotation
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kubeddr.client import DEFAULT_URL, AsJson, Url, answer, api, fail, get, short_time, show_json
from kubeddr.fleet import table

if TYPE_CHECKING:
    from collections.abc import Mapping

rollouts = typer.Typer(name="rollouts", help="Better models, sent out in waves.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The rollout.")]
Reason = Annotated[str, typer.Option(help="Why, for those who ask later.")]
POLL = 1.0  # seconds
CODES = {"succeeded": 0, "aborted": 3, "inconclusive": 4}
ENDS = "Exit codes: 0 succeeded, 3 aborted, 4 inconclusive, 1 it could not be told."


@rollouts.command("apply", epilog=f"With --watch: {ENDS}")
def apply(
    file: Annotated[Path, typer.Argument(help="The file that describes it; docs/rollout.example.yaml is one.")],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what it would come to; begin nothing.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Stay until it has ended.")] = False,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Begin the rollout that FILE describes. The same file again changes nothing."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        fail(f"Cannot read {file}: {getattr(error, 'strerror', None) or 'it is no text'}.")
    with api(url) as client:
        if dry_run:
            seen = answer(client.post("/api/v1/rollouts/preview", json={"file": text}))
            show_json(seen) if as_json else typer.echo(_preview(seen))
            return
        response = client.post("/api/v1/rollouts", json={"file": text})
        found = answer(response)
    name, created = found["rollout"]["name"], response.status_code == 201  # noqa: PLR2004 - HTTP's "created"
    if as_json and not watch:
        show_json(found)
        return
    if not as_json:
        numbers = found["decisions"][0]["numbers"] if found["decisions"] else {}
        typer.echo(f"The rollout {name} {'is created' if created else 'is there already'}: {_size(found)}.")
        told = numbers.get("detectable")
        difference = "no difference" if told is None else f"a difference of {told:.3g}"
        typer.echo(f"Its canary can tell {difference} from the margin.")
    if watch:
        raise typer.Exit(_watch(url, name, as_json=as_json))


@rollouts.command("list")
def list_rollouts(
    *, url: Url = DEFAULT_URL, limit: Annotated[int, typer.Option(min=1, max=500)] = 50, as_json: AsJson = False
) -> None:
    """Show rollouts, newest first."""
    page = get(url, "/api/v1/rollouts", limit=limit)
    if as_json:
        show_json(page)
        return
    columns = ("rollout", "model", "instead of", "is", "since", "waits for")
    rows = [
        (each["name"], each["model"], each["champion"], as_stage(each), short_time(each["since"]), each["waits"])
        for each in page["items"]
    ]
    table(columns, rows, "There is no rollout yet: `kubeddr rollouts apply FILE` begins one.", page["total"])


@rollouts.command("show")
def show(
    name: Name,
    *,
    devices: Annotated[bool, typer.Option("--devices", help="Show how each device stands.")] = False,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Show one rollout and what was decided about it, with the numbers."""
    found = get(url, f"/api/v1/rollouts/{name}")
    stands = get(url, f"/api/v1/rollouts/{name}/devices", limit=500) if devices else None
    if as_json:
        show_json(found | ({"stands": stands["items"]} if stands else {}))
        return
    rollout = found["rollout"]
    lines = [
        ("rollout", f"{rollout['name']}: {rollout['model']} instead of {rollout['champion']}"),
        ("is", f"{as_stage(rollout)} since {short_time(rollout['since'])}"),
        ("goes to", _size(found)),
        ("asked", ", ".join(f"{count} {want}" for want, count in found["wanted"].items())),
        ("waits", rollout["waits"] or "-"),
        ("gate", as_judged(rollout["judged"])),
    ]
    for label, value in lines:
        typer.echo(f"{label:<10}{value}")
    typer.echo("")
    for each in found["decisions"]:
        typer.echo(as_line(each))
    if stands:
        typer.echo("")
        columns = ("device", "canary", "asked for", "is", "matches", "worse by", "why")
        table(columns, [_device(each) for each in stands["items"]], "", stands["total"])


@rollouts.command("watch", epilog=ENDS)
def watch(name: Name, *, url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """Tell each decision as it falls, until the rollout has ended."""
    raise typer.Exit(_watch(url, name, as_json=as_json))


@rollouts.command("pause")
def pause(name: Name, *, reason: Reason = "", url: Url = DEFAULT_URL) -> None:
    """Let it take no further step forward. It may still go back by itself."""
    _say(url, name, "pause", reason)


@rollouts.command("resume")
def resume(name: Name, *, reason: Reason = "", url: Url = DEFAULT_URL) -> None:
    """Let a paused rollout go on."""
    _say(url, name, "resume", reason)


@rollouts.command("abort")
def abort(name: Name, *, reason: Reason = "", url: Url = DEFAULT_URL) -> None:
    """Send every device that it has touched back to the champion."""
    _say(url, name, "abort", reason)


@rollouts.command("approve")
def approve(name: Name, *, reason: Reason = "", url: Url = DEFAULT_URL) -> None:
    """Let the step begin that waits for a person."""
    _say(url, name, "approve", reason)


def _say(url: str, name: str, word: str, reason: str) -> None:
    with api(url) as client:
        found = answer(client.post(f"/api/v1/rollouts/{name}/{word}", json={"reason": reason}))
    typer.echo(as_line(found["decisions"][-1]))


def _watch(url: str, name: str, *, as_json: bool) -> int:
    """Tell what happens; returns the exit code."""
    import json  # noqa: PLC0415 - only here

    from rich.console import Console  # noqa: PLC0415 - heavy, --help is not

    told, console = 0, Console(stderr=True)
    with console.status(f"watching {name}") as status:
        while True:
            found = get(url, f"/api/v1/rollouts/{name}")
            rollout = found["rollout"]
            for each in found["decisions"][told:]:
                typer.echo(json.dumps(each) if as_json else as_line(each))
            told = len(found["decisions"])
            if rollout["stage"] == "ended":
                return CODES.get(rollout["outcome"], 1)
            status.update(f"{as_stage(rollout)}: {rollout['waits']}  {as_judged(rollout['judged'])}")
            time.sleep(POLL)


def as_stage(rollout: Mapping[str, Any]) -> str:
    """How far it is, in a word or two."""
    if rollout["stage"] == "ended":
        return str(rollout["outcome"])
    stage = {"back": "going back", "waves": f"wave {rollout['wave']}"}.get(rollout["stage"], rollout["stage"])
    return f"{stage}, paused" if rollout["paused"] else str(stage)


def _size(found: Mapping[str, Any]) -> str:
    waves = ", ".join(str(wave) for wave in found["waves"])
    return f"{found['devices']} devices, a canary of {found['canary']}, then waves up to {waves}"


def _preview(seen: Mapping[str, Any]) -> str:
    told = "nothing" if seen["detectable"] is None else f"{seen['detectable']:.3g}"
    basis = "what earlier rollouts showed" if seen["measured"] else "what is usual"
    lines = [
        f"{seen['rollout']}: {seen['model']} instead of {seen['champion']}",
        _size(seen),
        f"The margin is {seen['margin']:g} of {seen['metric']}.",
        f"The difference from it that such a canary tells four times in five is {told}, by {basis}.",
    ]
    if not seen["enough"]:
        lines.append("That is more than the margin: a good model may end inconclusive. Take more devices or matches.")
    return "\n".join(lines)


def as_judged(judged: Mapping[str, Any] | None) -> str:
    """What the gate says, with its numbers."""
    if judged is None:
        return "-"
    if judged["mean"] is None:
        return str(judged["reason"])
    bounds = f"worse by {judged['mean']:+.4f} ({judged['low']:+.4f} to {judged['high']:+.4f})"
    return f"{judged['verdict']}: {bounds} in {judged['matches']} matches on {judged['devices']} devices"


def as_line(each: Mapping[str, Any]) -> str:
    """A decision in one line."""
    numbers = ", ".join(f"{name} {_short(value)}" for name, value in each["numbers"].items() if value is not None)
    by = "" if each["by"] == "the rollout" else f" by {each['by']}"
    words = "; ".join(part for part in (each["reason"], numbers) if part)
    return f"{short_time(each['time'])}  {each['action']}{by}" + (f": {words}" if words else "")


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _device(each: Mapping[str, Any]) -> tuple[str, ...]:
    mean = "-" if each["mean"] is None else f"{each['mean']:+.4f}"
    canary = "yes" if each["canary"] else ""
    return each["device"], canary, each["want"], each["standing"], str(each["matches"]), mean, each["reason"]
