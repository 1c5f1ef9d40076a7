from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import cv2
import httpx
import numpy as np
import pytest
from prometheus_client import CollectorRegistry

from edge_agent.capture.live import CaptureState, CaptureStatus
from edge_agent.kiosk.acceptance import Acceptance
from edge_agent.kiosk.board import RESULT_FOR, Board
from edge_agent.kiosk.server import LETTERING, PAGE, Health, Kiosk, build, policy
from edge_agent.kiosk.snapshot import WIDEST, Snapshot, draw, seen
from edge_agent.kiosk.story import COURSE
from edge_agent.pipeline import StepResult
from game.match import MatchFinished, MatchStarted, MatchState
from game.reading import ScoreReading, ScoreUnit, ScreenReading
from models.live import Said
from models.predictor import Prediction
from vision.geometry import TextLine
from vision.layout import Display

if TYPE_CHECKING:
    from pathlib import Path

STATE = MatchState(started_at=0.0, digits=9)


class Clock:
    now = 50.0

    def __call__(self) -> float:
        return self.now


def step(t: float, p1: int | None, p2: int | None, p: float = 0.5, *events: MatchStarted | MatchFinished) -> StepResult:
    reading = ScreenReading(t, ScoreReading(p1, 0.9), ScoreReading(p2, 0.9))
    return StepResult(reading, STATE, events, (Said(t, Prediction(p, p / 2, (1 + p) / 2, 0.3)),))


def board() -> tuple[Board, Clock]:
    clock = Clock()
    return Board("First cabinet", clock), clock


def test_a_match_runs_ends_and_gives_way_to_the_next() -> None:
    shown, clock = board()
    assert shown.view()["phase"] == "idle"
    shown.step(step(1.0, 0, 0, 0.5, MatchStarted(1.0)))
    shown.step(step(2.0, 1000, 900, 0.7))
    view = shown.view()
    assert view["phase"] == "match"
    assert view["course"] == [[0.0, 0.5, 0.25, 0.75], [1.0, 0.7, 0.35, 0.85]]
    assert view["prediction"]["p1"] == 0.7
    assert view["p1"] == {"score": 1000, "now": True}
    shown.step(step(9.0, 1200, 900, 0.9, MatchFinished(9.0, 1200, 900)))
    assert shown.view()["result"] == {"p1": 1200, "p2": 900, "winner": 1}
    clock.now += RESULT_FOR + 1
    assert shown.view()["phase"] == "idle"
    assert shown.view()["prediction"] is None


def test_a_score_that_is_not_read_now_is_marked_as_past() -> None:
    shown, _ = board()
    shown.step(step(1.0, 500, 400, 0.5, MatchStarted(1.0)))
    shown.step(step(1.1, None, 410))
    assert shown.view()["p1"] == {"score": 500, "now": False}
    assert shown.view()["p2"] == {"score": 410, "now": True}


def test_a_match_without_a_result_shows_none() -> None:
    shown, _ = board()
    shown.step(step(1.0, 0, 0, 0.5, MatchStarted(1.0)))
    shown.step(step(5.0, None, None, 0.5, MatchFinished(5.0, None, None)))
    assert shown.view()["phase"] == "idle"


def test_the_course_keeps_its_whole_length_in_bounded_room() -> None:
    shown, _ = board()
    shown.step(step(0.0, 0, 0, 0.5, MatchStarted(0.0)))
    for i in range(1, 4000):
        shown.step(step(i * 0.25, i, i, i / 4000))
    course = shown.view()["course"]
    assert COURSE / 4 < len(course) <= COURSE
    times = [point[0] for point in course]
    assert (times[0], times[-1]) == (0.0, 999.75)
    assert times == sorted(times)
    gaps = np.diff(times[:-1])
    assert gaps.max() <= 2 * gaps.min()  # even, so that the ribbon tells the whole match


def test_the_page_knows_when_there_is_no_picture_and_for_how_long() -> None:
    shown, clock = board()
    lost = CaptureStatus(CaptureState.LOST, "camera 0 ended", 0.0, 5, 0, 1)
    shown.picture(lost)
    version = shown.version
    clock.now += 12
    shown.picture(lost)
    assert shown.version == version  # nothing new to say
    assert shown.view()["picture"] == {"state": "lost", "reason": "camera 0 ended", "since": 12.0}


@pytest.fixture
def kiosk(tmp_path: Path) -> Kiosk:
    image = np.zeros((720, 1280, 3), np.uint8)
    display = Display(TextLine(100, 300, 60, 40, slope=0.1), (120.0, 200.0, 280.0))
    snapshot = Snapshot(image, ScreenReading(0.0, ScoreReading(1234, 0.9)), (display, None))
    health = Health(("no picture: camera 0 ended",))
    accepted = Acceptance(tmp_path / "accepted.json")
    return Kiosk(
        Board("First cabinet"), CollectorRegistry(), lambda: health, lambda: snapshot, asyncio.Event(), accepted
    )


async def test_the_answers_of_the_page(kiosk: Kiosk) -> None:
    client = httpx.AsyncClient(transport=httpx.ASGITransport(build(kiosk)), base_url="http://kiosk")
    assert (await client.get("/")).headers["content-type"].startswith("text/html")
    ill = await client.get("/healthz")
    assert (ill.status_code, ill.json()) == (503, {"ok": False, "reasons": ["no picture: camera 0 ended"]})
    jpeg = (await client.get("/snapshot.jpg")).content
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert picture.max() > 100  # something is drawn on
    assert (await client.get("/metrics")).status_code == 200
    assert (await client.get("/nothing")).status_code == 404


def test_the_page_is_small_and_needs_nothing_from_anywhere() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert len(page.encode()) + LETTERING.stat().st_size < 60_000
    foreign = r"""(?:src|href)=["'](?!data:|lettering)|url\((?!"lettering)|@import|https?://(?!www\.w3\.org/2000/svg)"""
    assert not re.search(foreign, page.replace('replace("http://", "")', ""))


def test_a_large_picture_is_made_smaller_and_the_one_it_came_from_left_alone() -> None:
    image = np.full((1080, 1920, 3), 40, np.uint8)
    reading = ScreenReading(0.0, ScoreReading(9876, 0.9), ScoreReading(None, 0.3), unit=ScoreUnit.PERCENT)
    drawn = draw(Snapshot(image, reading, (Display(TextLine(100, 400, 930, 60), (150.0, 250.0)), None)))
    decoded = cv2.imdecode(np.frombuffer(drawn, np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    assert decoded.shape[1] == WIDEST
    assert (image == 40).all()


async def test_a_device_that_waits_shows_its_code_as_a_picture_too(kiosk: Kiosk) -> None:
    client = httpx.AsyncClient(transport=httpx.ASGITransport(build(kiosk)), base_url="http://kiosk")
    assert (await client.get("/claim.svg")).status_code == 404
    kiosk.board.tell(claim="ABCD-EFGH-JKLM", claim_at="http://plane:8080", claim_why="")
    picture = await client.get("/claim.svg")
    assert picture.headers["content-type"] == "image/svg+xml"
    root = ET.fromstring(picture.content)  # noqa: S314 - of our own making
    assert root.tag == "{http://www.w3.org/2000/svg}svg"  # else no browser shows it as a picture
    assert kiosk.board.view()["claim"] == "ABCD-EFGH-JKLM"


async def test_the_page_may_run_its_own_script_and_no_other(kiosk: Kiosk) -> None:
    client = httpx.AsyncClient(transport=httpx.ASGITransport(build(kiosk)), base_url="http://kiosk")
    said = (await client.get("/")).headers["content-security-policy"]
    assert "unsafe" not in said
    assert "default-src 'none'" in said
    assert policy("<script>a</script>") != policy("<script>b</script>")
    assert (await client.get("/lettering.woff2")).content[:4] == b"wOF2"


async def test_what_is_seen_comes_with_its_picture_and_is_accepted_in_one_go(kiosk: Kiosk) -> None:
    client = httpx.AsyncClient(transport=httpx.ASGITransport(build(kiosk)), base_url="http://kiosk")
    found = (await client.get("/seen")).json()
    one, two = found["players"]
    assert one["outline"] == [[0.0781, 0.0417], [0.2344, 0.0694], [0.2344, 0.125], [0.0781, 0.0972]]
    assert (one["text"], one["cells"][0], two["outline"], two["text"]) == ("1,234", 0.0938, None, "not sure")
    assert found["accepted"] == {"at": None, "moved": False}
    foreign = {"Origin": "http://elsewhere"}
    assert (await client.post("/accept", headers=foreign)).status_code == 403
    assert (await client.post("/accept", headers={"Origin": "http://kiosk"})).status_code == 200
    assert (await client.get("/seen")).json()["accepted"]["at"] is not None


def test_a_display_that_moved_after_it_was_accepted_is_told(kiosk: Kiosk, tmp_path: Path) -> None:
    newest = kiosk.snapshot()
    assert newest is not None
    kiosk.acceptance.accept(seen(newest), "2026-01-01T00:00:00+00:00")
    again = Acceptance(tmp_path / "accepted.json")
    assert again.compared(seen(newest)) == {"at": "2026-01-01T00:00:00+00:00", "moved": False}
    moved = Snapshot(newest.image, newest.reading, (Display(TextLine(160, 360, 60, 40), ()), None))
    assert again.compared(seen(moved))["moved"]


async def test_nothing_is_accepted_where_nothing_is_seen(kiosk: Kiosk) -> None:
    bare = Snapshot(np.zeros((72, 128, 3), np.uint8), ScreenReading(0.0))
    client = httpx.AsyncClient(
        transport=httpx.ASGITransport(build(replace(kiosk, snapshot=lambda: bare))), base_url="http://kiosk"
    )
    answer = await client.post("/accept")
    assert (answer.status_code, answer.json()["detail"][:24]) == (409, "No score display is seen")


def test_whoever_watches_is_woken_by_what_is_new_and_by_nothing_else() -> None:
    shown, _ = board()
    woken: list[int] = []
    with shown.watched(lambda: woken.append(1)):
        shown.step(step(1.0, 500, 400, 0.5, MatchStarted(1.0)))
        first = len(woken)
        silent = StepResult(ScreenReading(1.1, ScoreReading(500, 0.9), ScoreReading(400, 0.9)), STATE)
        shown.step(silent)
        assert (first, len(woken)) == (1, 1)
    shown.tell(link="offline")
    assert len(woken) == 1
