"""What the console's pages ask for beyond what programs do."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

import pytest

from contract.ids import DeviceId, MatchId
from control_plane.broker import mosquitto
from control_plane.errors import NotFoundError
from control_plane.services.diagnostics import PART, Diagnostics
from tests.cloud_fakes import FakeDevice, control_plane, eventually, match_bodies

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int]]:
    with mosquitto(tmp_path_factory.mktemp("broker")) as address:
        yield address


@pytest.fixture(scope="module")
def cloud(broker: tuple[str, int], tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with control_plane(tmp_path_factory.mktemp("cloud"), broker) as client:
        yield client


@pytest.fixture
def pair(broker: tuple[str, int], cloud: httpx.Client) -> Iterator[list[FakeDevice]]:
    made = [FakeDevice(broker, name) for name in ("left", "right")]
    eventually(lambda: all(cloud.get(f"/api/v1/devices/{each.id}").is_success for each in made), "both births")
    yield made
    for device in made:
        device.close()


def test_sites_say_how_many_devices_stand_how(cloud: httpx.Client, pair: list[FakeDevice]) -> None:
    cloud.patch(f"/api/v1/devices/{pair[0].id}", json={"site": "Bonn"})
    pair[0].vanish()
    eventually(lambda: cloud.get("/api/v1/devices/left").json()["presence"] == "offline", "the will")
    counts = {"devices": 1, "online": 0, "degraded": 0, "silent": 0, "offline": 0}
    assert cloud.get("/api/v1/sites").json()["items"] == [
        {"site": ""} | counts | {"online": 1},
        {"site": "Bonn"} | counts | {"offline": 1},
    ]


def test_matches_are_found_by_a_part_of_the_devices_name(cloud: httpx.Client, pair: list[FakeDevice]) -> None:
    pair[1].report(name="Behind the pillar (50%)")
    for body in match_bodies(MatchId.mint(), samples=1):
        pair[1].tell(body)

    def found(text: str) -> int:
        return int(cloud.get("/api/v1/matches", params={"q": text}).json()["total"])

    eventually(lambda: found("PILLAR") == 1, "the match")
    assert [found(text) for text in ("righ", "left", "50%", "5_%")] == [1, 0, 1, 0]


@pytest.mark.parametrize("path", ["/", "/live", "/matches", "/models", "/accept", "/audit", "/users", "/devices/a"])
def test_every_page_is_a_shell_under_a_strict_policy(cloud: httpx.Client, path: str) -> None:
    answer = cloud.get(path)
    assert answer.status_code == 200
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert "<script>" not in answer.text
    assert "style=" not in answer.text


class OneBundle(Diagnostics):
    """Has a single file, whatever it is asked for."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def file(self, device: DeviceId, name: str) -> Path:
        return self.path


def test_one_part_is_taken_out_of_what_a_device_handed_in(tmp_path: Path) -> None:
    path = tmp_path / "handed-in.zip"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("log.txt", "all is well")
        archive.writestr("picture.jpg", bytes(PART + 1))
    path.write_bytes(packed.getvalue())
    bundle = OneBundle(path)
    assert bundle.part(DeviceId("a"), "d1", "log.txt") == b"all is well"
    with pytest.raises(NotFoundError, match="too large"):
        bundle.part(DeviceId("a"), "d1", "picture.jpg")
    for data in (b"no zip at all", packed.getvalue()[:-30], packed.getvalue().replace(b"all is", b"xxx xx", 1)):
        path.write_bytes(data)
        with pytest.raises(NotFoundError):
            bundle.part(DeviceId("a"), "d1", "machine.json")
