"""The verbs that talk to a control plane, against a real one."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from contract.ids import MatchId
from contract.messages import ActiveModel, ModelPhase
from control_plane.broker import mosquitto
from kubeddr.cli import app
from tests.cloud_bundle import bundle_bytes
from tests.cloud_fakes import FakeDevice, control_plane, eventually, match_bodies

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from typer.testing import Result


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int]]:
    with mosquitto(tmp_path_factory.mktemp("broker")) as address:
        yield address


@pytest.fixture(scope="module")
def url(broker: tuple[str, int], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with control_plane(tmp_path_factory.mktemp("cloud"), broker) as client:
        yield str(client.base_url)


@pytest.fixture
def device(broker: tuple[str, int], url: str, request: pytest.FixtureRequest) -> Iterator[FakeDevice]:
    made = FakeDevice(broker, request.node.name.split("[")[0].replace("_", "-")[-40:].strip("-"))
    made.report()
    eventually(lambda: kubeddr(url, "devices", "show", made.id).exit_code == 0, "the report")
    yield made
    made.close()


def kubeddr(url: str, *words: object) -> Result:
    return CliRunner().invoke(app, [*map(str, words), "--url", url])


def settle(device: FakeDevice, phase: ModelPhase, reason: str = "") -> threading.Thread:
    """Let the device answer its next wish with `phase`."""
    before = len(device.desired)

    def act() -> None:
        eventually(lambda: len(device.desired) > before, "the wish")
        wish = device.desired[-1]
        device.step(wish.models[0], wish.version, ModelPhase.DOWNLOADING)
        device.step(wish.models[0], wish.version, phase, reason)
        if phase is ModelPhase.ACTIVATED:
            model = wish.models[0]
            runs = ActiveModel(kind=model.kind, name=model.name, version=model.version, sha256=model.sha256)
            device.report(runs, settled=wish.version)

    thread = threading.Thread(target=act)
    thread.start()
    return thread


def test_push_and_wait_follows_a_model_into_a_device(url: str, device: FakeDevice, tmp_path: Path) -> None:
    bundle = tmp_path / "reader.kubeddr"
    bundle.write_bytes(bundle_bytes(version="5", network=b"n" * 300_000))
    acting = settle(device, ModelPhase.ACTIVATED)
    done = kubeddr(url, "models", "push", bundle, "--to", device.id, "--wait")
    acting.join()
    assert done.exit_code == 0, done.output
    assert "reader 5 is stored" in done.output
    assert f"{device.id}: downloading" in done.output
    assert f"{device.id} runs it." in done.output
    assert "reader 5" in kubeddr(url, "devices", "list").output
    assert "reader 5" in kubeddr(url, "models", "list").output


def test_push_and_wait_ends_badly_when_the_device_refuses(url: str, device: FakeDevice, tmp_path: Path) -> None:
    bundle = tmp_path / "reader.kubeddr"
    bundle.write_bytes(bundle_bytes(version="6"))
    acting = settle(device, ModelPhase.REFUSED, "line is off by 0.31, allowed 0.05")
    done = kubeddr(url, "models", "push", bundle, "--to", device.id, "--wait")
    acting.join()
    assert done.exit_code == 1
    assert f"{device.id} refused it: line is off by 0.31, allowed 0.05" in done.stderr
    assert "refused line is off by 0.31" in kubeddr(url, "devices", "show", device.id).output


def test_a_shadow_is_asked_for_and_ended(url: str, device: FakeDevice, tmp_path: Path) -> None:
    bundle = tmp_path / "winner.kubeddr"
    bundle.write_bytes(bundle_bytes(version="8", kind="winner", name="beside"))
    done = kubeddr(url, "models", "push", bundle, "--to", device.id, "--shadow", "--override")
    assert done.exit_code == 0, done.output
    wish = eventually(lambda: next((each for each in device.desired if each.shadows), None), "the desired document")
    assert (wish.shadows[0].version, wish.shadows[0].override, wish.shadows[0].target) == (
        "8",
        True,
        "models/beside-8.kubeddr",
    )
    assert all(model.version != "8" for model in wish.models)
    assert kubeddr(url, "models", "unshadow", "winner", "--from", device.id).exit_code == 0
    eventually(lambda: device.desired[-1].version > wish.version and not device.desired[-1].shadows, "its end")
    done = kubeddr(url, "models", "unshadow", "winner", "--from", device.id)
    assert (done.exit_code, "asked for no winner" in done.stderr) == (1, True)


def test_waiting_ends_and_says_that_the_wish_stays(url: str, device: FakeDevice, tmp_path: Path) -> None:
    bundle = tmp_path / "reader.kubeddr"
    bundle.write_bytes(bundle_bytes(version="7"))
    done = kubeddr(url, "models", "push", bundle, "--to", device.id, "--wait", "--timeout", 1)
    assert done.exit_code == 1
    assert "has not settled it in 1 seconds; it is online" in done.stderr


def test_matches_are_listed_and_shown(url: str, device: FakeDevice) -> None:
    match = MatchId.mint()
    for body in match_bodies(match):
        device.tell(body)
    eventually(lambda: device.receipted() == 7, "the receipt")
    listed = kubeddr(url, "matches", "list", "--device", device.id).output
    assert "900,000" in listed
    assert "player 1" in listed
    shown = kubeddr(url, "matches", "show", match).output
    assert "finished" in shown
    answer = json.loads(kubeddr(url, "matches", "show", match, "--json").output)
    assert len(answer["samples"]) == 5


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["models", "push", "nowhere.kubeddr"], "Cannot read nowhere.kubeddr"),
        (["models", "push", "pyproject.toml"], "not a model bundle"),
        (["models", "push", "pyproject.toml", "--to", "nobody"], "No device nobody has ever reported"),
        (["models", "push", "pyproject.toml", "--wait"], "--wait needs --to"),
        (["devices", "show", "No Body"], "device"),
        (["matches", "show", "x"], "match"),
    ],
)
def test_mistakes_are_told_in_one_sentence(url: str, words: list[str], says: str) -> None:
    done = kubeddr(url, *words)
    assert done.exit_code == 1
    assert says in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("address", ["http://127.0.0.1:9", "nonsense", "http://[", "ftp://x"])
def test_a_control_plane_that_is_not_there_is_told(address: str) -> None:
    done = kubeddr(address, "devices", "list")
    assert done.exit_code == 1
    assert done.exception is None or isinstance(done.exception, SystemExit)
    assert done.stderr.count("\n") == 1
