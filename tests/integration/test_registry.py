from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from control_plane.releases.repository import Repository
from kubeddr.cli import app
from tests.cloud_bundle import bundle_bytes
from tests.cloud_fakes import control_plane
from tests.model_shelf import model
from tests.people import TOKEN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

API = "/api/v1/models"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cloud")


@pytest.fixture(scope="module")
def cloud(folder: Path) -> Iterator[httpx.Client]:
    with control_plane(folder, None, broker_port=0) as client:
        yield client


def push(cloud: httpx.Client, version: str, **changes: Any) -> str:
    answer = cloud.post(API, content=bundle_bytes(version=version, **changes))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["sha256"])


def found(cloud: httpx.Client, ref: str) -> dict[str, Any]:
    answer = cloud.get(f"{API}/resolve", params={"ref": ref})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_a_version_goes_its_way_with_everything_written_down(cloud: httpx.Client, folder: Path) -> None:
    sha256 = push(cloud, "1.0.0", created_from={"data": "d1", "seed": "7"}, settings={"ece": "0.01"})
    path = f"{API}/{sha256}"
    facts = {"code": "c0ffee", "card": "# Reads digits\n", "metrics": {"exact": 0.97}}
    described = cloud.patch(path, json=facts).json()
    assert (described["data"], described["code"], described["parameters"]) == ("d1", "c0ffee", {"seed": "7"})
    assert described["metrics"] == {"ece": 0.01, "exact": 0.97}
    assert described["model"]["stage"] == "candidate"
    assert cloud.post(f"{path}/stage", json={"stage": "production"}).status_code == 409
    assert cloud.post(f"{path}/stage", json={"stage": "staging", "reason": "looks well"}).status_code == 200
    refused = cloud.post(f"{path}/stage", json={"stage": "production"})
    assert (refused.status_code, "Nobody has approved it" in refused.json()["detail"]) == (409, True)
    assert cloud.post(f"{path}/approve", json={"reason": "read 200 matches"}).status_code == 200
    assert cloud.post(f"{path}/stage", json={"stage": "production"}).json()["model"]["stage"] == "production"
    assert cloud.put(f"{path}/aliases/champion", json={}).json()["aliases"] == ["champion"]
    assert found(cloud, "reader@champion")["model"]["sha256"] == sha256
    actions = [(each["operator"], each["action"], each["reason"]) for each in found(cloud, sha256)["decisions"]]
    assert actions == [
        ("admin", "describe card code metrics", ""),
        ("admin", "stage staging", "looks well"),
        ("admin", "approve", "read 200 matches"),
        ("admin", "stage production", ""),
        ("admin", "alias champion", ""),
    ]
    kept = cloud.post(f"{path}/stage", json={"stage": "retired"})
    assert (kept.status_code, "still called champion" in kept.json()["detail"]) == (409, True)
    assert cloud.delete(f"{API}/aliases/reader/champion").status_code == 204
    assert cloud.delete(f"{API}/aliases/reader/champion").status_code == 404
    assert "models/reader-1.0.0.kubeddr" in Repository(folder / "releases").targets()
    assert cloud.post(f"{path}/stage", json={"stage": "retired"}).status_code == 200
    assert "models/reader-1.0.0.kubeddr" not in Repository(folder / "releases").targets()
    assert cloud.put(f"{path}/aliases/champion", json={}).status_code == 409
    audited = cloud.get("/api/v1/audit", params={"limit": 50}).json()["items"]
    assert {"describe_model", "move_model", "approve_model", "give_alias"} <= {each["action"] for each in audited}


def test_versions_are_found_by_name_number_and_digest(cloud: httpx.Client) -> None:
    digests = {version: push(cloud, version, name="finder") for version in ("1.9.0", "1.10.0", "1.10.0-rc.1")}
    assert found(cloud, "finder")["model"]["version"] == "1.10.0"
    assert found(cloud, "finder:1.9.0")["model"]["sha256"] == digests["1.9.0"]
    assert found(cloud, digests["1.9.0"][:12])["model"]["version"] == "1.9.0"
    for ref, status in (("finder:2.0.0", 404), ("reader@nobody", 404), ("nobody", 404), ("finder:", 422)):
        assert cloud.get(f"{API}/resolve", params={"ref": ref}).status_code == status, ref
    page = cloud.get(API, params={"q": "finder", "stage": "candidate", "kind": "reader"}).json()
    assert {each["version"] for each in page["items"]} == set(digests)
    assert cloud.get(API, params={"q": "finder", "stage": "production"}).json()["total"] == 0


def test_two_versions_are_compared(cloud: httpx.Client) -> None:
    push(cloud, "1.0.0", name="compared", settings={"ece": "0.01"}, created_from={"data": "a"})
    push(cloud, "1.1.0", name="compared", settings={"ece": "0.03"}, created_from={"data": "a", "seed": "8"})
    answer = cloud.get(f"{API}/compare", params={"one": "compared:1.0.0", "other": "compared"}).json()
    differing = {each["fact"]: (each["one"], each["other"]) for each in answer["differences"]}
    assert differing["metrics.ece"] == (0.01, 0.03)
    assert differing["parameters.seed"] == (None, "8")
    assert "data" not in differing
    delta = next(each["delta"] for each in answer["differences"] if each["fact"] == "metrics.ece")
    assert delta == pytest.approx(0.02)


def test_a_version_has_one_content(cloud: httpx.Client) -> None:
    push(cloud, "3.0.0", name="fixed")
    push(cloud, "3.0.0", name="fixed")  # the same again changes nothing
    other = cloud.post(API, content=bundle_bytes("fixed", "3.0.0", b"other" * 600))
    assert (other.status_code, "with other content" in other.json()["detail"]) == (409, True)


def say(cloud: httpx.Client, *words: str, code: int = 0) -> str:
    """What `kubeddr models` answers."""
    done = CliRunner(env={"COLUMNS": "200"}).invoke(
        app, ["models", *words, "--url", str(cloud.base_url)], env={"KUBEDDR_TOKEN": TOKEN}
    )
    assert done.exit_code == code, done.output
    return done.output


def test_the_verbs(cloud: httpx.Client, tmp_path: Path) -> None:
    data = model("4.0.0", name="verbs", settings={"ece": "0.02"})
    (tmp_path / "verbs.kubeddr").write_bytes(data)
    say(cloud, "push", str(tmp_path / "verbs.kubeddr"))
    (tmp_path / "card.md").write_text("# Verbs\n")
    say(cloud, "describe", "verbs", "--code", "c0ffee", "--card", str(tmp_path / "card.md"), "--metric", "exact=0.9")
    assert "no number" in say(cloud, "describe", "verbs", "--metric", "exact=high", code=1)
    assert "Nobody has approved" not in say(cloud, "promote", "verbs", "staging", "--reason", "good so far")
    assert "Nobody has approved" in say(cloud, "promote", "verbs", "production", code=1)
    say(cloud, "approve", "verbs:4.0.0")
    say(cloud, "promote", "verbs", "production")
    say(cloud, "alias", "verbs", "champion")
    listed = say(cloud, "list", "--stage", "production", "--q", "verbs")
    assert ["verbs 4.0.0" in listed, "champion" in listed, "admin" in listed] == [True] * 3
    shown = say(cloud, "show", "reader@champion")
    assert all(
        word in shown for word in ("metric    ece = 0.02", "code      c0ffee", "stage staging: good so far", "# Verbs")
    )
    assert json.loads(say(cloud, "show", "verbs", "--json"))["metrics"] == {"ece": 0.02, "exact": 0.9}
    say(cloud, "download", "verbs", "--to", str(tmp_path / "back.kubeddr"))
    assert (tmp_path / "back.kubeddr").read_bytes() == data
    say(cloud, "export", "verbs", str(tmp_path / "mlflow"))
    assert "not empty" in say(cloud, "export", "verbs", str(tmp_path / "mlflow"), code=1)
    assert "is stored" in say(cloud, "import", str(tmp_path / "mlflow"))
    assert "is no MLflow model" in say(cloud, "import", str(tmp_path), code=1)
    (tmp_path / "other.kubeddr").write_bytes(model("4.1.0", name="verbs", settings={"ece": "0.03"}))
    say(cloud, "push", str(tmp_path / "other.kubeddr"))
    assert "+0.01" in say(cloud, "compare", "verbs:4.0.0", "verbs")
    say(cloud, "alias", "verbs:4.0.0", "champion", "--remove")
    assert "is not called champion" in say(cloud, "alias", "verbs", "champion", "--remove", code=1)
    assert "no model" in say(cloud, "show", "nobody", code=1)
