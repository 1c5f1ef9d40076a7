"""What the page shows now. The worker writes it, the page's streams read it."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from edge_agent.kiosk.day import Day, Played
from edge_agent.kiosk.story import Story
from game.match import MatchFinished, MatchStarted
from game.reading import ScoreReading, ScoreUnit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from edge_agent.capture.live import CaptureStatus
    from edge_agent.kiosk.story import Turn
    from edge_agent.pipeline import StepResult
    from models.predictor import Interval, Outlook, Prediction

RESULT_FOR = 20.0  # seconds that a result stays on the page when no song follows
SURE = 0.5


class Board:
    """The state of the page.

    Args:
        device: what people call the device.
        clock: monotonic seconds.
        day: where the day's matches are kept.
        now: seconds since the epoch.
    """

    def __init__(
        self,
        device: str,
        clock: Callable[[], float] = time.monotonic,
        day: Day | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._clock, self._now, self._day = clock, now, day or Day()
        self._lock = threading.Lock()
        self._wakers: set[Callable[[], object]] = set()
        self._story: Story | None = None
        self._scores: list[int | None] = [None, None]
        self._known: list[int | None] = [None, None]
        self._unit, self._digits = ScoreUnit.POINTS, 0
        self._lost = False
        self._prediction: Prediction | None = None
        self._said_at = 0.0
        self._result: MatchFinished | None = None
        self._result_at = 0.0
        self._picture: dict[str, Any] = {"state": "opening", "reason": "", "since": clock()}
        self._identify_until = 0.0
        self.facts: dict[str, Any] = {"device": device, "link": "waiting", "model": "", "predictor": ""}
        self.facts |= {"claim": "", "claim_at": "", "claim_why": "", "join": ""}
        self.facts |= {"players": ["Player 1", "Player 2"], "style": "full"}
        self.version = 0

    @contextmanager
    def watched(self, wake: Callable[[], object]) -> Iterator[None]:
        """Call `wake`, in whatever thread that is, whenever there is something new to show."""
        with self._lock:
            self._wakers.add(wake)
        try:
            yield
        finally:
            with self._lock:
                self._wakers.discard(wake)

    def step(self, result: StepResult) -> None:
        """Show what a step brought."""
        with self._lock:
            before = (self._scores, self._lost, self._unit, self._digits)
            for event in result.events:
                if isinstance(event, MatchStarted):
                    self._story, self._result, self._known = Story(event.t), None, [None, None]
                    self._prediction = None
                else:
                    self._finish(event)
            self._read(result)
            if self._story is not None and self._result is None and result.said:
                for said in result.said:
                    self._prediction = said.prediction
                    self._story.said(said.t, said.prediction)
                self._said_at = self._now()
            if result.events or result.said or before != (self._scores, self._lost, self._unit, self._digits):
                self._changed()

    def _read(self, result: StepResult) -> None:
        reading = result.reading
        self._unit, self._digits = result.state.unit, result.state.digits or 0
        self._scores = [_sure(reading.p1), _sure(reading.p2)]
        self._lost = reading.lost
        self._known = [new if new is not None else old for new, old in zip(self._scores, self._known, strict=True)]
        one, two = self._scores
        if self._story is not None and self._result is None and one is not None and two is not None:
            self._story.scored(reading.t, one, two)

    def _finish(self, event: MatchFinished) -> None:
        self._result, self._result_at = event, self._clock()
        if self._story is None or event.winner is None or event.p1_final is None or event.p2_final is None:
            return
        names = (str(self.facts["players"][0]), str(self.facts["players"][1]))
        low = self._story.low(event.winner)[0] if event.winner else 1.0
        unit = self._unit.value
        self._day.add(Played(self._now(), names, event.p1_final, event.p2_final, event.winner, unit, low))

    def picture(self, status: CaptureStatus) -> None:
        """Show whether there is a picture."""
        with self._lock:
            if (status.state.value, status.reason) != (self._picture["state"], self._picture["reason"]):
                self._picture = {"state": status.state.value, "reason": status.reason, "since": self._clock()}
                self._changed()

    def tell(self, **facts: Any) -> None:
        """Change what is shown beside the match: `link`, `model`, `predictor`."""
        with self._lock:
            if any(self.facts.get(key) != value for key, value in facts.items()):
                self.facts.update(facts)
                self._changed()

    def identify(self, seconds: float = 15.0) -> None:
        """Make the page say which device it is."""
        with self._lock:
            self._identify_until = self._clock() + seconds
            self._changed()

    def _changed(self) -> None:
        self.version += 1
        for wake in self._wakers:
            with suppress(RuntimeError):  # its loop has ended
                wake()

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
                "said_at": round(self._said_at, 3),
                "course": [],
                "turns": [],
                "result": None,
                "story": [],
                "best": [],
                "identify": now < self._identify_until,
            }
            if view["phase"] == "idle":
                return view | {"best": self._day.best(), "played": self._day.count}
            story, result = self._story, self._result
            if story is not None:
                view["course"] = list(story.points)
                view["turns"] = [_turn(turn, view["players"]) for turn in story.turns]
            if result is not None:
                view["result"] = {"p1": result.p1_final, "p2": result.p2_final, "winner": result.winner}
                view["story"] = list(story.told(result, view["players"])) if story is not None else []
            elif self._prediction is not None:
                view["prediction"] = _prediction(self._prediction)
            return view

    def _phase(self, now: float) -> str:
        if self._story is not None and self._result is None:
            return "match"
        shown = self._result is not None and not self._result.abandoned and now - self._result_at < RESULT_FOR
        return "result" if shown else "idle"


def _sure(reading: ScoreReading) -> int | None:
    return reading.value if reading.confidence >= SURE else None


def _turn(turn: Turn, names: Sequence[str]) -> dict[str, Any]:
    chances = {"before": round(turn.before, 3), "after": round(turn.after, 3)}
    return {"t": round(turn.t, 1), "player": turn.player, "kind": turn.kind.value, "text": turn.words(names)} | chances


def _prediction(prediction: Prediction) -> dict[str, Any]:
    return {
        "p1": round(prediction.p1_win, 4),
        "low": round(prediction.low, 4),
        "high": round(prediction.high, 4),
        "progress": round(prediction.progress, 4),
        "ends": [_end(prediction.p1_final, prediction.p1), _end(prediction.p2_final, prediction.p2)],
    }


def _end(final: Interval | None, look: Outlook | None) -> dict[str, Any] | None:
    """How one player will end, in the display's unit; the grade where the score decides it."""
    if final is None:
        return None
    fail = 0.0 if look is None else round(look.fail, 3)
    return {"low": round(final.low), "high": round(final.high), "grade": look.grade if look else None, "fail": fail}
