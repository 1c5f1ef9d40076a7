"""What strangers and broken clients send to the API: no error of ours, and every fault is told as one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.core.result import Ok

from control_plane.api.bounds import MOST
from control_plane.broker import mosquitto
from tests.cloud_fakes import FakeDevice, control_plane, eventually
from tests.people import SIGNED_IN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from schemathesis.schemas import BaseSchema

ENDLESS = "/api/v1/live"


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    folder = tmp_path_factory.mktemp("cloud")
    with mosquitto(folder / "broker") as broker, control_plane(folder / "data", broker) as client:
        FakeDevice(broker, "x").close()  # so that something is there to be found
        eventually(lambda: client.get("/api/v1/devices/x").is_success, "the device")
        yield client


@pytest.fixture(scope="module")
def api(cloud: httpx.Client) -> BaseSchema:
    document = cloud.get("/openapi.json").json()
    document["paths"].pop(ENDLESS)
    schema = schemathesis.openapi.from_dict(document)
    schema.config.update(base_url=str(cloud.base_url))
    return schema


def test_no_request_ends_in_an_error_of_ours(api: BaseSchema) -> None:
    walked = 0
    for found in api.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()
        walked += 1

        @given(operation.as_strategy())
        @settings(max_examples=12, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        def send(case: Any) -> None:
            response = case.call(headers=SIGNED_IN)
            assert response.status_code < 500, (case.method, case.path, response.text)
            if response.status_code >= 400:
                assert "application/problem+json" in str(response.headers["content-type"]), (case.path, response.text)
                assert response.json()["status"] == response.status_code

        send()
    assert walked > 40


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/v1/session", b'{"secret": "\\ud800"}'),
        ("/api/v1/session", b'{"secret": ' + b"[" * 5000),
        ("/api/v1/session", b"\xff\xfe"),
        ("/api/v1/enrolment", b'{"device": "x", "csr": "\\u0000"}'),
        ("/api/v1/operators", b'{"name": "a\\u0000b", "role": "viewer"}'),
        ("/api/v1/operators", b'{"name": "' + b"a" * 500_000 + b'", "role": "viewer"}'),
        ("/api/v1/operators/admin/tokens", b'{"days": 1e999}'),
        ("/api/v1/operators/admin/tokens", b'{"days": 99999999999999999999}'),
    ],
)
def test_odd_bodies_are_told(cloud: httpx.Client, path: str, body: bytes) -> None:
    answer = cloud.post(path, content=body, headers={"Content-Type": "application/json"})
    assert 400 <= answer.status_code < 500
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_body_that_is_too_large_is_refused_announced_or_not(cloud: httpx.Client) -> None:
    assert cloud.post("/api/v1/enrolment", content=b"x" * (MOST + 1)).status_code == 413

    def endless() -> Iterator[bytes]:
        for _ in range(64):
            yield b"x" * 65536

    try:
        status = cloud.post("/api/v1/enrolment", content=endless()).status_code
    except httpx.HTTPError:  # cut off while it still sends
        status = 413
    assert status == 413
    assert cloud.get("/healthz").is_success


def test_the_pages_of_a_list_hold_together(cloud: httpx.Client) -> None:
    for number in range(7):
        cloud.post("/api/v1/operators", json={"name": f"listed-{number}", "role": "viewer"})
    whole = cloud.get("/api/v1/operators", params={"limit": 500}).json()
    names = [each["name"] for each in whole["items"]]
    assert len(names) == whole["total"] >= 8
    walked: list[str] = []
    while len(walked) < whole["total"]:
        page = cloud.get("/api/v1/operators", params={"limit": 3, "offset": len(walked)}).json()
        walked += [each["name"] for each in page["items"]]
    assert walked == names
    assert cloud.get("/api/v1/operators", params={"offset": 10**6}).json()["items"] == []
