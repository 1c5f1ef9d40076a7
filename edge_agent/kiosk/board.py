"""What the page shows now. The worker writes it, the page's streams read it."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from game.match import MatchFinished, MatchStarted
from game.reading import ScoreReading, ScoreUnit

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_agent.capture.live import CaptureStatus
    from edge_agent.pipeline import StepResult
    from models.predictor import Prediction

RESULT_FOR = 20.0  # seconds that a result stays on the page when no song follows
COURSE = 240  # points of the ribbon; every second one goes when it is full
COURSE_STEP = 0.25  # seconds between them at first
SURE = 0.5


@dataclass(slots=True)
class _Course:
    """The course of a match: [seconds since its start, p1_win, low, high]."""

    began: float
    points: list[list[float]] = field(default_factory=list)
    step: float = COURSE_STEP

    def add(self, t: float, prediction: Prediction) -> None:
        at = t - self.began
        if len(self.points) > 1 and at - self.points[-2][0] < self.step - 1e-6:
            self.points.pop()  # the newest point is always the present; the one before it stands
        self.points.append(
            [round(at, 2), round(prediction.p1_win, 4), round(prediction.low, 4), round(prediction.high, 4)]
        )
        if len(self.points) > COURSE:
            self.points = self.points[::2]
            self.step *= 2


class Board:
    """The state of the page.

    Args:
        device: what people call the device.
        clock: monotonic seconds.
    """

    def __init__(self, device: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._course: _Course | None = None
        self._scores: list[int | None] = [None, None]
        self._known: list[int | None] = [None, None]
        self._unit, self._digits = ScoreUnit.POINTS, 0
        self._lost = False
        self._prediction: Prediction | None = None
        self._result: MatchFinished | None = None
        self._result_at = 0.0
        self._picture: dict[str, Any] = {"state": "opening", "reason": "", "since": clock()}
        self._identify_until = 0.0
        self.facts: dict[str, Any] = {"device": device, "link": "waiting", "model": "", "predictor": ""}
        self.facts |= {"claim": "", "claim_at": "", "claim_why": ""}
        self.facts |= {"players": ["Player 1", "Player 2"], "style": "full"}
        self.version = 0

    def step(self, result: StepResult) -> None:
        """Show what a step brought."""
        with self._lock:
            for event in result.events:
                if isinstance(event, MatchStarted):
                    self._course, self._result, self._known = _Course(event.t), None, [None, None]
                    self._prediction = None
                else:
                    self._result, self._result_at, self._course = event, self._clock(), None
            reading = result.reading
            self._unit, self._digits = result.state.unit, result.state.digits or 0
            self._scores = [_sure(reading.p1), _sure(reading.p2)]
            self._lost = reading.lost
            self._known = [new if new is not None else old for new, old in zip(self._scores, self._known, strict=True)]
            if self._course is not None:
                for said in result.said:
                    self._prediction = said.prediction
                    self._course.add(said.t, said.prediction)
            self.version += 1

    def picture(self, status: CaptureStatus) -> None:
        """Show whether there is a picture."""
        with self._lock:
            if (status.state.value, status.reason) != (self._picture["state"], self._picture["reason"]):
                self._picture = {"state": status.state.value, "reason": status.reason, "since": self._clock()}
                self.version += 1

    def tell(self, **facts: Any) -> None:
        """Change what is shown beside the match: `link`, `model`, `predictor`."""
        with self._lock:
            if any(self.facts.get(key) != value for key, value in facts.items()):
                self.facts.update(facts)
                self.version += 1

    def identify(self, seconds: float = 15.0) -> None:
        """Make the page say which device it is."""
        with self._lock:
            self._identify_until = self._clock() + seconds
            self.version += 1

    def view(self) -> dict[str, Any]:
        """Everything that the page needs, ready for JSON."""
        with self._lock:
            now = self._clock()
            view = self.facts | {
                "phase": self._phase(now),
                "picture": self._picture | {"since": round(now - self._picture["since"], 1)},
                "lost": self._lost,
                "unit": self._unit.value,
                "digits": self._digits,
                "p1": {"score": self._known[0], "now": self._scores[0] is not None},
                "p2": {"score": self._known[1], "now": self._scores[1] is not None},
                "prediction": None,
                "course": [],
                "result": None,
                "identify": now < self._identify_until,
            }
            if self._course is not None:
                view["course"] = list(self._course.points)
                view["prediction"] = None if self._prediction is None else _prediction(self._prediction)
            elif view["phase"] == "result" and self._result is not None:
                result = self._result
                view["result"] = {"p1": result.p1_final, "p2": result.p2_final, "winner": result.winner}
            return view

    def _phase(self, now: float) -> str:
        if self._course is not None:
            return "match"
        shown = self._result is not None and not self._result.abandoned and now - self._result_at < RESULT_FOR
        return "result" if shown else "idle"


def _sure(reading: ScoreReading) -> int | None:
    return reading.value if reading.confidence >= SURE else None


def _prediction(prediction: Prediction) -> dict[str, float]:
    return {
        "p1": round(prediction.p1_win, 4),
        "low": round(prediction.low, 4),
        "high": round(prediction.high, 4),
        "progress": round(prediction.progress, 4),
    }
