"""`kubeddr simulate-fleet`: many devices at once, to see how a control plane bears them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kubeddr.client import DEFAULT_URL, Url, answer, api, fail

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from rich.progress import Progress

    from kubeddr.crowd.bouts import Danced
    from kubeddr.crowd.crowd import Outcome, Plan
    from kubeddr.crowd.device import Tally

NICE = 10  # whoever reads a real picture on this machine goes first


def simulate_fleet(  # noqa: PLR0913 - one for each option
    *,
    devices: Annotated[int, typer.Option(min=1, max=50_000, help="How many.")] = 100,
    seconds: Annotated[float, typer.Option(min=0, help="How long they play once all are online.")] = 30.0,
    rate: Annotated[float, typer.Option(min=0.001, help="Events of one device in a second.")] = 0.1,
    drop: Annotated[float, typer.Option(min=0, max=1, help="Probability of dropping out at each event.")] = 0.0,
    lie: Annotated[float, typer.Option(min=0, max=1, help="Share of devices that send nonsense at times.")] = 0.0,
    broker: Annotated[str, typer.Option(help="HOST:PORT of a broker in the clear.")] = "",
    tls: Annotated[bool, typer.Option("--tls", help="Let each device in at --url and speak mutual TLS.")] = False,
    url: Url = DEFAULT_URL,
    seed: Annotated[int, typer.Option(help="Of all chance.")] = 1,
    dance: Annotated[
        bool, typer.Option("--dance", help="Predict danced matches with the real models that are wanted, from --url.")
    ] = False,
    prefix: Annotated[str, typer.Option(help="Of the devices' names.")] = "sim",
    as_json: Annotated[bool, typer.Option("--json", help="Print what came of it as JSON.")] = False,
) -> None:
    """Let simulated devices come online, play matches, drop out and come back, with the real protocol."""
    from kubeddr.crowd.crowd import Plan  # noqa: PLC0415 - heavy, --help is not
    from kubeddr.crowd.device import Manner  # noqa: PLC0415

    if bool(broker) == tls:
        fail("Give either --broker HOST:PORT, which talks in the clear, or --tls with --url (after `kubeddr login`).")
    names = [f"{prefix}-{number:05}" for number in range(1, devices + 1)]
    manner = Manner(pause=1 / rate, drop=drop, lie=lie)
    with tempfile.TemporaryDirectory(prefix="kubeddr-fleet-") as folder, _progress() as bar:
        address, contexts = _let_in(url, names, Path(folder), bar) if tls else (_address(broker), ())
        bouts = _danced(url) if dance else None
        outcome = asyncio.run(_run(Plan(address, names, manner, seconds, seed, contexts, bouts), bar))
    said = summary(outcome)
    typer.echo(json.dumps(said) if as_json else "\n".join(f"{key:<18}{value}" for key, value in said.items()))
    if outcome.waiting or outcome.online < devices:
        raise typer.Exit(1)


def summary(outcome: Outcome) -> dict[str, Any]:
    """What came of it, in figures."""
    lags = {f"lag_p{round(share * 100)}": outcome.lag(share) for share in (0.5, 0.99)}
    return {
        "online": outcome.online,
        "online_after": round(outcome.online_after, 2),
        "events": outcome.tally.receipted,
        "events_a_second": round(outcome.rate, 1),
        "waiting": outcome.waiting,
        "drops": outcome.tally.drops,
        "lies": outcome.tally.lies,
        "matches": sum(len(each) for each in outcome.tally.matches.values()),
        "told": len(outcome.tally.told),
        "told_last": max(outcome.tally.told.values(), default=None),
        "compared": outcome.tally.compared,
        **{name: None if lag is None else round(lag, 4) for name, lag in lags.items()},
    }


def _danced(url: str) -> Danced:
    """Matches with real predictions; bundles come from the control plane, as whoever is signed in."""
    from kubeddr.crowd.bouts import Danced  # noqa: PLC0415 - heavy, --help is not

    os.nice(NICE)

    def fetch(sha256: str) -> bytes:
        with api(url) as client:
            return client.get(f"/api/v1/models/{sha256}/bundle").raise_for_status().content

    return Danced(fetch)


async def _run(plan: Plan, bar: Progress) -> Outcome:
    from kubeddr.crowd.crowd import run  # noqa: PLC0415

    stopping, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(ValueError, RuntimeError):  # not in the main thread
            loop.add_signal_handler(number, stopping.set)
    return await run(plan, _teller(bar), stopping)


def _teller(bar: Progress) -> Callable[[str, int, int, Tally], None]:
    task = bar.add_task("devices", total=None)

    def tell(what: str, done: int, of: int, tally: Tally) -> None:
        words = f"{what}: {tally.online:,} online, {tally.sent:,} events sent, {tally.receipted:,} receipted"
        bar.update(task, description=words, completed=done, total=of)

    return tell


def _progress() -> Progress:
    from rich.console import Console  # noqa: PLC0415 - heavy, --help is not
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit():
        fail(f"--broker {text}: give HOST:PORT.")
    return host, int(port)


def _let_in(url: str, names: list[str], folder: Path, bar: Progress) -> tuple[tuple[str, int], list[ssl.SSLContext]]:
    """Every device's own way in, one after the other."""
    from urllib.parse import urlsplit  # noqa: PLC0415

    from contract.ids import DeviceId  # noqa: PLC0415
    from edge_agent.enrolment.ask import Applicant, Waiting, ask  # noqa: PLC0415
    from edge_agent.enrolment.identity import Wallet  # noqa: PLC0415
    from edge_agent.errors import EdgeAgentError  # noqa: PLC0415

    contexts, broker = [], ""
    with api(url) as client:
        for name in bar.track(names, description="letting devices in"):
            token = answer(client.post("/api/v1/approvals/tokens", json={"device": name}))["secret"]
            wallet = Wallet(folder / name)
            try:
                identity = ask(url, Applicant(DeviceId(name), token=token), wallet.waiting_key(), wallet)
            except EdgeAgentError as error:
                fail(f"{name} is not let in: {error}")
            if isinstance(identity, Waiting):
                fail(f"{name} is not let in: its token does not count.")
            contexts.append(identity.tls())
            broker = identity.place.broker
    found = urlsplit(broker)
    return (found.hostname or "", found.port or 0), contexts
