"""`kubeddr devices waiting|accept|refuse|token|approve|certificates|revoke`: who may be a device."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from kubeddr.client import DEFAULT_URL, AsJson, Url, answer, api, fail, get, short_time, show_json

if TYPE_CHECKING:
    import httpx

Code = Annotated[str, typer.Argument(help="What the device's own page shows, such as ABCD-EFGH-JKLM.")]
Rename = Annotated[str | None, typer.Option("--as", help="Call it so instead of what it would like.")]


def enrolment_verbs(devices: typer.Typer) -> None:
    """Add them to the group `devices`."""
    for name, verb in (
        ("waiting", waiting),
        ("accept", accept),
        ("refuse", refuse),
        ("token", token),
        ("approve", approve),
        ("certificates", certificates),
        ("revoke", revoke),
    ):
        devices.command(name)(verb)


def waiting(*, url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """Show the devices that wait to be let in."""
    page = get(url, "/api/v1/enrolments", state="pending", limit=500)
    if as_json:
        show_json(page)
        return
    if not page["items"]:
        typer.echo("No device waits.")
    for each in page["items"]:
        serial = f"serial {each['serial']}" if each["serial"] else ""
        typer.echo(f"{each['code']}  {each['device']:<24}since {short_time(each['requested'])}  {serial}".rstrip())


def accept(
    code: Code,
    *,
    rename: Rename = None,
    replace: Annotated[bool, typer.Option("--replace", help="It has this name already, and was wiped.")] = False,
    url: Url = DEFAULT_URL,
) -> None:
    """Let a device in. Compare the code with what its own page shows: only then is it the one you mean."""
    with api(url) as client:
        made = answer(client.post(f"/api/v1/enrolments/{code}/accept", json={"device": rename, "replace": replace}))
    typer.echo(f"{made['device']} is let in.")


def refuse(code: Code, *, reason: Annotated[str, typer.Option(help="Why.")] = "", url: Url = DEFAULT_URL) -> None:
    """Do not let a device in."""
    with api(url) as client:
        made = answer(client.post(f"/api/v1/enrolments/{code}/refuse", json={"reason": reason}))
    typer.echo(f"{made['device']} is refused.")


def token(
    *,
    device: Annotated[
        str | None, typer.Option(help="Only for a device of this name, which may be one that was wiped.")
    ] = None,
    hours: Annotated[float, typer.Option(help="How long it counts.")] = 24,
    url: Url = DEFAULT_URL,
) -> None:
    """Make a token that lets one device in, once: `kubeddr agent --token TOKEN`."""
    with api(url) as client:
        made = answer(client.post("/api/v1/approvals/tokens", json={"device": device, "hours": hours}))
    typer.echo(made["secret"])


def approve(
    serials: Annotated[list[str], typer.Argument(help="Serials of the hardware, or SERIAL=NAME.")],
    *,
    url: Url = DEFAULT_URL,
) -> None:
    """Let hardware in before it asks, each serial once."""
    with api(url) as client:
        for each in serials:
            serial, _, name = each.partition("=")
            done(client.post("/api/v1/approvals/serials", json={"serial": serial, "device": name or None}))
            typer.echo(f"{serial} will be let in{f' as {name}' if name else ''}.")


def certificates(
    device: Annotated[str | None, typer.Argument(help="Only of this device.")] = None,
    *,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Show the certificates that devices were given, newest first."""
    page = get(url, "/api/v1/certificates", device=device, limit=500)
    if as_json:
        show_json(page)
        return
    for each in page["items"]:
        typer.echo(f"{each['device']:<24}{each['serial'][:12]}  {_state(each)}")


def revoke(
    device: Annotated[str, typer.Argument(help="The device.")],
    *,
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    url: Url = DEFAULT_URL,
) -> None:
    """Shut a device out: its certificates count no more. It may ask to be let in again."""
    with api(url) as client:
        made = answer(client.post(f"/api/v1/devices/{device}/revoke", json={"reason": reason}))
    typer.echo(f"{device} is shut out; {made['certificates']} certificates count no more.")


def done(response: httpx.Response) -> None:
    """Nothing is answered when all is well; anything else ends the command."""
    if response.is_error:
        answer(response)
    if response.is_redirect:
        fail(f"{response.url} does not answer as a control plane would.")


def _state(each: dict[str, Any]) -> str:
    if each["revoked"]:
        return f"taken back {short_time(each['revoked'])} {each['reason']}".rstrip()
    return f"counts until {short_time(each['expires'])}"
