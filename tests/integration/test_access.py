"""Who may do what at the API: every route, every role, and the log of what was done."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from fastapi.routing import APIRoute

from contract.enrolment import AUTHORITY, PATH
from control_plane.api.guard import COOKIE, Needs
from control_plane.broker import mosquitto
from control_plane.domain.access import Role, digest
from control_plane.errors import UnauthenticatedError
from control_plane.services.access import Access
from control_plane.storage.database import Database
from tests.cloud_fakes import control_plane
from tests.people import TOKEN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# whoever asks: shells of pages that hold nothing, signs of life for an orchestrator, and the way in
OPEN = {
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("POST", "/api/v1/session"),
    ("GET", AUTHORITY),
    ("POST", PATH),  # what a device shows for itself is in what it sends
}
SAMPLES = {"device": "nobody", "match": "01970000-0000-7000-8000-000000000000", "sha256": "0" * 64, "token": "0" * 12}
ROLES = list(Role)


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    folder = tmp_path_factory.mktemp("cloud")
    with mosquitto(folder / "broker") as broker, control_plane(folder / "data", broker) as client:
        yield client


@pytest.fixture(scope="module")
def stranger(cloud: httpx.Client) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=cloud.base_url, trust_env=False) as client:
        yield client


@pytest.fixture(scope="module")
def tokens(cloud: httpx.Client) -> dict[Role, str]:
    made = {}
    for role in ROLES:
        name = f"a-{role.value}"
        assert cloud.post("/api/v1/operators", json={"name": name, "role": role.value}).status_code == 201
        made[role] = cloud.post(f"/api/v1/operators/{name}/tokens", json={}).json()["secret"]
    return made


def operations(cloud: httpx.Client) -> list[tuple[str, str]]:
    """Every (method, path) of the OpenAPI document."""
    paths: dict[str, Any] = cloud.get("/openapi.json").json()["paths"]
    return [(method.upper(), path) for path, methods in paths.items() for method in methods]


def filled(path: str) -> str:
    return re.sub(r"{(\w+)}", lambda name: SAMPLES.get(name[1], "nobody"), path)


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def needed(method: str, path: str) -> Role:
    """The role that the code of a route asks for."""
    from control_plane.api import app as application  # noqa: PLC0415

    for route in application.routes():
        if isinstance(route, APIRoute) and route.path == path and method in (route.methods or ()):
            (needs,) = [each.call for each in route.dependant.dependencies if isinstance(each.call, Needs)]
            return needs.role
    raise AssertionError(path)


def test_every_route_but_a_few_refuses_whoever_is_not_signed_in(cloud: httpx.Client, stranger: httpx.Client) -> None:
    walked = operations(cloud)
    assert len(walked) > 20
    assert set(walked) >= OPEN
    for method, path in set(walked) - OPEN:
        for headers in ({}, bearer("kubeddr_wrong"), {"Authorization": "Basic eDp5"}, {"Cookie": f"{COOKIE}={TOKEN}"}):
            answer = stranger.request(method, filled(path), headers=headers)
            assert answer.status_code == 401, (method, path, headers)
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.headers["www-authenticate"] == "Bearer"


def test_every_route_refuses_a_weaker_role_and_lets_the_stronger_in(
    cloud: httpx.Client, stranger: httpx.Client, tokens: dict[Role, str]
) -> None:
    refused = 0
    for method, path in set(operations(cloud)) - OPEN - {("GET", "/api/v1/live"), ("DELETE", "/api/v1/session")}:
        least = needed(method, path)
        for role in ROLES:
            answer = stranger.request(method, filled(path), headers=bearer(tokens[role]))
            allowed = answer.status_code not in {401, 403}
            assert allowed == role.allows(least), (method, path, role, answer.text)
            refused += not allowed
    assert refused > 10


def test_what_operators_do_and_try_is_written_down(
    cloud: httpx.Client, stranger: httpx.Client, tokens: dict[Role, str]
) -> None:
    asked = stranger.post("/api/v1/models", content=b"x", headers=bearer(tokens[Role.VIEWER]))
    assert asked.status_code == 403
    newest = cloud.get("/api/v1/audit", params={"operator": "a-viewer"}).json()["items"][0]
    assert (newest["action"], newest["status"], newest["role"]) == ("push_model", 403, "viewer")
    cloud.post("/api/v1/operators", json={"name": "logged", "role": "viewer"})
    cloud.post("/api/v1/operators/logged/tokens", json={"label": "for the log"})
    about = cloud.get("/api/v1/audit", params={"target": "/operators/logged"}).json()["items"]
    assert [(each["action"], each["operator"], each["status"]) for each in about] == [("add_token", "admin", 201)]
    assert "for the log" in about[0]["detail"]
    assert "kubeddr_" not in cloud.get("/api/v1/audit", params={"limit": 500}).text.replace(COOKIE, "")
    before = cloud.get("/api/v1/audit").json()["total"]
    cloud.get("/api/v1/devices")
    assert cloud.get("/api/v1/audit").json()["total"] == before  # to look is no deed


def test_a_browser_signs_in_and_other_sites_cannot_use_its_session(cloud: httpx.Client, stranger: httpx.Client) -> None:
    answer = stranger.post("/api/v1/session", json={"secret": TOKEN})
    assert answer.json() == {"operator": "admin", "role": "admin"}
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=lax" in cookie.lower()
    session = {"Cookie": cookie.split(";")[0]}
    stranger.cookies.clear()
    assert stranger.get("/api/v1/devices", headers=session).status_code == 200
    new = {"name": "by-a-browser", "role": "viewer"}
    host = cloud.base_url.netloc.decode()
    for forged in ({}, {"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}):
        refused = stranger.post("/api/v1/operators", json=new, headers=session | forged)
        assert refused.status_code == 403, forged
    for own in ({"Origin": f"http://{host}"}, {"Sec-Fetch-Site": "same-origin"}):
        new["name"] += "x"
        assert stranger.post("/api/v1/operators", json=new, headers=session | own).status_code == 201
    assert stranger.delete("/api/v1/session", headers=session | {"Sec-Fetch-Site": "same-origin"}).status_code == 204
    assert stranger.get("/api/v1/devices", headers=session).status_code == 401


def test_a_link_signs_in_once(cloud: httpx.Client, stranger: httpx.Client) -> None:
    code = cloud.post("/api/v1/operators/admin/sign-in-links").json()["secret"]
    assert stranger.get("/api/v1/session", headers=bearer(code)).status_code == 401  # a link is no token
    assert stranger.post("/api/v1/session", json={"secret": code}).status_code == 200
    stranger.cookies.clear()
    assert stranger.post("/api/v1/session", json={"secret": code}).status_code == 401


def test_who_is_shut_out_is_out_at_once(cloud: httpx.Client, stranger: httpx.Client) -> None:
    cloud.post("/api/v1/operators", json={"name": "gone", "role": "releaser"})
    secrets = [cloud.post("/api/v1/operators/gone/tokens", json={"label": str(n)}).json()["secret"] for n in range(3)]
    assert stranger.get("/api/v1/session", headers=bearer(secrets[0])).json()["role"] == "releaser"
    listed = cloud.get("/api/v1/tokens", params={"operator": "gone"}).json()["items"]
    assert {each["id"] for each in listed} == {digest(secret)[:12] for secret in secrets}
    assert cloud.delete(f"/api/v1/tokens/{digest(secrets[0])[:12]}").status_code == 204
    assert stranger.get("/api/v1/session", headers=bearer(secrets[0])).status_code == 401
    cloud.patch("/api/v1/operators/gone", json={"role": "viewer"})
    assert stranger.get("/api/v1/session", headers=bearer(secrets[1])).json()["role"] == "viewer"
    cloud.patch("/api/v1/operators/gone", json={"disabled": True})
    assert stranger.get("/api/v1/session", headers=bearer(secrets[1])).status_code == 401
    cloud.patch("/api/v1/operators/gone", json={"disabled": False})
    assert stranger.get("/api/v1/session", headers=bearer(secrets[1])).status_code == 401  # it is gone for good


def test_faults_of_people_are_told(cloud: httpx.Client) -> None:
    assert cloud.post("/api/v1/operators", json={"name": "admin", "role": "viewer"}).status_code == 409
    assert cloud.post("/api/v1/operators/nobody/tokens", json={}).status_code == 404
    assert cloud.post("/api/v1/operators", json={"name": "x", "role": "king"}).status_code == 422
    assert cloud.post("/api/v1/operators", json={"name": "two\nlines", "role": "viewer"}).status_code == 422


def test_the_first_start_shows_a_token_once_and_the_last_admin_stays(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/x.db")
    database.migrate()
    access = Access(database)
    first = access.begin()
    assert first is not None
    assert access.caller(first).role is Role.ADMIN
    assert access.begin() is None
    raw = (tmp_path / "x.db").read_bytes() + (tmp_path / "x.db-wal").read_bytes()
    assert first.encode() not in raw
    with pytest.raises(Exception, match="last admin"):
        access.change("admin", Role.VIEWER, disabled=None)
    assert access.caller(first).role is Role.ADMIN
    assert access.begin("a-given-token-that-is-long-enough") is None
    assert access.begin("another-token-that-is-long-enough") is None
    assert access.caller("another-token-that-is-long-enough").name == "admin"
    with pytest.raises(UnauthenticatedError):
        access.caller("a-given-token-that-is-long-enough")
    database.close()
