from __future__ import annotations

import asyncio
import re
from xml.etree import ElementTree as ET

import cv2
import httpx
import numpy as np
import pytest
from prometheus_client import CollectorRegistry

from edge_agent.capture.live import CaptureState, CaptureStatus
from edge_agent.kiosk.board import COURSE, RESULT_FOR, Board
from edge_agent.kiosk.server import PAGE, Health, Kiosk, build
from edge_agent.kiosk.snapshot import WIDEST, Snapshot, draw
from edge_agent.pipeline import StepResult
from game.match import MatchFinished, MatchStarted, MatchState
from game.reading import ScoreReading, ScoreUnit, ScreenReading
from models.live import Said
from models.predictor import Prediction
from vision.geometry import Box

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
def kiosk() -> Kiosk:
    image = np.zeros((720, 1280, 3), np.uint8)
    snapshot = Snapshot(image, ScreenReading(0.0, ScoreReading(1234, 0.9)))
    health = Health(("no picture: camera 0 ended",))
    return Kiosk(Board("First cabinet"), CollectorRegistry(), lambda: health, lambda: snapshot, asyncio.Event())


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
    assert len(page.encode()) < 60_000
    assert not re.search(r"""(?:src|href)=["'](?!data:)|url\(|@import|https?://""", page)


def test_a_large_picture_is_made_smaller_and_the_one_it_came_from_left_alone() -> None:
    image = np.full((1080, 1920, 3), 40, np.uint8)
    reading = ScreenReading(0.0, ScoreReading(9876, 0.9), ScoreReading(None, 0.3), unit=ScoreUnit.PERCENT)
    drawn = draw(Snapshot(image, reading, (Box(100, 900, 300, 60), None)))
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
