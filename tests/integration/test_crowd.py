"""Simulated devices against a real broker and a real control plane."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from control_plane.broker import mosquitto
from kubeddr.cli import app
from kubeddr.crowd.crowd import Plan, run
from kubeddr.crowd.device import Manner
from kubeddr.crowd.mqtt import packets, publish
from tests.cloud_fakes import control_plane

if TYPE_CHECKING:
    from pathlib import Path


@given(st.lists(st.tuples(st.text(max_size=30), st.binary(max_size=400), st.integers(0, 65535))), st.integers(1, 7))
def test_packets_come_apart_however_they_arrive(messages: list[tuple[str, bytes, int]], size: int) -> None:
    wire = b"".join(publish(topic, payload, mid) for topic, payload, mid in messages)
    buffer, found = bytearray(), []
    for start in range(0, len(wire), size):
        buffer += wire[start : start + size]
        found += packets(buffer)
    assert not buffer
    assert [kind for kind, _, _ in found] == [3] * len(messages)
    for (_, _, body), (_, payload, _) in zip(found, messages, strict=True):
        assert body.endswith(payload)


async def test_a_crowd_that_drops_out_and_lies_loses_and_doubles_no_match(tmp_path: Path) -> None:
    with mosquitto(tmp_path / "broker") as broker, control_plane(tmp_path / "cloud", broker) as cloud:
        names = [f"sim-{number:05}" for number in range(1, 41)]
        manner = Manner(pause=0.2, drop=0.05, away=1.0, lie=0.3)
        outcome = await run(Plan(broker, names, manner, seconds=8, seed=5), lambda *_: None)
        assert (outcome.online, outcome.waiting) == (40, 0)
        assert outcome.tally.drops > 20
        assert outcome.tally.lies > 20
        for device, matches in outcome.tally.matches.items():
            items = cloud.get(f"/api/v1/matches?device={device}&state=finished&limit=100").json()["items"]
            known = [match["id"] for match in items]
            assert sorted(known) == sorted(matches), device
        assert cloud.get("/api/v1/dead-letters").json()["total"] > 0  # the lies, kept aside
        assert cloud.get("/readyz").is_success


@pytest.mark.parametrize("more", [["--tls"], []])
def test_the_command_shows_what_came_of_it(tmp_path: Path, more: list[str]) -> None:
    with (
        mosquitto(tmp_path / "broker") as broker,
        control_plane(tmp_path / "cloud", None if more else broker, broker_port=0) as cloud,
    ):
        where = more or ["--broker", f"{broker[0]}:{broker[1]}"]
        words = ["simulate-fleet", "--devices", "5", "--seconds", "2", "--rate", "5", "--json", *where]
        done = CliRunner().invoke(app, [*words, "--url", str(cloud.base_url)])
        assert done.exit_code == 0, done.output
        said = json.loads(done.stdout.splitlines()[-1])  # the control plane of this process logs there too
        assert (said["online"], said["waiting"]) == (5, 0)
        assert said["events"] > 10
        assert cloud.get("/api/v1/devices").json()["total"] == 5


def test_a_crowd_needs_to_be_told_where(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["simulate-fleet", "--devices", "1"])
    assert done.exit_code == 1
    assert "Give either --broker" in done.stderr
