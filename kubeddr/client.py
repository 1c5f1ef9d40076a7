"""The control plane's API as the verbs use it: answers as dictionaries, faults as one sentence and exit code 1."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import httpx

Url = Annotated[str, typer.Option(envvar="KUBEDDR_URL", help="Address of the control plane.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]
UNAUTHORIZED = 401
PAGE = 500  # items of one answer
DEFAULT_URL = "http://127.0.0.1:8080"


@contextmanager
def api(url: str) -> Iterator[httpx.Client]:
    """A client; whatever goes wrong with it ends the command with one clear sentence."""
    import httpx  # noqa: PLC0415 - heavy, --help is not

    try:
        headers = {"Authorization": f"Bearer {secret}"} if (secret := token(url)) else {}
        with httpx.Client(
            base_url=url, timeout=httpx.Timeout(10, write=60), trust_env=False, headers=headers
        ) as client:
            yield client
    except httpx.ConnectError:
        fail(f"No control plane answers at {url}: start one with `kubeddr control-plane`, or name another with --url.")
    except httpx.TimeoutException:
        fail(f"The control plane at {url} does not answer in time.")
    except (httpx.InvalidURL, httpx.UnsupportedProtocol):
        fail(f"{url!r} is not the address of a control plane, such as {DEFAULT_URL}.")
    except httpx.HTTPError as error:
        fail(f"The connection to {url} broke: {error}.")


def token(url: str) -> str:
    """The token to show there: KUBEDDR_TOKEN, else what `kubeddr login` kept, else none."""
    return os.environ.get("KUBEDDR_TOKEN") or str(_kept().get(url.rstrip("/"), ""))


def keep(url: str, secret: str) -> Path:
    """Keep a token for `token` to find, where nobody else on this machine can read it."""
    path = _place()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(_kept() | {url.rstrip("/"): secret}, file)
    new.replace(path)
    return path


def _place() -> Path:
    base = os.environ.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path.home() / ".config") / "kubeddr" / "tokens.json"


def _kept() -> dict[str, Any]:
    try:
        kept = json.loads(_place().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return kept if isinstance(kept, dict) else {}


def answer(response: httpx.Response) -> dict[str, Any]:
    """What was answered; an error of the control plane ends the command with what it says."""
    try:
        body = response.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        fail(f"{response.url} does not answer as a control plane would (status {response.status_code}).")
    if response.status_code == UNAUTHORIZED:
        fail(f"{body.get('detail') or 'Nobody is signed in.'} In a terminal: `kubeddr login`, or KUBEDDR_TOKEN.")
    if response.is_error:
        fail(str(body.get("detail") or f"The control plane answers {response.status_code}."))
    return body


def get(url: str, path: str, **query: Any) -> dict[str, Any]:
    """One answer."""
    with api(url) as client:
        return answer(client.get(path, params={name: value for name, value in query.items() if value is not None}))


def some(url: str, path: str, limit: int, **query: Any) -> dict[str, Any]:
    """So many of a list, however many answers that takes."""
    page = get(url, path, limit=min(limit, PAGE), **query)
    while len(page["items"]) < min(limit, page["total"]):
        more = get(url, path, limit=min(limit - len(page["items"]), PAGE), offset=len(page["items"]), **query)
        if not more["items"]:
            break
        page = more | {"items": page["items"] + more["items"], "offset": 0, "limit": limit}
    return page


def fail(text: str) -> NoReturn:
    """End the command."""
    typer.echo(text, err=True)
    raise typer.Exit(1)


def show_json(body: Mapping[str, Any]) -> None:
    """Print an answer for a program."""
    typer.echo(json.dumps(body, indent=2))


def short_time(text: str | None) -> str:
    """A time of the API in the zone of whoever reads it, to the second."""
    from datetime import datetime  # noqa: PLC0415

    return datetime.fromisoformat(text).astimezone().strftime("%Y-%m-%d %H:%M:%S") if text else "-"
