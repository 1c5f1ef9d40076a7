"""The command. Every verb is a call into one of the rooms; nothing is decided here."""

from __future__ import annotations

import typer

from kubeddr.admission import enrolment_verbs
from kubeddr.agent import agent
from kubeddr.backup import backup, restore
from kubeddr.bench import bench
from kubeddr.cabinet import cabinet
from kubeddr.control_plane import control_plane
from kubeddr.demo import demo
from kubeddr.device import device
from kubeddr.evaluate import evaluate
from kubeddr.fleet import devices
from kubeddr.keys import keys
from kubeddr.matches import matches
from kubeddr.people import audit, login, operators, tokens
from kubeddr.predict import predict
from kubeddr.read import read
from kubeddr.read_pad import read_pad
from kubeddr.registry import models
from kubeddr.rollouts import rollouts
from kubeddr.simulate_fleet import simulate_fleet
from kubeddr.train import train
from kubeddr.watch import watch

app = typer.Typer(
    name="kubeddr",
    help="Watches a dance-game screen, reads both scores, and says live who will win and how sure it is.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


app.command()(watch)
app.command()(read)
app.command("read-pad")(read_pad)
app.command()(agent)
app.command()(bench)
app.command()(cabinet)
app.command()(demo)
app.command()(predict)
app.command()(evaluate)
enrolment_verbs(devices)
app.command("control-plane")(control_plane)
app.command("simulate-fleet")(simulate_fleet)
app.command()(backup)
app.command()(restore)
app.command()(login)
app.command()(audit)
for group in (device, devices, matches, models, rollouts, keys, operators, tokens, train):
    app.add_typer(group)


@app.callback()
def root() -> None:
    """Keep verbs apart even while there is only one."""


def main() -> None:
    """Run the command."""
    app()
