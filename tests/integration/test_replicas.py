"""Two control planes on one PostgreSQL and one broker take turns; nothing is lost, doubled or out of order by it."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from contract.ids import MatchId
from control_plane.broker import mosquitto
from tests.cloud_fakes import FakeDevice, control_plane, eventually, match_bodies
from tests.postgres import fresh_url

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

MATCHES, SAMPLES = 6, 48


def counted(cloud: httpx.Client, name: str) -> float:
    lines = cloud.get("/metrics").text.splitlines()
    return next(float(line.split()[-1]) for line in lines if line.startswith(f"{name} "))


def test_replicas_take_turns_and_one_of_them_may_go(tmp_path: Path) -> None:
    url = fresh_url(tmp_path)
    with ExitStack() as stack:
        broker = stack.enter_context(mosquitto(tmp_path / "broker"))
        common = {"share": "ingest", "database_url": url}
        one = stack.enter_context(control_plane(tmp_path / "one", broker, client_id="one", **common))
        second = ExitStack()
        two = second.enter_context(control_plane(tmp_path / "two", broker, client_id="two", **common))
        device = FakeDevice(broker, "left")
        eventually(lambda: one.get("/api/v1/devices/left").is_success, "the birth")
        matches = [MatchId.mint() for _ in range(MATCHES)]
        for match in matches[:3]:
            for body in match_bodies(match, SAMPLES):
                device.tell(body)
        eventually(lambda: device.receipted() == 3 * (SAMPLES + 2), "the receipts")
        shares = [counted(cloud, "kubeddr_events_inserted_total") for cloud in (one, two)]
        assert sum(shares) == 3 * (SAMPLES + 2)
        assert min(shares) > SAMPLES / 2  # both have worked
        second.close()
        for match in matches[3:]:
            for body in match_bodies(match, SAMPLES):
                device.tell(body)
        again = stack.enter_context(control_plane(tmp_path / "two", broker, client_id="two", **common))
        eventually(lambda: device.receipted() == MATCHES * (SAMPLES + 2), "what the one that went had in hand", 30)
        for match in matches:
            found = again.get(f"/api/v1/matches/{match}").json()
            assert (found["match"]["state"], found["match"]["p1"]) == ("finished", 900_000)
            assert len(found["samples"]) == SAMPLES
        assert again.get("/api/v1/dead-letters").json()["total"] == 0
        device.close()
