"""`kubeddr models`, the registry's side: versions, their stages and names, and the way to and from MLflow."""

from __future__ import annotations

import tempfile
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from kubeddr.client import DEFAULT_URL, AsJson, Url, answer, api, fail, get, short_time, show_json
from kubeddr.fleet import table
from kubeddr.shelf import models, upload

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

__all__ = ["models"]

API = "/api/v1/models"
Ref = Annotated[str, typer.Argument(metavar="MODEL", help="KIND@ALIAS, NAME:VERSION, NAME (newest), or a digest.")]
Reason = Annotated[str, typer.Option(help="Why, for those who ask later.")]
FACTS = ("data", "code", "card", "parameters", "metrics")


class Stage(StrEnum):
    """How far a version is trusted."""

    CANDIDATE = "candidate"
    STAGING = "staging"
    PRODUCTION = "production"
    RETIRED = "retired"


class Kind(StrEnum):
    """What a model does."""

    READER = "reader"
    WINNER = "winner"


@models.command("list")
def list_models(
    *,
    q: Annotated[str | None, typer.Option(help="Part of a name, version, card, digest or data hash.")] = None,
    kind: Annotated[Kind | None, typer.Option(help="Only of this kind.")] = None,
    stage: Annotated[Stage | None, typer.Option(help="Only in this stage.")] = None,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Show the models in the store, newest first."""
    page = get(url, API, limit=500, q=q, kind=kind, stage=stage)
    if as_json:
        show_json(page)
        return
    names: dict[str, str] = {}
    with api(url) as client:
        for each in client.get(f"{API}/aliases").json():
            names[each["sha256"]] = f"{names.get(each['sha256'], '')} {each['alias']}".strip()
    rows = [
        (
            each["sha256"][:12],
            each["kind"],
            f"{each['name']} {each['version']}",
            each["stage"],
            names.get(each["sha256"], ""),
            f"{each['size']:,}",
            short_time(each["pushed"]),
            each["pushed_by"],
        )
        for each in page["items"]
    ]
    empty = "There is no such model." if q or kind or stage else "There is no model yet: `kubeddr models push BUNDLE`."
    table(("digest", "kind", "model", "stage", "called", "bytes", "pushed", "by"), tuple(rows), empty, page["total"])


@models.command("show")
def show(model: Ref, *, url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """Show where a version comes from, how far it is trusted, and what was decided about it."""
    found = get(url, f"{API}/resolve", ref=model)
    if as_json:
        show_json(found)
        return
    it = found["model"]
    typer.echo(f"{it['kind']} {it['name']} {it['version']}  {it['stage']}  {' '.join(found['aliases'])}".rstrip())
    typer.echo(f"  digest    {it['sha256']}  ({it['size']:,} bytes)")
    typer.echo(f"  pushed    {short_time(it['pushed'])} by {it['pushed_by'] or 'nobody known'}")
    for name in ("data", "code"):
        if found[name]:
            typer.echo(f"  {name:<9} {found[name]}")
    for name in ("parameters", "metrics"):
        for key, value in found[name].items():
            typer.echo(f"  {name[:-1]:<9} {key} = {value}")
    for each in found["decisions"]:
        why = f": {each['reason']}" if each["reason"] else ""
        typer.echo(f"  {short_time(each['time'])} {each['operator']}: {each['action']}{why}")
    if found["card"]:
        typer.echo(f"\n{found['card']}")


@models.command("compare")
def compare(one: Ref, other: Ref, *, url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """Show in which facts two versions are not alike."""
    found = get(url, f"{API}/compare", one=one, other=other)
    if as_json:
        show_json(found)
        return
    names = tuple(f"{found[side]['model']['name']} {found[side]['model']['version']}" for side in ("one", "other"))
    rows = [
        (
            each["fact"],
            _shown(each["one"]),
            _shown(each["other"]),
            "" if each["delta"] is None else f"{each['delta']:+g}",
        )
        for each in found["differences"]
    ]
    table(("fact", *names, "difference"), tuple(rows), "They are alike in everything that is known.", len(rows))


@models.command("describe")
def describe(  # noqa: PLR0913 - one for each fact
    model: Ref,
    *,
    data: Annotated[str | None, typer.Option(help="Hash or name of what it was trained on.")] = None,
    code: Annotated[str | None, typer.Option(help="Revision that trained it.")] = None,
    card: Annotated[Path | None, typer.Option(help="File with its card.")] = None,
    parameter: Annotated[list[str] | None, typer.Option(help="NAME=VALUE; again for each.")] = None,
    metric: Annotated[list[str] | None, typer.Option(help="NAME=NUMBER; again for each.")] = None,
    url: Url = DEFAULT_URL,
) -> None:
    """Say where a version comes from and how good it is, beyond what its bundle says."""
    facts: dict[str, Any] = {"data": data, "code": code, "parameters": _pairs(parameter), "metrics": {}}
    for name, value in _pairs(metric).items():
        try:
            facts["metrics"][name] = float(value)
        except ValueError:
            fail(f"--metric {name}={value}: {value} is no number.")
    if card is not None:
        try:
            facts["card"] = card.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            fail(f"Cannot read {card}: {getattr(error, 'strerror', None) or 'it is no text'}.")
    with api(url) as client:
        found = answer(client.patch(f"{API}/{_digest(client, model)}", json=facts))
    typer.echo(f"{_named(found)} is described.")


@models.command("approve")
def approve(model: Ref, *, reason: Reason = "", url: Url = DEFAULT_URL) -> None:
    """Say that a version may go to production; whoever pushed it may not, unless they are an admin."""
    with api(url) as client:
        found = answer(client.post(f"{API}/{_digest(client, model)}/approve", json={"reason": reason}))
    typer.echo(f"{_named(found)} is approved: `kubeddr models promote {model} production`.")


@models.command("promote")
def promote(model: Ref, stage: Stage, *, reason: Reason = "", url: Url = DEFAULT_URL) -> None:
    """Bring a version to another stage: candidate, staging, production (once approved), retired (signed no more)."""
    with api(url) as client:
        body = {"stage": stage.value, "reason": reason}
        found = answer(client.post(f"{API}/{_digest(client, model)}/stage", json=body))
    typer.echo(f"{_named(found)} is in {found['model']['stage']}.")


@models.command("alias")
def alias(
    model: Ref,
    name: Annotated[str, typer.Argument(help="Such as champion or challenger.")],
    *,
    remove: Annotated[bool, typer.Option("--remove", help="Take the name away instead.")] = False,
    reason: Reason = "",
    url: Url = DEFAULT_URL,
) -> None:
    """Give a name to a version, whichever of its kind had it before."""
    with api(url) as client:
        found = answer(client.get(f"{API}/resolve", params={"ref": model}))
        if remove:
            if name not in found["aliases"]:
                fail(f"{_named(found)} is not called {name}.")
            client.delete(f"{API}/aliases/{found['model']['kind']}/{name}").raise_for_status()
            typer.echo(f"{_named(found)} is called {name} no more.")
            return
        answer(client.put(f"{API}/{found['model']['sha256']}/aliases/{name}", json={"reason": reason}))
    typer.echo(f"{_named(found)} is the {found['model']['kind']}@{name} now.")


@models.command("download")
def download(
    model: Ref,
    to: Annotated[Path | None, typer.Option(help="The file to write; NAME-VERSION.kubeddr here without.")] = None,
    *,
    url: Url = DEFAULT_URL,
) -> None:
    """Fetch a version's bundle."""
    with api(url) as client:
        found = answer(client.get(f"{API}/resolve", params={"ref": model}))
        it = found["model"]
        path = to or Path(f"{it['name']}-{it['version']}.kubeddr")
        _fetch(client, it, path)
    typer.echo(f"{_named(found)} is in {path}.")


@models.command("export")
def export(
    model: Ref,
    folder: Annotated[Path, typer.Argument(help="A new folder for the MLflow model.")],
    *,
    url: Url = DEFAULT_URL,
) -> None:
    """Write a version as an MLflow model that mlflow.pyfunc.load_model runs."""
    from models.mlflow_format import BundleError, Facts, FormatError, write  # noqa: PLC0415 - heavy, --help is not

    with api(url) as client, tempfile.TemporaryDirectory() as scratch:
        found = answer(client.get(f"{API}/resolve", params={"ref": model}))
        bundle = Path(scratch) / "bundle.kubeddr"
        _fetch(client, found["model"], bundle)
        try:
            write(folder, bundle, Facts(**{name: found[name] for name in FACTS}))
        except (FormatError, BundleError, OSError) as error:
            _cannot(error)
    typer.echo(f'{_named(found)} is in {folder}: mlflow.pyfunc.load_model("{folder}") loads it.')


@models.command("import")
def import_(
    folder: Annotated[Path, typer.Argument(help="An MLflow model with a bundle in it, as `export` writes it.")],
    *,
    url: Url = DEFAULT_URL,
) -> None:
    """Take in an MLflow model: its bundle, parameters, metrics and card."""
    from models.mlflow_format import BundleError, FormatError, read  # noqa: PLC0415 - heavy, --help is not

    try:
        bundle, facts = read(folder)
    except (FormatError, BundleError) as error:
        _cannot(error)
    with api(url) as client:
        stored = upload(client, bundle)
        known = {name: getattr(facts, name) for name in FACTS}
        changes = {name: dict(value) if name in FACTS[3:] else value for name, value in known.items() if value}
        found = answer(client.patch(f"{API}/{stored['sha256']}", json=changes))
    typer.echo(f"{_named(found)} is stored ({stored['sha256'][:12]}), a {found['model']['stage']}.")


def _fetch(client: httpx.Client, it: Mapping[str, Any], path: Path) -> None:
    response = client.get(it["url"])
    if response.is_error:
        answer(response)
    try:
        path.write_bytes(response.content)
    except OSError as error:
        _cannot(error)


def _digest(client: httpx.Client, ref: str) -> str:
    return str(answer(client.get(f"{API}/resolve", params={"ref": ref}))["model"]["sha256"])


def _named(found: Mapping[str, Any]) -> str:
    return f"{found['model']['name']} {found['model']['version']}"


def _pairs(given: list[str] | None) -> dict[str, str]:
    pairs = {}
    for each in given or []:
        name, equals, value = each.partition("=")
        if not name or not equals:
            fail(f"{each!r} is not NAME=VALUE.")
        pairs[name] = value
    return pairs


def _shown(value: object) -> str:
    return "-" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _cannot(error: Exception) -> NoReturn:
    if isinstance(error, OSError) and error.strerror:
        fail(f"Cannot write {error.filename}: {error.strerror}.")
    fail(str(error))
