"""A model pushed in mid-match: it waits for the end of the song, and a broken one never gets in."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import httpx
from typer.testing import CliRunner

from kubeddr.cli import app
from models import bundle
from models.bundle import Draft
from tests.device_broker import eventually
from tests.e2e_checks import nothing_missing_or_doubled
from tests.e2e_stage import PATIENCE, Clip, Device, Stage, running_match
from tests.people import SIGNED_IN

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from typer.testing import Result


def variant(path: Path, version: str, *, off: float = 0.0) -> Path:
    """The built-in reader as another version; its golden answers are `off` from what its networks say."""
    reader = bundle.builtin("reader")
    goldens = [replace(golden, expected=golden.expected + off) for golden in reader.goldens]
    networks = {role: reader.members[f"{role}.tflite"] for role in reader.roles}
    manifest = reader.manifest
    bundle.write(path, Draft("reader", manifest.name, version, networks, goldens, manifest.settings))
    return path


def push(stage: Stage, path: Path, *more: str) -> Result:
    return CliRunner().invoke(app, ["models", "push", str(path), "--url", stage.url, *more])


def steps(stage: Stage, device: Device, version: str) -> dict[str, dict[str, Any]]:
    """What the device reported about a version, by phase."""
    found = [event for event in stage.events(device.name) if event["kind"] == "model_report"]
    return {event["body"]["phase"]: event for event in found if event["body"]["version"] == version}


def running(stage: Stage, device: Device) -> set[str]:
    """The versions that a device says it runs."""
    return {model["version"] for model in stage.get(f"/devices/{device.name}")["models"]}


def compared(stage: Stage, device: Device) -> list[dict[str, Any]]:
    """What a device said of models that went through the same match."""
    return [event["body"] for event in stage.events(device.name) if event["kind"] == "model_compared"]


def refused(stage: Stage, device: Device, version: str) -> str:
    """Why the device refused a version."""
    event: dict[str, Any] = eventually(lambda: steps(stage, device, version).get("refused"), PATIENCE)
    reason: str = event["body"]["reason"]
    return reason


def test_models_pushed_in_mid_match(
    stage: Stage, device: Callable[[Path | str], Device], clip: Clip, tmp_path: Path
) -> None:
    it = device(clip.path)
    it.phase("match")
    running_match(stage, it)
    before = running(stage, it)

    wrong = variant(tmp_path / "wrong.kubeddr", "wrong-1", off=3.0)
    assert push(stage, wrong, "--to", it.name).exit_code == 0  # it is a bundle, and nothing runs it there
    assert "off by" in refused(stage, it, "wrong-1")

    whole = variant(tmp_path / "cut.kubeddr", "cut-1")
    short = tmp_path / "short.kubeddr"
    short.write_bytes(whole.read_bytes()[:-1000])
    done = push(stage, short, "--to", it.name)
    assert (done.exit_code, "not a whole zip file" in done.stderr) == (1, True)
    assert push(stage, whole).exit_code == 0
    (stored,) = stage.folder.glob(f"cloud/bundles/*{bundle.open_bundle(whole).digest}*")
    stored.write_bytes(short.read_bytes())  # as a disk may do to what was whole when it came
    asked = httpx.post(
        f"{stage.url}/api/v1/devices/{it.name}/desired/models",
        json={"sha256": bundle.open_bundle(whole).digest},
        trust_env=False,
        headers=SIGNED_IN,
    )
    assert asked.is_success
    assert "instead of" in refused(stage, it, "cut-1")
    assert running(stage, it) == before

    if it.ear.view["phase"] != "match":
        it.fresh_match()
    good = variant(tmp_path / "good.kubeddr", "good-1")
    assert push(stage, good, "--to", it.name).exit_code == 0
    eventually(lambda: "probation" in steps(stage, it, "good-1"), PATIENCE)
    came = {phase: event["seq"] for phase, event in steps(stage, it, "good-1").items()}
    assert list(came) == ["announced", "downloading", "verified", "self_tested", "probation"]
    ends = [event["seq"] for event in stage.events(it.name) if event["kind"] == "match_finished"]
    assert any(came["verified"] < end < came["probation"] for end in ends)  # it was ready, and waited for the song

    eventually(lambda: "good-1" in running(stage, it), PATIENCE)
    eventually(lambda: it.ear.view["model"].endswith("good-1"), PATIENCE)
    it.phase("match")  # the next song, with the new model
    it.goes_on(3)
    eventually(lambda: "committed" in steps(stage, it, "good-1"), PATIENCE)
    body = eventually(lambda: compared(stage, it), PATIENCE)[0]  # it went through a match beside the one before it
    assert (body["phase"], body["challenger"]["version"]) == ("probation", "good-1")
    assert it.health() == []
    it.settled()
    nothing_missing_or_doubled(stage, it)
