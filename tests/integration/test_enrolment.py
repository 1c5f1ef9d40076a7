"""How devices come in, what they may do at the broker, and how they are shut out; with a real mosquitto."""

from __future__ import annotations

import json
import ssl
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import paho.mqtt.client as paho
import pytest
from cryptography import x509
from paho.mqtt.enums import CallbackAPIVersion

from contract.codec import encode
from contract.enrolment import RENEWAL, STANDING, claim_code
from contract.ids import BootId, DeviceId, MatchId, Sha256
from contract.messages import MatchStarted, ModelAssignment, ModelKind, Status
from contract.topics import TOPICS, Channel
from contract.trust import METADATA, target_name, target_path
from control_plane.authority.ca import Authority
from edge_agent.backoff import Backoff
from edge_agent.enrolment.ask import Applicant, Waiting, ask
from edge_agent.enrolment.identity import Identity, Key, Wallet
from edge_agent.enrolment.keeper import DISCOVER, Ears, Keeper
from edge_agent.errors import EnrolmentRefusedError
from edge_agent.updates.fetch import fetch
from edge_agent.updates.signed import Source
from edge_agent.updates.store import ModelStore
from tests.cloud_bundle import bundle_bytes
from tests.cloud_fakes import PATIENCE, FakeDevice, control_plane, eventually
from tests.enrolled import broker_of, enrol, token

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with control_plane(tmp_path_factory.mktemp("cloud"), None, broker_port=0) as client:
        yield client


def presence(cloud: httpx.Client, device: str) -> str:
    answer = cloud.get(f"/api/v1/devices/{device}")
    return str(answer.json()["presence"]) if answer.is_success else "unknown"


def connect(identity: Identity, name: str) -> FakeDevice:
    return FakeDevice(broker_of(identity), name, tls=identity.tls())


def test_a_person_compares_the_code_and_lets_the_device_in(cloud: httpx.Client, tmp_path: Path) -> None:
    wallet, applicant = Wallet(tmp_path), Applicant(DeviceId("by-code"), serial="1000000abc")
    key = wallet.waiting_key()
    told = ask(str(cloud.base_url), applicant, key, wallet)
    assert isinstance(told, Waiting)
    assert wallet.waiting_key().public == key.public  # a restart shows the same code
    waiting = {each["code"]: each for each in cloud.get("/api/v1/enrolments?state=pending").json()["items"]}
    assert waiting[told.code]["serial"] == "1000000abc"
    assert cloud.post("/api/v1/enrolments/AAAA-AAAA-AAAA/accept", json={}).status_code == 404
    accepted = cloud.post(f"/api/v1/enrolments/{told.code.lower()}/accept", json={"device": "renamed"})
    assert accepted.json()["decided_by"] == "admin"
    identity = ask(str(cloud.base_url), applicant, key, wallet)
    assert isinstance(identity, Identity)
    assert identity.device == "renamed"
    assert (tmp_path / "identity.pem").stat().st_mode & 0o077 == 0
    device = connect(identity, "renamed")
    device.tell(MatchStarted(match_id=MatchId.mint(), t=0))
    eventually(lambda: device.receipted() == 1, "the receipt")
    assert presence(cloud, "renamed") == "online"
    device.close()


def test_who_is_refused_stays_out(cloud: httpx.Client, tmp_path: Path) -> None:
    wallet, applicant = Wallet(tmp_path), Applicant(DeviceId("unwanted"))
    key = wallet.waiting_key()
    told = ask(str(cloud.base_url), applicant, key, wallet)
    assert isinstance(told, Waiting)
    cloud.post(f"/api/v1/enrolments/{told.code}/refuse", json={"reason": "not ours"})
    with pytest.raises(EnrolmentRefusedError, match="not ours"):
        ask(str(cloud.base_url), applicant, key, wallet)


def test_a_token_lets_one_device_in_once(cloud: httpx.Client, tmp_path: Path) -> None:
    secret = token(cloud, None)
    wallets = [Wallet(tmp_path / str(number)) for number in range(2)]
    told = [
        ask(str(cloud.base_url), Applicant(DeviceId(f"by-token-{n}"), token=secret), wallet.waiting_key(), wallet)
        for n, wallet in enumerate(wallets)
    ]
    assert [isinstance(each, Identity) for each in told] == [True, False]


def test_a_token_that_names_another_authority_is_not_told_to_anybody(cloud: httpx.Client, tmp_path: Path) -> None:
    secret = token(cloud, None)
    forged = f"{secret.partition('.')[0]}.{'0' * 32}"
    wallet = Wallet(tmp_path)
    with pytest.raises(EnrolmentRefusedError, match="not the control plane that made the token"):
        ask(str(cloud.base_url), Applicant(DeviceId("careful"), token=forged), wallet.waiting_key(), wallet)
    listed = cloud.get("/api/v1/enrolments", params={"limit": 500}).json()["items"]
    assert "careful" not in {each["device"] for each in listed}


def test_somebody_in_between_shows_another_code(tmp_path: Path) -> None:
    key = Key.make().public
    one, two = (Authority(tmp_path / name, ["localhost"]).der for name in ("one", "two"))
    assert claim_code(key, one) != claim_code(key, two)
    assert claim_code(key, one) == claim_code(key, one)
    assert claim_code(Key.make().public, one) != claim_code(key, one)


def test_an_approved_serial_comes_in_once_and_takes_no_name_that_is_taken(cloud: httpx.Client, tmp_path: Path) -> None:
    enrol(cloud, "taken", tmp_path)
    assert cloud.post("/api/v1/approvals/serials", json={"serial": "S-1"}).status_code == 204
    for name, let_in in (("taken", False), ("by-serial", True), ("by-serial-2", False)):
        wallet = Wallet(tmp_path / f"{name}-s")
        told = ask(str(cloud.base_url), Applicant(DeviceId(name), serial="S-1"), wallet.waiting_key(), wallet)
        assert isinstance(told, Identity) == let_in, name


def test_a_device_publishes_and_hears_on_its_own_topics_only(cloud: httpx.Client, tmp_path: Path) -> None:
    honest, liar = (enrol(cloud, name, tmp_path) for name in ("honest", "liar"))
    device = connect(honest, "honest")
    eventually(lambda: presence(cloud, "honest") == "online", "the birth")
    heard: list[str] = []
    granted = threading.Event()
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="honest", protocol=paho.MQTTv5)
    client.tls_set_context(liar.tls())
    client.on_message = lambda _c, _d, message: heard.append(message.topic)
    client.on_subscribe = lambda *_: granted.set()
    codes: dict[int, int] = {}
    client.on_publish = lambda _c, _d, mid, code, _p: codes.update({mid: code.value})
    client.connect(*broker_of(liar))
    client.loop_start()
    client.subscribe([("kubeddr/#", 1), ("#", 1), ("$SYS/#", 1), ("kubeddr/v1/honest/receipt", 1)])
    assert granted.wait(PATIENCE)
    will = encode(Status(boot_id=device.boot, online=False, connection=1))
    forged = {
        TOPICS.build(DeviceId("honest"), Channel.STATUS): will,
        TOPICS.build(DeviceId("honest"), Channel.EVENTS): encode(
            device.event(MatchStarted(match_id=MatchId.mint(), t=0))
        ),
        TOPICS.build(DeviceId("liar"), Channel.DESIRED): b"{}",
        TOPICS.build(DeviceId("honest"), Channel.DESIRED): b"{}",
        "kubeddr/v1/liar/extra/status": b"{}",
        "elsewhere": b"{}",
    }
    sent = {topic: client.publish(topic, payload, qos=1).mid for topic, payload in forged.items()}
    own = client.publish(
        TOPICS.build(DeviceId("liar"), Channel.STATUS), encode(Status(boot_id=BootId.mint(), online=True)), 1
    )
    eventually(lambda: own.mid in codes and set(sent.values()) <= set(codes), "the answers")
    assert {topic: codes[mid] for topic, mid in sent.items()} == dict.fromkeys(sent, 0x87)  # not authorized
    assert codes[own.mid] in {0, 0x10}
    device.seq = 0
    device.tell(MatchStarted(match_id=MatchId.mint(), t=1))
    eventually(lambda: device.receipted() == 1, "the honest one's receipt")
    assert presence(cloud, "honest") == "online"  # the client id that was claimed took nothing over
    assert not [topic for topic in heard if "honest" in topic]
    client.disconnect()
    client.loop_stop()
    device.close()


def test_without_a_certificate_of_ours_nobody_comes_in(cloud: httpx.Client, tmp_path: Path) -> None:
    identity = enrol(cloud, "with-papers", tmp_path)
    host, port = broker_of(identity)
    open_door = ssl.create_default_context(cafile=str(identity.folder / "authority.pem"))
    strange = Authority(tmp_path / "strange", ["localhost"])
    (tmp_path / "strange" / "mixed.pem").write_bytes((identity.folder / "authority.pem").read_bytes())
    forged = ssl.create_default_context(cafile=str(tmp_path / "strange" / "mixed.pem"))
    forged.load_cert_chain(strange.path("client.pem"), strange.path("client.key"))
    for context in (open_door, forged):
        client = paho.Client(CallbackAPIVersion.VERSION2, client_id="x")
        client.tls_set_context(context)
        connected: list[Any] = []
        client.on_connect = lambda *_a, seen=connected: seen.append(1)
        try:
            client.connect(host, port)
            end = time.monotonic() + 1
            while time.monotonic() < end and client.loop(0.1) == 0:
                pass
        except (ssl.SSLError, OSError):
            pass
        assert not connected
        with pytest.raises(httpx.HTTPError):
            httpx.get(identity.place.url + STANDING, verify=context, trust_env=False)
    plain = paho.Client(CallbackAPIVersion.VERSION2)
    plain.connect(host, port)
    eventually(lambda: plain.loop(0.1) != paho.MQTT_ERR_SUCCESS, "the end of a connection in the clear")
    assert not plain.is_connected()


def test_a_revoked_device_falls_silent_at_once_and_comes_back_only_by_a_person(
    cloud: httpx.Client, tmp_path: Path
) -> None:
    identity = enrol(cloud, "stolen", tmp_path)
    device = connect(identity, "stolen")
    device.tell(MatchStarted(match_id=MatchId.mint(), t=0))
    eventually(lambda: device.receipted() == 1, "the receipt")
    answer = cloud.post("/api/v1/devices/stolen/revoke", json={"reason": "it was stolen"})
    assert answer.json() == {"certificates": 1}
    with httpx.Client(base_url=identity.place.url, verify=identity.tls(), trust_env=False) as client:
        refused = client.get(STANDING)
    assert (refused.status_code, "it was stolen" in refused.text) == (403, True)

    def silenced() -> bool:
        before = cloud.get("/metrics").text
        count = next(line for line in before.splitlines() if line.startswith("kubeddr_events_inserted_total"))
        device.tell(MatchStarted(match_id=MatchId.mint(), t=2))
        time.sleep(0.3)
        after = cloud.get("/metrics").text
        return count in after

    eventually(silenced, "silence on the open connection")
    device.close()

    def refused_now() -> bool:
        client = paho.Client(CallbackAPIVersion.VERSION2, client_id="stolen")
        client.tls_set_context(identity.tls())
        let_in: list[int] = []
        client.on_connect = lambda _c, _d, _f, code, _p: let_in.append(code.value)
        try:
            client.connect(*broker_of(identity))
            end = time.monotonic() + 1
            while time.monotonic() < end and not let_in and client.loop(0.05) == 0:
                pass
        except (ssl.SSLError, OSError):
            return True
        client.disconnect()
        return not let_in

    eventually(refused_now, "the broker's refusal of the revoked certificate")
    anew = enrol(cloud, "stolen", tmp_path / "anew")  # a token that names it: somebody wants it back
    back = connect(anew, "stolen")
    back.tell(MatchStarted(match_id=MatchId.mint(), t=3))
    eventually(lambda: back.receipted() == 1, "the receipt")
    assert refused_now()
    back.close()


def test_a_wiped_device_comes_in_anew_and_its_old_certificate_counts_no_more(
    cloud: httpx.Client, tmp_path: Path
) -> None:
    before = enrol(cloud, "wiped", tmp_path / "before")
    wallet = Wallet(tmp_path / "after")
    generic = Applicant(DeviceId("wiped"), token=token(cloud, None))
    told = ask(str(cloud.base_url), generic, wallet.waiting_key(), wallet)
    assert isinstance(told, Waiting)  # nobody said that this token may take the name over
    taken = cloud.post(f"/api/v1/enrolments/{told.code}/accept", json={})
    assert (taken.status_code, "replace it if it was wiped" in taken.json()["detail"]) == (409, True)
    cloud.post(f"/api/v1/enrolments/{told.code}/accept", json={"replace": True})
    after = ask(str(cloud.base_url), generic, wallet.waiting_key(), wallet)
    assert isinstance(after, Identity)
    for identity, status in ((before, 403), (after, 200)):
        with httpx.Client(base_url=identity.place.url, verify=identity.tls(), trust_env=False) as client:
            assert client.get(STANDING).status_code == status
    listed = cloud.get("/api/v1/certificates", params={"device": "wiped"}).json()["items"]
    assert [bool(each["revoked"]) for each in listed] == [False, True]


def test_a_certificate_is_renewed_with_a_new_key(cloud: httpx.Client, tmp_path: Path) -> None:
    identity = enrol(cloud, "lasting", tmp_path)
    wallet = Wallet(tmp_path / "lasting")
    assert not identity.due(datetime.now(UTC))
    assert identity.due(identity.ends - timedelta(days=20))
    key = Key.make()
    with httpx.Client(base_url=identity.place.url, verify=identity.tls(), trust_env=False) as client:
        answer = client.post(RENEWAL, json={"csr": key.request("somebody-else")})
        assert answer.status_code == 200
        wallet.replace(key, answer.text)
        assert client.post(RENEWAL, json={"csr": "-----BEGIN X-----\nx\n-----END X-----\n"}).status_code == 422
        with pytest.raises(ValueError, match="another key"):
            wallet.replace(Key.make(), answer.text)
    renewed = wallet.identity()
    assert renewed is not None
    assert renewed.device == "lasting"  # whatever the request calls itself
    certificate = x509.load_pem_x509_certificate((wallet.folder / "identity.pem").read_bytes())
    assert certificate.serial_number != 0
    device = connect(renewed, "lasting")
    device.tell(MatchStarted(match_id=MatchId.mint(), t=0))
    eventually(lambda: device.receipted() == 1, "the receipt")
    device.close()


def test_devices_fetch_models_with_their_certificate(cloud: httpx.Client, tmp_path: Path) -> None:
    data = bundle_bytes(version="by-certificate")
    stored = cloud.post("/api/v1/models", content=data).json()
    identity = enrol(cloud, "fetching", tmp_path)
    wanted = ModelAssignment(
        kind=ModelKind.READER,
        name="reader",
        version="by-certificate",
        sha256=stored["sha256"],
        size=len(data),
        path="/",
        target=target_name("reader", "by-certificate"),
    )
    source = Source(identity.place.url, identity.root(), identity.tls())
    assert fetch(wanted, source, ModelStore(tmp_path / "models")).read_bytes() == data
    with httpx.Client(base_url=identity.place.url, verify=identity.tls(), trust_env=False) as client:
        assert client.get(f"{METADATA}/timestamp.json").status_code == 200
        assert client.get(f"{METADATA}/99.root.json").status_code == 404
        assert client.get(f"{METADATA}/..%2Fkeys.json").status_code in {404, 422}
        assert client.get(target_path(wanted.target, Sha256("0" * 64))).status_code == 404
        assert client.get("/api/v1/devices").status_code == 404  # nothing else is behind this door


class Told:
    """What a keeper tells."""

    def __init__(self) -> None:
        self.claims: list[tuple[str, str, str]] = []
        self.identities: list[Identity] = []
        self.ears = Ears(
            lambda *claim: self.claims.append(claim), self.identities.append, lambda: True, lambda _drift: None
        )


def test_the_keeper_finds_the_control_plane_by_multicast_waits_and_comes_back_when_shut_out(tmp_path: Path) -> None:
    with control_plane(tmp_path / "cloud", None, broker_port=0, discoverable=True) as cloud:
        told = Told()
        quick = Backoff(0.1, 0.2)
        keeper = Keeper(
            DISCOVER,
            Applicant(DeviceId("kept")),
            Wallet(tmp_path / "kept"),
            told.ears,
            backoff=quick,
            interfaces=["127.0.0.1"],
        )
        keeper.start()
        code = eventually(lambda: next((claim[0] for claim in told.claims if claim[0]), None), "the code", 30)
        assert told.claims[-1][1] == str(cloud.base_url).rstrip("/")
        cloud.post(f"/api/v1/enrolments/{code}/accept", json={})
        first = eventually(lambda: told.identities, "the identity")[0]
        assert first.device == "kept"
        cloud.post("/api/v1/devices/kept/revoke", json={})
        keeper.check_soon()
        again = eventually(lambda: told.claims[-1][0] not in {"", code} and told.claims[-1][0], "another code")
        cloud.post(f"/api/v1/enrolments/{again}/accept", json={})
        eventually(lambda: len(told.identities) == 2, "another identity")
        keeper.close(5)


def test_requests_that_are_none_are_told(cloud: httpx.Client) -> None:
    rsa = "-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----\n"
    for body in ({}, {"device": "x", "csr": "x"}, {"device": "X!", "csr": rsa}, {"device": "x", "csr": rsa}):
        answer = cloud.post("/api/v1/enrolment", content=json.dumps(body))
        assert answer.status_code == 422
        assert answer.headers["content-type"] == "application/problem+json"
