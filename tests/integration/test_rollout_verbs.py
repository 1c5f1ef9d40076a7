"""`kubeddr rollouts` against a whole control plane, and who may use it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from control_plane.broker import mosquitto
from kubeddr.cli import app
from tests.cloud_bundle import bundle_bytes
from tests.cloud_fakes import FakeDevice, control_plane, eventually
from tests.people import TOKEN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

FILE = """
rollout: trial
model: winner 2
champion: winner 1
canary: 4
gate: {margin: 0.05}
waves: [50%, 100%]
approvals: [canary]
"""


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    folder = tmp_path_factory.mktemp("plane")
    with mosquitto(folder / "broker") as broker, control_plane(folder / "cloud", broker) as client:
        devices = [FakeDevice(broker, f"d{number}") for number in range(6)]
        for version in ("1", "2"):
            data = bundle_bytes(name="winner", version=version, network=version.encode() * 99, kind="winner")
            assert client.post("/api/v1/models", content=data).status_code == 201
        eventually(lambda: client.get("/api/v1/devices").json()["total"] == 6, "six devices")
        yield client
        for device in devices:
            device.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "rollout.yaml"
    path.write_text(FILE, encoding="utf-8")
    return path


def run(plane: httpx.Client, *words: str) -> tuple[int, str]:
    done = CliRunner().invoke(
        app, ["rollouts", *words], env={"KUBEDDR_URL": str(plane.base_url), "KUBEDDR_TOKEN": TOKEN}
    )
    return done.exit_code, done.output


def test_from_file_to_end(plane: httpx.Client, file: Path) -> None:
    code, said = run(plane, "apply", str(file), "--dry-run")
    assert (code, "canary of 4" in said, "more than the margin" in said) == (0, True, True)
    assert "There is no rollout yet" in run(plane, "list")[1]
    code, said = run(plane, "apply", str(file))
    assert "The rollout trial is created: 6 devices, a canary of 4, then waves up to 3, 6." in said
    assert "The rollout trial is there already" in run(plane, "apply", str(file))[1]
    assert eventually(lambda: "somebody has to approve the canary" in run(plane, "list")[1], "waiting for a person")
    assert run(plane, "approve", "trial", "--reason", "it is Monday")[0] == 0
    assert eventually(lambda: " canary begins" in run(plane, "show", "trial")[1], "the canary")
    said = run(plane, "show", "trial", "--devices", "--json")[1]
    shown: dict[str, Any] = json.loads(said[said.index("{\n") : said.rindex("}") + 1])
    assert [each["want"] for each in shown["stands"]].count("shadow") == 4
    assert run(plane, "pause", "trial")[0] == 0
    code, said = run(plane, "pause", "trial")
    assert (code, "The rollout trial is paused already." in said) == (1, True)
    assert run(plane, "abort", "trial", "--reason", "never mind")[0] == 0
    assert "never mind" in run(plane, "show", "trial")[1]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("margin", "margn", "gate.margn: there is no such field"),
        ("winner 2", "winner 9", "There is no model winner 9"),
        ("canary: 4", "canary: 4\ntargets: {sites: [nowhere]}", "No device is among the targets"),
    ],
)
def test_a_wrong_file_ends_in_one_clear_sentence(
    plane: httpx.Client, file: Path, old: str, new: str, words: str
) -> None:
    file.write_text(FILE.replace(old, new).replace("rollout: trial", "rollout: other"), encoding="utf-8")
    code, said = run(plane, "apply", str(file))
    assert (code, words in said, "Traceback" in said) == (1, True, False)


def test_what_is_not_there(plane: httpx.Client, tmp_path: Path) -> None:
    assert "There is no rollout none" in run(plane, "show", "none")[1]
    code, said = run(plane, "apply", str(tmp_path / "none.yaml"))
    assert (code, "Cannot read" in said) == (1, True)


def test_an_operator_may_look_and_not_touch(plane: httpx.Client, file: Path) -> None:
    made = plane.post("/api/v1/operators", json={"name": "olga", "role": "operator"})
    assert made.is_success, made.text
    secret = plane.post("/api/v1/operators/olga/tokens", json={"label": "test"}).json()["secret"]
    headers = {"Authorization": f"Bearer {secret}"}
    assert plane.get("/api/v1/rollouts", headers=headers).status_code == 200
    for path, body in (("", {"file": FILE}), ("/trial/abort", {"reason": ""})):
        assert plane.post(f"/api/v1/rollouts{path}", json=body, headers=headers).status_code == 403
