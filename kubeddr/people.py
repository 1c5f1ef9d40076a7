"""`kubeddr login`, `operators`, `tokens` and `audit`: who may do what at a control plane, and who did what."""

from __future__ import annotations

from typing import Annotated

import typer

from kubeddr.client import DEFAULT_URL, AsJson, Url, answer, api, fail, get, keep, short_time, show_json

operators = typer.Typer(name="operators", help="The people who may use the control plane.", no_args_is_help=True)
tokens = typer.Typer(name="tokens", help="The secrets that sign them in.", no_args_is_help=True)

Role = Annotated[str, typer.Argument(help="viewer, operator, releaser or admin.")]
Name = Annotated[str, typer.Argument(help="The operator's name.")]


def login(
    *,
    url: Url = DEFAULT_URL,
    token: Annotated[
        str, typer.Option(prompt=True, hide_input=True, envvar="KUBEDDR_TOKEN", help="Asked for when not given.")
    ],
) -> None:
    """Keep a token, so that the other verbs are signed in at this control plane."""
    with api(url) as client:
        me = answer(client.get("/api/v1/session", headers={"Authorization": f"Bearer {token}"}))
    typer.echo(f"Signed in at {url} as {me['operator']} ({me['role']}); kept in {keep(url, token)}.")


@operators.command("list")
def list_operators(*, url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """Show everybody."""
    page = get(url, "/api/v1/operators", limit=500)
    if as_json:
        show_json(page)
        return
    for each in page["items"]:
        state = "shut out" if each["disabled"] else each["role"]
        typer.echo(f"{each['name']:<24}{state:<12}since {short_time(each['created'])}")


@operators.command("add")
def add_operator(name: Name, role: Role, *, url: Url = DEFAULT_URL) -> None:
    """Let somebody in; `kubeddr tokens add` gives them a token."""
    with api(url) as client:
        made = answer(client.post("/api/v1/operators", json={"name": name, "role": role}))
    typer.echo(f"{made['name']} is {made['role']}.")


@operators.command("change")
def change_operator(
    name: Name,
    *,
    role: Annotated[str | None, typer.Option(help="The new role.")] = None,
    disable: Annotated[bool | None, typer.Option("--disable/--enable", help="Shut out, or let in again.")] = None,
    url: Url = DEFAULT_URL,
) -> None:
    """Change somebody's role, or shut them out: their tokens are gone at once."""
    if role is None and disable is None:
        fail("Nothing to change: give --role, --disable or --enable.")
    with api(url) as client:
        change = {"role": role, "disabled": disable}
        made = answer(client.patch(f"/api/v1/operators/{name}", json=change))
    typer.echo(f"{made['name']} is {'shut out' if made['disabled'] else made['role']}.")


@operators.command("link")
def sign_in_link(name: Name, *, url: Url = DEFAULT_URL) -> None:
    """Make a link that signs a browser in once, within a quarter of an hour."""
    with api(url) as client:
        made = answer(client.post(f"/api/v1/operators/{name}/sign-in-links"))
    typer.echo(f"{url.rstrip('/')}/sign-in#{made['secret']}")


@tokens.command("list")
def list_tokens(*, url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """Show tokens, newest first; never themselves."""
    page = get(url, "/api/v1/tokens", limit=500)
    if as_json:
        show_json(page)
        return
    for each in page["items"]:
        used = f"used {short_time(each['used'])}" if each["used"] else "never used"
        typer.echo(f"{each['id']}  {each['operator']:<20}{each['label']:<28}{used}, ends {short_time(each['expires'])}")


@tokens.command("add")
def add_token(
    name: Name,
    *,
    label: Annotated[str, typer.Option(help="What it is for.")] = "",
    days: Annotated[float | None, typer.Option(help="Days of life; without, it has no end.")] = None,
    url: Url = DEFAULT_URL,
) -> None:
    """Make a token and print it, this once."""
    with api(url) as client:
        made = answer(client.post(f"/api/v1/operators/{name}/tokens", json={"label": label, "days": days}))
    typer.echo(made["secret"])


@tokens.command("revoke")
def revoke_token(
    token: Annotated[str, typer.Argument(help="As `tokens list` names it.")], *, url: Url = DEFAULT_URL
) -> None:
    """Take a token back."""
    with api(url) as client:
        response = client.delete(f"/api/v1/tokens/{token}")
        if response.is_error:
            answer(response)
    typer.echo(f"{token} signs nobody in any more.")


def audit(
    *,
    operator: Annotated[str | None, typer.Option(help="Only what this one did.")] = None,
    target: Annotated[str | None, typer.Option(help="Only what was about this, such as a device.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500)] = 50,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Show what operators did and tried, newest first."""
    page = get(url, "/api/v1/audit", operator=operator, target=target, limit=limit)
    if as_json:
        show_json(page)
        return
    for each in page["items"]:
        what = f"{each['action']} {each['target']} {each['detail']}".rstrip()
        typer.echo(f"{short_time(each['time'])}  {each['operator']:<16}{each['status']}  {what}")
