"""`kubeddr devices` and `kubeddr matches` as somebody reads them, against a real control plane."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from contract.ids import MatchId
from control_plane.broker import mosquitto
from kubeddr import client
from kubeddr.cli import app
from kubeddr.fleet import known
from kubeddr.matches import course
from tests.cloud_fakes import FakeDevice, control_plane, eventually, match_bodies

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx
    from typer.testing import Result


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    folder = tmp_path_factory.mktemp("cloud")
    with mosquitto(folder / "broker") as broker, control_plane(folder / "data", broker) as client:
        fleet = [FakeDevice(broker, name) for name in ("bonn-1", "bonn-2", "leeds-1")]
        eventually(lambda: client.get("/api/v1/devices").json()["total"] == len(fleet), "the fleet")
        for each in fleet[:2]:
            client.patch(f"/api/v1/devices/{each.id}", json={"site": "Bonn"})
        for body in match_bodies(MatchId.mint(), samples=8):
            fleet[2].tell(body)
        eventually(lambda: client.get("/api/v1/matches?state=finished").json()["total"] == 1, "the match")
        yield client
        for each in fleet:
            each.close()


def kubeddr(cloud: httpx.Client, *words: str) -> Result:
    return CliRunner().invoke(app, [*words, "--url", str(cloud.base_url)])


def test_devices_are_listed_by_site_and_status(cloud: httpx.Client) -> None:
    said = kubeddr(cloud, "devices", "list", "--site", "Bonn", "--status", "online").output.splitlines()
    assert [line.split()[0] for line in said] == ["device", "bonn-1", "bonn-2"]
    assert kubeddr(cloud, "devices", "list", "--tag", "none-such").output == "No device is like that.\n"
    sites = kubeddr(cloud, "devices", "sites").output.splitlines()
    assert [line.split() for line in sites[1:]] == [["-", "1", "1", "0", "0", "0"], ["Bonn", "2", "2", "0", "0", "0"]]


def test_a_status_that_there_is_not_is_a_fault_of_usage(cloud: httpx.Client) -> None:
    done = kubeddr(cloud, "devices", "list", "--status", "asleep")
    assert done.exit_code == 2
    assert "degraded" in done.output


def test_a_list_longer_than_an_answer_is_fetched_in_parts(cloud: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "PAGE", 2)
    page = json.loads(kubeddr(cloud, "devices", "list", "--limit", "1000", "--json").output)
    assert [each["id"] for each in page["items"]] == ["bonn-1", "bonn-2", "leeds-1"]
    assert "... and 2 more" in kubeddr(cloud, "devices", "list", "--limit", "1").output


def test_a_shell_completes_the_ids_of_devices(cloud: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBEDDR_URL", str(cloud.base_url))
    assert known("bonn") == ["bonn-1", "bonn-2"]
    monkeypatch.setenv("KUBEDDR_URL", "http://127.0.0.1:1")
    assert known("bonn") == []


def test_matches_are_found_and_their_course_is_drawn(cloud: httpx.Client) -> None:
    said = kubeddr(cloud, "matches", "list", "--q", "LEEDS", "--state", "finished", "--since", "2020-01-01").output
    assert len(said.splitlines()) == 2
    assert kubeddr(cloud, "matches", "list", "--until", "2020-01-01").output == "No match is like that.\n"
    shown = kubeddr(cloud, "matches", "show", said.splitlines()[1].split()[0]).output
    assert f"course    {course([0.5 + n / 16 for n in range(1, 9)])}" in shown


def test_a_course_is_as_wide_as_a_terminal() -> None:
    assert course([]) == "-"
    assert set(course([n / 1000 for n in range(1000)])) == set("▁▂▃▄▅▆▇█")
    assert len(course([0.5] * 1000)) == 60
