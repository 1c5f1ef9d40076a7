"""A control plane whose devices the test plays, and a browser that is signed in to it."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import insert

from contract.ids import BootId, MatchId, Sha256
from contract.messages import (
    ActiveModel,
    MatchFinished,
    MatchProgress,
    MatchStarted,
    ModelKind,
    Problem,
    ProblemCode,
    Reported,
    Telemetry,
)
from contract.messages import Interval as Range
from contract.messages import Prediction as Said
from contract.topics import Channel
from control_plane.storage.database import Database
from control_plane.storage.tables import Device
from tests.browser.show import LENGTH, outlook, scores
from tests.people import TOKEN

if TYPE_CHECKING:
    from pathlib import Path

    import httpx
    from playwright.sync_api import Page

    from tests.cloud_fakes import FakeDevice

SITES = ("Cologne, Alter Markt", "Bonn", "Rotterdam Zuid", "Osaka, Nipponbashi", "Leeds")
READER = ActiveModel(kind=ModelKind.READER, name="reader", version="0.4.1", sha256=Sha256("ab" * 32))


def sign_in(page: Page, cloud: httpx.Client | str, path: str = "/") -> None:
    """As a person does: by the page that asks for it."""
    page.goto(f"{cloud if isinstance(cloud, str) else cloud.base_url}{path}")
    page.get_by_label("Token").fill(TOKEN)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_selector("nav a")


def telemetry(device: FakeDevice, *problems: Problem, fps: float = 29.8) -> None:
    """What a device says of itself every few seconds."""
    device.send(
        Channel.TELEMETRY,
        Telemetry(
            boot_id=device.boot,
            time=datetime.now(UTC),
            uptime=3600,
            source_ok=not problems,
            fps=fps,
            frame_ms=4.1,
            outbox=3,
            temperature=52.0,
            memory=183_000_000,
            confidence=0.97,
            disk_free=21_000_000_000,
            problems=problems,
        ),
    )


def play(device: FakeDevice, until: float = LENGTH, *, finish: bool = True) -> MatchId:
    """A match as `tests.browser.show` plays it."""
    match = MatchId.mint()
    device.tell(MatchStarted(match_id=match, t=0.0, digits=7))
    t = 0.8
    while t < until:
        device.tell(progress(match, t))
        t += 0.8
    if finish:
        p1, p2 = scores(LENGTH)
        device.tell(MatchFinished(match_id=match, t=LENGTH, p1_final=p1, p2_final=p2, winner=2))
    return match


def progress(match: MatchId, t: float) -> MatchProgress:
    """One moment of it."""
    look, (p1, p2) = outlook(t), scores(t)
    ends = [Range(low=end.low, high=end.high) for end in (look.p1_final, look.p2_final) if end]
    said = Said(
        p1_win=look.p1_win,
        low=look.low,
        high=look.high,
        progress=look.progress,
        p1_final=ends[0],
        p2_final=ends[1],
        model="winner",
        model_version="0.2.0",
    )
    return MatchProgress(match_id=match, t=t, p1=p1, p2=p2, prediction=said)


def trouble(device: FakeDevice) -> None:
    """It has no picture."""
    telemetry(device, Problem(code=ProblemCode.NO_PICTURE, text="no picture: /dev/video0 was unplugged"))


def many(data: Path, count: int) -> None:
    """So many devices in the control plane's database, as if they had reported for months."""
    chance, now = random.Random(7), datetime.now(UTC)  # noqa: S311 - a fleet of any kind
    boot, rows = BootId.mint(), []
    reported = Reported(boot_id=boot, time=now, models=(READER,), source="/dev/video0").model_dump_json()
    told = Telemetry(boot_id=boot, time=now, fps=29.6, outbox=0, source_ok=True)
    problem = Problem(code=ProblemCode.HOT, text="the processor has 84 degrees")
    well, hot = told.model_dump_json(), told.model_copy(update={"problems": (problem,)}).model_dump_json()
    for number in range(count):
        online = chance.random() < 0.93
        row = Device(
            id=f"cabinet-{number:05d}",
            name=f"Cabinet {number}",
            site=SITES[number % len(SITES)],
            online=online,
            since=now - timedelta(days=chance.random() * 30),
            heard=now + timedelta(hours=1) if online else now - timedelta(hours=9),
            first_seen=now - timedelta(days=90),
            boot_id=boot,
            reported=reported,
            telemetry=hot if (warm := online and chance.random() < 0.03) else well,
            problems=" hot " if warm else "",
        )
        rows.append(row.model_dump())
    database = Database(f"sqlite:///{data / 'kubeddr.db'}")
    with database.write() as connection:
        connection.execute(insert(Device), rows)
