"""What the overlay of several nodes leans on, held against a real PostgreSQL: who is shut out, how it is reached."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from contract.topics import DOWNWARD, TOPICS, UPWARD
from control_plane.domain.access import digest
from control_plane.storage import enrolment as rows
from control_plane.storage.database import Database
from tests.cluster import ROOT
from tests.postgres import fresh_url

if TYPE_CHECKING:
    from pathlib import Path

HA = ROOT / "k3s" / "overlays" / "ha"
NOW = datetime.now(UTC)
LATER, BEFORE = NOW + timedelta(days=1), NOW - timedelta(days=1)


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A database that is found as in the cluster: by what the environment says, and a URL that names nothing."""
    found = urlsplit(fresh_url(tmp_path))
    host = parse_qs(found.query).get("host", [found.hostname])[0]
    port = found.port or 5432
    values = {
        "HOST": host,
        "PORT": port,
        "DATABASE": found.path[1:],
        "USER": found.username,
        "PASSWORD": found.password,
    }
    for name, value in values.items():
        monkeypatch.setenv(f"PG{name}", str(value or ""))
    made = Database("postgresql+psycopg://")
    made.migrate()
    yield made
    made.close()


def test_emqx_shuts_out_whom_the_control_plane_shuts_out(database: Database) -> None:
    query = re.search(r'query = "(.*)"', (HA / "emqx.conf").read_text())
    assert query is not None
    cases: dict[str, list[tuple[datetime, datetime | None]]] = {
        "never-revoked": [(LATER, None)],
        "ended": [(BEFORE, None)],
        "revoked": [(LATER, BEFORE)],
        "enrolled-anew": [(LATER, BEFORE), (LATER, None)],
        "ended-anew": [(LATER, BEFORE), (BEFORE, None)],
    }
    with database.write() as connection:
        for device, given in cases.items():
            for number, (expires, revoked) in enumerate(given):
                serial = digest(f"{device}{number}")[:40]
                row = {"serial": serial, "device": device, "key": "k", "issued": BEFORE, "expires": expires}
                rows.add_certificate(connection, row)
                if revoked:
                    connection.exec_driver_sql(
                        "UPDATE certificate SET revoked = %s WHERE serial = %s", (revoked, serial)
                    )
        asked = query[1].replace("${username}", "%s")
        answers = {device: connection.exec_driver_sql(asked, (device,)).all() for device in [*cases, "unknown"]}
        shut_out = rows.shut_out(connection, NOW)
    assert {device for device, answer in answers.items() if answer} == shut_out == {"revoked", "ended-anew"}
    assert [tuple(row) for row in answers["revoked"]] == [("deny", "all", "#")]


def test_emqx_allows_the_topics_of_the_wire_and_no_others() -> None:
    acl = (HA / "acl.conf").read_text()
    ways = dict(re.findall(r"\{allow, all, (publish|subscribe), \[(.*)\]\}", acl))
    for way, channels in (("publish", UPWARD), ("subscribe", DOWNWARD)):
        wanted = {TOPICS.build_filter("${username}", channel) for channel in channels}
        assert set(re.findall(r'"([^"]*)"', ways[way])) == wanted
    assert acl.strip().endswith("{deny, all}.")
