"""The device's page with a board that the test writes, on a port of its own."""

from __future__ import annotations

import asyncio
import math
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import uvicorn
from prometheus_client import CollectorRegistry

from edge_agent.capture.live import CaptureState, CaptureStatus
from edge_agent.kiosk.acceptance import Acceptance
from edge_agent.kiosk.board import Board
from edge_agent.kiosk.day import Day, Played
from edge_agent.kiosk.server import Health, Kiosk, build
from edge_agent.kiosk.snapshot import Snapshot
from edge_agent.pipeline import StepResult
from game.match import MatchFinished, MatchStarted, MatchState
from game.reading import ScoreReading, ScreenReading
from models.live import Said
from models.predictor import Interval, Outlook, Prediction
from vision.geometry import TextLine
from vision.layout import Display

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAMES = ["Mika", "Noor"]
LONG = ["Wilhelmina Featherstonehaugh-Cholmondeley", "Поликарп Ξενοφών 三浦知良 von und zu Rastenburg"]
LENGTH, TOP = 96.0, 1_000_000
LIVE = CaptureStatus(CaptureState.LIVE, "", 0.0, 1, 0, 0)


class Show:
    """A device whose matches the test plays."""

    def __init__(self, folder: Path) -> None:
        self.board = Board("Left of the bar", day=Day(folder / "day.json"))
        self.board.tell(link="connected", model="reader 0.4.1", predictor="winner-0.2.0", players=NAMES)
        self.board.picture(LIVE)
        self.snapshot: Snapshot | None = None
        self.acceptance = Acceptance(folder / "accepted.json")
        self.url = ""

    def begin(self, digits: int = 7) -> None:
        self.digits = digits
        self._step(0.0, (0, 0), MatchStarted(0.0))

    def play(self, until: float, since: float = 0.4) -> None:
        """A match that player 1 leads at first and player 2 turns around, in one go."""
        t = since
        while t <= until:
            self.at(t)
            t += 0.4

    def at(self, t: float) -> None:
        said = Said(t, outlook(t))
        self._step(t, scores(t), said=(said,))

    def finish(self) -> None:
        p1, p2 = scores(LENGTH)
        self._step(LENGTH, (p1, p2), MatchFinished(LENGTH, p1, p2))

    def _step(
        self, t: float, now: tuple[int, int], *events: MatchStarted | MatchFinished, said: tuple[Said, ...] = ()
    ) -> None:
        reading = ScreenReading(t, ScoreReading(now[0], 0.98), ScoreReading(now[1], 0.97), visible=True)
        self.board.step(StepResult(reading, MatchState(started_at=0.0, digits=self.digits), events, said))

    def camera(self) -> None:
        """A picture with two displays on it."""
        image = np.full((720, 1280, 3), 24, np.uint8)
        image[40:90, 80:480] = image[40:90, 800:1200] = 210
        places = (TextLine(90, 470, 65, 40), TextLine(810, 1190, 65, 40))
        one, two = (Display(line, tuple(np.linspace(line.left + 25, line.right - 25, 7).tolist())) for line in places)
        reading = ScreenReading(1.0, ScoreReading(512_340, 0.99), ScoreReading(498_110, 0.94), visible=True)
        self.snapshot = Snapshot(image, reading, (one, two))

    def yesterday(self) -> None:
        """A day on which some matches were played already."""
        for names, p1, p2, low in (
            (("Juno", "Pim"), 901_230, 899_870, 0.41), (("Noor", "Ada"), 968_450, 871_200, 0.48),
            (("Sam", "Mika"), 844_010, 861_990, 0.07),
        ):  # fmt: skip
            winner = 1 if p1 > p2 else 2
            self.board._day.add(Played(time.time(), names, p1, p2, winner, "points", low))


def scores(t: float) -> tuple[int, int]:
    """Both scores at a moment of the match."""
    share = t / LENGTH
    return round(TOP * 0.902 * share), round(TOP * (0.883 * share + 0.035 * (max(0.0, share - 0.55) / 0.45) ** 1.3))


def outlook(t: float) -> Prediction:
    """What a predictor could say of it."""
    share = t / LENGTH
    pull = 1.7 * math.sin(math.pi * share / 0.62) - 5.2 * max(0.0, share - 0.6) + 0.28 * math.sin(t / 2.3)
    p = 1 / (1 + math.exp(-pull))
    spread = 0.27 * (1 - share) + 0.02
    ends = [Interval(s + TOP * (1 - share) * 0.84, s + TOP * (1 - share) * 0.94) for s in scores(t)]
    looks = [Outlook(end, (end.low + end.high) / 2, 0.01, "AA") for end in ends]
    return Prediction(p, max(0.0, p - spread), min(1.0, p + spread), share, ends[0], ends[1], looks[0], looks[1])


@contextmanager
def shown(folder: Path, port: int = 0) -> Iterator[Show]:
    """The page, served as the agent serves it."""
    show, ready, stopping = Show(folder), threading.Event(), list[asyncio.Event]()

    async def serve() -> None:
        stopping.append(asyncio.Event())
        kiosk = Kiosk(show.board, CollectorRegistry(), Health, lambda: show.snapshot, stopping[0], show.acceptance)
        config = uvicorn.Config(build(kiosk), port=port, log_config=None, lifespan="off", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.01)
        show.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        ready.set()
        await stopping[0].wait()
        server.should_exit = True
        await serving

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield show
    finally:
        if thread.is_alive():
            loop.call_soon_threadsafe(stopping[0].set)
            thread.join(5)
