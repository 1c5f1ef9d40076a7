from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from contract.codec import encode
from contract.ids import BootId, MatchId
from contract.messages import ActiveModel, MatchProgress, MatchStarted, ModelPhase, Status, UnknownBody
from contract.topics import TOPICS, Channel
from control_plane.broker import mosquitto
from tests.cloud_bundle import bundle_bytes
from tests.cloud_fakes import PATIENCE, FakeDevice, control_plane, eventually, match_bodies

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

NOBODYS = "01890a5d-ac96-774b-bcce-b302099a8057"  # no match of ours


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int]]:
    with mosquitto(tmp_path_factory.mktemp("broker")) as address:
        yield address


@pytest.fixture(scope="module")
def cloud(broker: tuple[str, int], tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with control_plane(tmp_path_factory.mktemp("cloud"), broker) as client:
        yield client


@pytest.fixture
def device(broker: tuple[str, int], request: pytest.FixtureRequest) -> Iterator[FakeDevice]:
    name = request.node.name.replace("_", "-").replace("test-", "")[:60].strip("-")
    made = FakeDevice(broker, name)
    yield made
    made.close()


def shown(cloud: httpx.Client, device: FakeDevice) -> dict[str, Any]:
    answer = cloud.get(f"/api/v1/devices/{device.id}")
    return dict(answer.json()) if answer.status_code == 200 else {"presence": "unknown"}


def is_(cloud: httpx.Client, device: FakeDevice, presence: str) -> bool:
    return bool(shown(cloud, device)["presence"] == presence)


def the_match(cloud: httpx.Client, match: MatchId) -> dict[str, Any]:
    answer = cloud.get(f"/api/v1/matches/{match}")
    return dict(answer.json()) if answer.status_code == 200 else {}


def metric(cloud: httpx.Client, name: str) -> float:
    lines = cloud.get("/metrics").text.splitlines()
    return float(next(line.split()[-1] for line in lines if line.startswith(f"{name} ")))


def test_a_match_comes_out_whole(cloud: httpx.Client, device: FakeDevice) -> None:
    match = MatchId.mint()
    for body in match_bodies(match):
        device.tell(body)
    eventually(lambda: device.receipted() == 7, "the receipt")
    found = the_match(cloud, match)
    assert found["match"]["state"] == "finished"
    assert (found["match"]["p1"], found["match"]["p2"], found["match"]["winner"]) == (900_000, 800_000, 1)
    assert (found["match"]["digits"], found["match"]["historical"]) == (7, False)
    assert [sample["p1"] for sample in found["samples"]] == [180_000, 360_000, 540_000, 720_000, 900_000]
    listed = cloud.get("/api/v1/matches", params={"device": device.id}).json()
    assert (listed["total"], listed["items"][0]["id"]) == (1, match)


def test_an_event_sent_twice_is_there_once(cloud: httpx.Client, device: FakeDevice) -> None:
    match = MatchId.mint()
    events = [device.event(body) for body in match_bodies(match, samples=3)]
    before = metric(cloud, "kubeddr_events_repeated_total")
    for event in (*events, *events):
        device.send(Channel.EVENTS, event)
    eventually(lambda: metric(cloud, "kubeddr_events_repeated_total") >= before + 5, "the repetition")
    assert len(the_match(cloud, match)["samples"]) == 3
    assert device.receipted() == 5


def test_receipts_wait_for_a_gap_and_then_pass_it(cloud: httpx.Client, device: FakeDevice) -> None:
    events = [device.event(body) for body in match_bodies(MatchId.mint(), samples=3)]
    for event in (events[0], events[2], events[3]):
        device.send(Channel.EVENTS, event)
    eventually(lambda: device.receipts, "the first receipt")
    eventually(lambda: cloud.get("/api/v1/matches", params={"device": device.id}).json()["total"], "the match")
    assert device.receipted() == 1
    device.send(Channel.EVENTS, events[1])
    eventually(lambda: device.receipted() == 4, "the receipt over the gap")


def test_what_a_device_no_longer_holds_is_not_waited_for(cloud: httpx.Client, device: FakeDevice) -> None:
    device.seq = 41
    event = device.event(MatchStarted(match_id=MatchId.mint(), t=0)).model_copy(update={"oldest": 42})
    device.send(Channel.EVENTS, event)
    eventually(lambda: device.receipted() == 42, "the receipt")


def test_a_match_that_comes_late_comes_out_whole(cloud: httpx.Client, device: FakeDevice) -> None:
    match = MatchId.mint()
    events = [device.event(body, historical=True) for body in match_bodies(match)]
    for event in reversed(events):  # as bad as it can get
        device.send(Channel.EVENTS, event)
    eventually(lambda: device.receipted() == len(events), "the receipt")
    found = the_match(cloud, match)
    assert found["match"]["historical"] is True
    assert (found["match"]["state"], found["match"]["p1"]) == ("finished", 900_000)
    assert [sample["seq"] for sample in found["samples"]] == [2, 3, 4, 5, 6]
    assert found["match"]["prediction"]["p1_win"] == 1.0


def test_malformed_messages_are_kept_aside_and_the_stream_goes_on(cloud: httpx.Client, device: FakeDevice) -> None:
    before = metric(cloud, "kubeddr_messages_set_aside_total")
    good = device.event(MatchStarted(match_id=MatchId.mint(), t=0))
    device.send(Channel.EVENTS, good)
    spoilt = device.event(MatchStarted(match_id=MatchId.mint(), t=0))
    for payload in (b"", b"\xff\xfe", b"[" * 5000, b'{"boot_id": 1}', encode(spoilt).replace(b'"t":0.0', b'"t":"x"')):
        device.send_bytes(Channel.EVENTS, payload)
    device.client.publish(f"kubeddr/v1/NOT-{device.id}/events", b"{}", qos=1)
    device.client.publish(f"kubeddr/v1/{device.id}/status", b"\0", qos=1)
    device.tell(UnknownBody(kind="crowd_cheered"))
    # the unreadable one has a place in the order, so the receipt passes it; the one of an unknown kind is kept
    eventually(lambda: device.receipted() == 3, "the receipt")
    eventually(lambda: metric(cloud, "kubeddr_messages_set_aside_total") == before + 7, "seven set aside")
    letters = cloud.get("/api/v1/dead-letters").json()
    assert letters["total"] >= 7
    reasons = " ".join(letter["reason"] for letter in letters["items"])
    assert "match_started.t" in reasons
    assert "is no DeviceId" in reasons


def test_a_will_tells_that_a_device_is_gone(cloud: httpx.Client, device: FakeDevice) -> None:
    eventually(lambda: is_(cloud, device, "online"), "the birth")
    device.vanish()
    eventually(lambda: is_(cloud, device, "offline"), "the will")
    assert shown(cloud, device)["since"] > shown(cloud, device)["first_seen"]


def test_a_late_will_of_an_earlier_boot_takes_nobody_offline(cloud: httpx.Client, device: FakeDevice) -> None:
    eventually(lambda: is_(cloud, device, "online"), "the birth")
    device.send(Channel.STATUS, Status(boot_id=BootId.mint(), online=False, connection=9))
    device.report(name="still here")
    eventually(lambda: shown(cloud, device).get("name") == "still here", "the report after the will")
    assert is_(cloud, device, "online")
    assert shown(cloud, device)["boot_id"] == device.boot


def test_a_match_of_a_boot_that_is_over_is_interrupted(
    cloud: httpx.Client, broker: tuple[str, int], device: FakeDevice
) -> None:
    match = MatchId.mint()
    device.tell(MatchStarted(match_id=match, t=0))
    eventually(lambda: the_match(cloud, match).get("match", {}).get("state") == "running", "the match")
    device.vanish()
    again = FakeDevice(broker, device.id)
    eventually(lambda: the_match(cloud, match)["match"]["state"] == "interrupted", "the interruption")
    again.close()


def test_changes_are_on_the_live_stream_at_once(cloud: httpx.Client, device: FakeDevice) -> None:
    match = MatchId.mint()
    eventually(lambda: is_(cloud, device, "online"), "the birth")
    heard: list[tuple[float, str, dict[str, Any]]] = []
    listening = threading.Event()
    done = threading.Event()

    def listen() -> None:
        event = ""
        with cloud.stream("GET", "/api/v1/live", params={"device": device.id}) as stream:
            for line in stream.iter_lines():
                if line.startswith("event: "):
                    event = line.removeprefix("event: ")
                    listening.set()
                elif line.startswith("data: "):
                    heard.append((time.monotonic(), event, json.loads(line.removeprefix("data: "))))
                if any(name == "samples" for _, name, _ in heard):
                    break
        done.set()

    thread = threading.Thread(target=listen)
    thread.start()
    assert listening.wait(PATIENCE)
    device.tell(MatchStarted(match_id=match, t=0))
    sent = time.monotonic()
    device.tell(MatchProgress(match_id=match, t=0.5, p1=10, p2=20))
    assert done.wait(PATIENCE)
    thread.join()
    at, _, chart = next(each for each in heard if each[1] == "samples")
    assert (chart["match"], chart["samples"][0]["p2"]) == (match, 20)
    assert at - sent < 1.0  # the promise to whoever watches
    assert [data["state"] for _, name, data in heard if name == "match"][-1] == "running"


def test_the_live_stream_tells_only_what_it_was_asked_for(cloud: httpx.Client, device: FakeDevice) -> None:
    match, other = MatchId.mint(), MatchId.mint()
    with cloud.stream("GET", "/api/v1/live", params={"match": match}) as stream:
        lines = stream.iter_lines()
        next(line for line in lines if line.startswith("event: beat"))
        for each in (other, match):
            device.tell(MatchStarted(match_id=each, t=0))
        told = next(line for line in lines if line.startswith("data: ") and '"digits"' in line)
    assert json.loads(told.removeprefix("data: "))["id"] == match


def push(cloud: httpx.Client, data: bytes) -> dict[str, Any]:
    answer = cloud.post("/api/v1/models", content=data)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def test_a_model_goes_out(cloud: httpx.Client, broker: tuple[str, int], device: FakeDevice) -> None:
    data = bundle_bytes(version="7")
    stored = push(cloud, data)
    device.report()
    eventually(lambda: shown(cloud, device).get("agent_version"), "the report")
    asked = cloud.post(f"/api/v1/devices/{device.id}/desired/models", json={"sha256": stored["sha256"]}).json()
    assert (asked["version"], asked["models"][0]["outcome"]) == (1, "pending")
    wish = eventually(lambda: device.desired, "the desired document")[0]
    model = wish.models[0]
    assert (model.name, model.version, model.size, wish.version) == ("reader", "7", len(data), 1)
    # the document is retained: a device that comes later finds it
    late = FakeDevice(broker, device.id, connect=False)
    device.close()
    late.connect()
    assert eventually(lambda: late.desired, "the retained document")[0] == wish
    # the download goes on where it broke off
    path = f"/api/v1/models/{model.sha256}/bundle"
    first = cloud.get(path, headers={"Range": "bytes=0-999"})
    rest = cloud.get(path, headers={"Range": "bytes=1000-"})
    assert (first.status_code, rest.status_code) == (206, 206)
    assert first.content + rest.content == data
    late.step(model, wish.version, ModelPhase.ANNOUNCED)
    late.step(model, wish.version, ModelPhase.VERIFIED)
    late.step(model, wish.version, ModelPhase.COMMITTED)
    late.report(ActiveModel(kind=model.kind, name="reader", version="7", sha256=model.sha256), settled=1)
    path = f"/api/v1/devices/{device.id}/desired"
    eventually(lambda: cloud.get(path).json()["models"][0]["outcome"] == "committed", "the activation")
    eventually(lambda: shown(cloud, device)["reported_version"] == 1, "the report")
    assert shown(cloud, device)["models"][0]["version"] == "7"
    late.close()


def test_a_refusal_comes_back_with_its_reason_and_a_new_wish_starts_afresh(
    cloud: httpx.Client, device: FakeDevice
) -> None:
    eventually(lambda: is_(cloud, device, "online"), "the birth")
    stored = push(cloud, bundle_bytes(version="bad"))
    path = f"/api/v1/devices/{device.id}/desired"
    cloud.post(f"{path}/models", json={"sha256": stored["sha256"]})
    wish = eventually(lambda: device.desired, "the desired document")[0]
    device.step(wish.models[0], wish.version, ModelPhase.REFUSED, "off by 0.31, allowed 0.05")
    eventually(lambda: cloud.get(path).json()["models"][0]["outcome"] == "refused", "the refusal")
    assert cloud.get(path).json()["models"][0]["reason"] == "off by 0.31, allowed 0.05"
    again = cloud.post(f"{path}/models", json={"sha256": stored["sha256"]}).json()
    assert (again["version"], again["models"][0]["asked"], again["models"][0]["outcome"]) == (2, 2, "pending")
    other = push(cloud, bundle_bytes(name="stern", kind="winner"))
    both = cloud.post(f"{path}/models", json={"sha256": other["sha256"]}).json()
    assert [(model["kind"], model["asked"]) for model in both["models"]] == [("reader", 2), ("winner", 3)]


def test_a_wish_is_above_what_the_device_remembers(cloud: httpx.Client, device: FakeDevice) -> None:
    device.report(settled=17)
    eventually(lambda: shown(cloud, device).get("reported_version") == 17, "the report")
    stored = push(cloud, bundle_bytes())
    asked = cloud.post(f"/api/v1/devices/{device.id}/desired/models", json={"sha256": stored["sha256"]}).json()
    assert asked["version"] == 18


@pytest.mark.parametrize(
    ("method", "path", "status", "says"),
    [
        ("GET", "/api/v1/devices/nobody", 404, "No device nobody has ever reported"),
        ("GET", "/api/v1/devices/No%20body", 422, "device"),
        ("GET", f"/api/v1/matches/{NOBODYS}", 404, "There is no match"),
        ("GET", f"/api/v1/models/{'0' * 64}/bundle", 404, "There is no model"),
        ("GET", "/api/v1/models/..%2f..%2fetc", 404, ""),
        ("GET", "/api/v1/devices?limit=0", 422, "limit"),
        ("GET", "/nowhere", 404, ""),
        ("DELETE", "/api/v1/devices", 405, ""),
        ("POST", "/api/v1/models", 422, "not a whole zip file"),
    ],
)
def test_faults_are_problems_in_words(cloud: httpx.Client, method: str, path: str, status: int, says: str) -> None:
    answer = cloud.request(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert says in answer.json()["detail"]
    assert TOPICS.root not in answer.json()["title"]


@pytest.mark.parametrize("path", ["/", "/matches", f"/matches/{NOBODYS}", "/devices/x", "/models"])
def test_pages_need_nothing_from_outside(cloud: httpx.Client, path: str) -> None:
    answer = cloud.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-security-policy"].startswith("default-src 'self'")
    assert "http://" not in answer.text
    assert "https://" not in answer.text


def test_pages_of_lists_say_how_much_there_is(cloud: httpx.Client, broker: tuple[str, int]) -> None:
    fleet = [FakeDevice(broker, f"page-{number}") for number in range(3)]
    eventually(lambda: all(is_(cloud, each, "online") for each in fleet), "three births")
    whole = cloud.get("/api/v1/devices").json()
    part = cloud.get("/api/v1/devices", params={"limit": 2, "offset": 1}).json()
    assert part["total"] == whole["total"]
    assert part["items"][0]["id"] == whole["items"][1]["id"]
    for each in fleet:
        each.close()


def test_health_and_metrics(cloud: httpx.Client) -> None:
    assert cloud.get("/healthz").json()["status"] == "ok"
    assert cloud.get("/readyz").json() == {"status": "ok", "missing": []}
    assert metric(cloud, "kubeddr_broker_connected") == 1.0
    assert cloud.get("/api/v1/info").json()["broker"].startswith("127.0.0.1:")
