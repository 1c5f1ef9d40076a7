"""Simulated devices against a real broker and a real control plane."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from control_plane.broker import mosquitto
from kubeddr.cli import app
from kubeddr.crowd.crowd import Plan, run
from kubeddr.crowd.device import Manner
from kubeddr.crowd.mqtt import packets, publish
from tests.cloud_bundle import bundle_bytes
from tests.cloud_fakes import control_plane, eventually

if TYPE_CHECKING:
    from pathlib import Path

ROLLOUT = """
rollout: crowd
model: winner 1
champion: winner 0
canary: 8
gate: {margin: 0.1}
waves: [2, 100%]
"""


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


async def test_a_crowd_obeys_and_compares(tmp_path: Path) -> None:
    with mosquitto(tmp_path / "broker") as broker, control_plane(tmp_path / "cloud", broker) as cloud:
        for version in ("0", "1"):
            data = bundle_bytes(name="winner", version=version, network=version.encode() * 99, kind="winner")
            assert cloud.post("/api/v1/models", content=data).is_success
        names = [f"sim-{number:05}" for number in range(1, 9)]
        plan, stopping = Plan(broker, names, Manner(pause=0.03), seconds=60), asyncio.Event()
        playing = asyncio.create_task(run(plan, lambda *_: None, stopping))

        def story() -> dict[str, Any]:
            eventually(lambda: cloud.get("/api/v1/devices?status=online").json()["total"] == 8, "eight devices")
            assert cloud.post("/api/v1/rollouts", json={"file": ROLLOUT}).status_code == 201
            found: list[dict[str, Any]] = []

            def ended() -> bool:
                found.append(cloud.get("/api/v1/rollouts/crowd").json()["rollout"])
                return bool(found[-1]["stage"] == "ended")

            eventually(ended, "the end of the rollout", 50)
            return found[-1]

        rollout = await asyncio.to_thread(story)
        stopping.set()
        outcome = await playing
        assert rollout["outcome"] == "succeeded", rollout
        assert len(outcome.tally.told) == 8
        assert outcome.tally.compared >= 8 * 8
        devices = cloud.get("/api/v1/devices").json()["items"]
        assert {model["version"] for device in devices for model in device["models"]} == {"1"}
