"""Settings, labels, search, status and diagnostics at the control plane, with devices that have certificates."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from contract.enrolment import DIAGNOSTICS
from contract.messages import Problem, ProblemCode, Reported, Settings, SettingsReport, Telemetry
from contract.topics import Channel
from control_plane.services.diagnostics import MOST
from tests.agent_running import Running
from tests.cloud_bundle import bundle_bytes
from tests.cloud_fakes import FakeDevice, control_plane, eventually
from tests.device_broker import eventually as soon
from tests.device_fakes import song, write_clip
from tests.enrolled import broker_of, enrol, token

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with control_plane(tmp_path_factory.mktemp("cloud"), None, broker_port=0) as client:
        yield client


@pytest.fixture
def device(cloud: httpx.Client, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[FakeDevice]:
    name = request.node.name.split("[")[0].removeprefix("test_").replace("_", "-")[:40].strip("-")
    identity = enrol(cloud, name, tmp_path)
    made = FakeDevice(broker_of(identity), name, tls=identity.tls())
    eventually(lambda: shown(cloud, name)["presence"] == "online", "the birth")
    yield made
    made.close()


def shown(cloud: httpx.Client, name: str) -> dict[str, Any]:
    return dict(cloud.get(f"/api/v1/devices/{name}").json())


def settings(cloud: httpx.Client, device: FakeDevice) -> dict[str, Any]:
    return dict(cloud.get(f"/api/v1/devices/{device.id}/settings").json())


def answer(device: FakeDevice, report: SettingsReport) -> None:
    said = Reported(boot_id=device.boot, time=datetime.now(UTC), desired_version=report.settled, settings=report)
    device.send(Channel.REPORTED, said)


def test_settings_go_out_and_what_became_of_them_comes_back(cloud: httpx.Client, device: FakeDevice) -> None:
    path = f"/api/v1/devices/{device.id}/settings"
    assert settings(cloud, device)["outcome"] == "none"
    put = cloud.put(path, json={"values": {"players": ["Ada", "Bo"], "rate": 20}, "version": 0}).json()
    assert (put["version"], put["outcome"], put["wanted"]["rate"]) == (1, "pending", 20.0)
    wish = eventually(lambda: device.desired, "the wish")[-1].settings
    assert wish.values.players == ("Ada", "Bo")
    answer(device, SettingsReport(settled=1, values=wish.values))
    eventually(lambda: settings(cloud, device)["outcome"] == "applied", "the outcome")
    clash = cloud.put(path, json={"values": {}, "version": 0})
    assert (clash.status_code, "changed meanwhile" in clash.json()["detail"]) == (409, True)
    cloud.put(path, json={"values": {"source": "/dev/video7"}, "version": 1})
    answer(device, SettingsReport(settled=2, values=wish.values, refused="/dev/video7 gave no picture", safe=True))
    eventually(lambda: settings(cloud, device)["outcome"] == "refused", "the refusal")
    assert settings(cloud, device)["reason"] == "/dev/video7 gave no picture"
    assert settings(cloud, device)["safe"]


def test_models_and_settings_do_not_undo_each_other(cloud: httpx.Client, device: FakeDevice) -> None:
    stored = cloud.post("/api/v1/models", content=bundle_bytes(version="beside")).json()
    cloud.put(f"/api/v1/devices/{device.id}/settings", json={"values": {"name": "Left"}})
    cloud.post(f"/api/v1/devices/{device.id}/desired/models", json={"sha256": stored["sha256"]})
    cloud.put(f"/api/v1/devices/{device.id}/settings", json={"values": {"name": "Right"}})
    wish = eventually(lambda: len(device.desired) == 3 and device.desired, "three wishes")[-1]
    assert (wish.settings.values.name, wish.settings.asked, wish.models[0].asked) == ("Right", 3, 2)


@pytest.mark.parametrize(
    "values", [{"rate": 0}, {"rate": "x"}, {"players": ["one"]}, {"name": "x" * 41}, {"source": ""}, {"name": "a\nb"}]
)
def test_settings_that_make_no_sense_go_nowhere(
    cloud: httpx.Client, device: FakeDevice, values: dict[str, object]
) -> None:
    assert cloud.put(f"/api/v1/devices/{device.id}/settings", json={"values": values}).status_code == 422
    assert not device.desired


def test_a_device_that_is_not_well_is_degraded_and_says_why(cloud: httpx.Client, device: FakeDevice) -> None:
    problem = Problem(code=ProblemCode.HOT, text="the processor has 91 degrees")
    told = Telemetry(boot_id=device.boot, time=datetime.now(UTC), problems=(problem,), cpu=0.5, stages={"read": 4.0})
    device.send(Channel.TELEMETRY, told)
    eventually(lambda: shown(cloud, device.id)["status"] == "degraded", "the problem")
    now = shown(cloud, device.id)
    assert (now["reasons"], now["presence"]) == (["the processor has 91 degrees"], "online")
    assert now["telemetry"]["stages"] == {"read": 4.0}
    found = cloud.get("/api/v1/devices", params={"status": "degraded", "problem": "hot"}).json()
    assert [each["id"] for each in found["items"]] == [device.id]
    assert 'kubeddr_devices{presence="degraded"} 1.0' in cloud.get("/metrics").text
    device.send(Channel.TELEMETRY, told.model_copy(update={"problems": ()}))
    eventually(lambda: shown(cloud, device.id)["status"] == "online", "the recovery")
    device.vanish()
    eventually(lambda: shown(cloud, device.id)["status"] == "offline", "the will")


def test_devices_are_labelled_and_found(cloud: httpx.Client, device: FakeDevice) -> None:
    labels = {"site": "Hall 3", "tags": ["left", "floor=1"], "note": "beside the bar"}
    assert cloud.patch(f"/api/v1/devices/{device.id}", json=labels).json()["tags"] == ["floor=1", "left"]
    device.report(name="100% Cabinet_one")
    eventually(lambda: shown(cloud, device.id)["name"] == "100% Cabinet_one", "the report")
    for query in ({"q": "hall"}, {"q": "BAR"}, {"q": "100%"}, {"site": "Hall 3"}, {"tag": "left"}, {"tag": "floor=1"}):
        found = cloud.get("/api/v1/devices", params=query).json()
        assert ([each["id"] for each in found["items"]], found["total"]) == ([device.id], 1), query
    for query in ({"q": "%"}, {"q": "_"}, {"tag": "lef"}, {"site": "Hall"}, {"tag": "%"}):
        found = cloud.get("/api/v1/devices", params=query).json()
        hits = {each["id"] for each in found["items"]}
        assert hits <= {device.id}
        assert bool(hits) == (query.get("q") in {"%", "_"}), query
    assert shown(cloud, device.id)["site"] == "Hall 3"  # what devices tell does not undo it
    assert cloud.patch(f"/api/v1/devices/{device.id}", json={"tags": ["Two Words"]}).status_code == 422


def test_diagnostics_are_handed_in_once_and_by_the_device_that_was_asked(
    cloud: httpx.Client, device: FakeDevice, tmp_path: Path
) -> None:
    asked = cloud.post(f"/api/v1/devices/{device.id}/diagnostics").json()
    assert asked["url"] is None
    path = f"/api/v1/devices/{device.id}/diagnostics/{asked['id']}"
    assert cloud.get(path).status_code == 404
    mine, other = enrol(cloud, device.id, tmp_path / "mine"), enrol(cloud, "another", tmp_path)
    tries = ((other, b"x", 404), (mine, b"x" * (MOST + 1), 413), (mine, b"zip", 204), (mine, b"2", 404))
    for identity, data, status in tries:
        with httpx.Client(base_url=identity.place.url, verify=identity.tls(), trust_env=False) as client:
            assert client.put(f"{DIAGNOSTICS}/{asked['id']}", content=data).status_code == status
    assert cloud.get(path).content == b"zip"


def test_a_real_agent_is_let_in_set_up_and_looked_into(cloud: httpx.Client, tmp_path: Path) -> None:
    clips = [write_clip(tmp_path / f"{name}.mp4", song(2.0, fps=10), fps=10) for name in ("one", "two")]
    running = Running(tmp_path, str(clips[0]), url=str(cloud.base_url), token=token(cloud, "cabinet-1"))
    soon(lambda: cloud.get("/api/v1/devices/cabinet-1").status_code == 200, 20)
    soon(lambda: shown(cloud, "cabinet-1")["presence"] == "online", 20)
    before = running.agent.board.view()
    values = Settings(name="Renamed", players=("Ada", "Bo"), rate=15, source=str(clips[1])).model_dump(mode="json")
    cloud.put("/api/v1/devices/cabinet-1/settings", json={"values": values})
    path = "/api/v1/devices/cabinet-1/settings"
    soon(lambda: cloud.get(path).json()["outcome"] == "applied", 40)
    assert shown(cloud, "cabinet-1")["source"] == str(clips[1])
    view = running.agent.board.view()
    assert (view["device"], view["players"], before["device"]) == ("Renamed", ["Ada", "Bo"], "First cabinet")
    cloud.put(path, json={"values": {"source": "/nowhere.mp4", "name": "Renamed"}})
    soon(lambda: cloud.get(path).json()["outcome"] == "refused", 40)
    assert "There is no /nowhere.mp4" in cloud.get(path).json()["reason"]
    assert shown(cloud, "cabinet-1")["source"] == str(clips[1])
    asked = cloud.post("/api/v1/devices/cabinet-1/diagnostics").json()
    soon(lambda: cloud.get(f"/api/v1/devices/cabinet-1/diagnostics/{asked['id']}").status_code == 200, 20)
    data = cloud.get(f"/api/v1/devices/cabinet-1/diagnostics/{asked['id']}").content
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert {"reported.json", "telemetry.json", "log.txt", "machine.json"} <= set(archive.namelist())
        assert b"PRIVATE" not in b"".join(archive.read(name) for name in archive.namelist())
    told = soon(lambda: (now := shown(cloud, "cabinet-1"))["telemetry"]["clock_off"] is not None and now, 20)
    assert told["telemetry"]["stages"]["read"] > 0
    assert told["telemetry"]["disk_free"] > 0
    assert abs(told["telemetry"]["clock_off"]) < 5
    running.stop()
    soon(lambda: shown(cloud, "cabinet-1")["reasons"] == ["the agent was stopped"], 10)
