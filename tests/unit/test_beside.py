from __future__ import annotations

import math
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from contract import messages as wire
from contract.ids import MatchId, Sha256
from edge_agent.beside import companion as companions
from edge_agent.beside.companion import Companion
from edge_agent.beside.duel import Duel
from edge_agent.beside.tally import loss, stood
from edge_agent.pipeline import Pipeline
from edge_agent.updates.hands import Beside
from edge_agent.updates.kit import Loaded
from game.match import MatchFinished, MatchStarted
from models.predictor import Prediction
from models.stern import NoteBudgetStern
from tests.device_broker import eventually
from tests.device_fakes import LevelReader, song
from vision.frame import Frame

if TYPE_CHECKING:
    from edge_agent.pipeline import StepResult
    from game.match import MatchState
    from game.reading import ScreenReading

DIGEST = Sha256("a" * 64)
MATCH = MatchId.mint()


class Sure:
    """A predictor that is always as sure of player 1."""

    def __init__(self, p1_win: float) -> None:
        self.p1_win = p1_win

    @property
    def name(self) -> str:
        return f"sure-{self.p1_win}"

    def predict(self, state: MatchState) -> Prediction:
        return Prediction(self.p1_win, self.p1_win, self.p1_win, 0.5)


class Blinking(LevelReader):
    """A reader that reads every second picture only."""

    count = 0

    def read(self, frame: Frame) -> ScreenReading:
        self.count += 1
        seen = super().read(frame)
        return seen if self.count % 2 else replace(seen, p1=replace(seen.p1, value=None))


def beside(kind: wire.ModelKind, part: object, *, counts: bool = False) -> Beside:
    challenger = wire.ModelUpdate(
        name="new", version="2", sha256=DIGEST, phase=wire.ModelPhase.SHADOWING, asked=3, rollout="r-1"
    )
    if counts:
        challenger = challenger.model_copy(update={"phase": wire.ModelPhase.PROBATION})
    champion = wire.ActiveModel(kind=kind, name="old", version="1")
    return Beside(Loaded(part, champion), challenger, champion, counts)  # type: ignore[arg-type]


def play(duel: Duel, predictor: object) -> list[wire.ModelCompared]:
    pipeline = Pipeline(LevelReader(), predictor)  # type: ignore[arg-type]
    found = []
    for index, image in enumerate(song()):
        frame = Frame(image, index / 10, index)
        if (compared := duel.see(frame, pipeline.step(frame), MATCH)) is not None:
            found.append(compared)
    return found


def test_predictors_are_compared_by_what_they_said_before_the_result() -> None:
    duel = Duel(beside(wire.ModelKind.WINNER, Sure(0.8)), lambda: Sure(0.6), lambda: 2.5)
    (found,) = play(duel, Sure(0.6))
    assert (found.match_id, found.model_kind, found.phase, found.rollout) == (MATCH, "winner", "shadowing", "r-1")
    assert found.winner == 1
    assert found.champion.log_loss == pytest.approx(-math.log(0.6))
    assert found.challenger.log_loss == pytest.approx(-math.log(0.8))
    assert found.champion.predictions == found.challenger.predictions > 10
    assert (found.champion.name, found.challenger.sha256) == ("old", DIGEST)
    assert found.champion.latency_ms == pytest.approx(2.5)
    assert found.challenger.latency_ms is not None
    assert (found.champion.exact_reads, found.champion.abstentions) == (None, 0.0)


def test_readers_are_compared_by_what_they_read_and_what_follows_from_it() -> None:
    stern = NoteBudgetStern()
    (found,) = play(Duel(beside(wire.ModelKind.READER, Blinking()), lambda: stern, lambda: None), stern)
    assert found.champion.exact_reads == 1.0
    assert found.challenger.exact_reads == pytest.approx(0.5, abs=0.15)
    assert (found.champion.abstentions, found.champion.latency_ms) == (0.0, None)
    assert found.challenger.abstentions == pytest.approx(0.5, abs=0.05)
    assert found.challenger.log_loss is not None


def test_on_probation_the_one_in_here_is_the_champion() -> None:
    (found,) = play(
        Duel(beside(wire.ModelKind.WINNER, Sure(0.8), counts=True), lambda: Sure(0.6), lambda: 1.0), Sure(0.6)
    )
    assert found.phase == "probation"
    assert found.champion.log_loss == pytest.approx(-math.log(0.8))
    assert found.challenger.log_loss == pytest.approx(-math.log(0.6))
    assert (found.champion.name, found.challenger.name) == ("old", "new")


def test_a_match_that_was_not_seen_from_its_beginning_is_not_compared() -> None:
    duel = Duel(beside(wire.ModelKind.WINNER, Sure(0.8)), lambda: Sure(0.6), lambda: 1.0)
    pipeline = Pipeline(LevelReader(), Sure(0.6))
    results = [pipeline.step(Frame(image, index / 10, index)) for index, image in enumerate(song())]
    half = next(index for index, result in enumerate(results) if result.events) + 5
    assert all(duel.see(None, result, MATCH) is None for result in results[half:])
    assert any(isinstance(event, MatchFinished) for result in results[half:] for event in result.events)


@pytest.mark.parametrize(
    ("p", "winner", "expected"), [(0.0, 1, 13.8155), (1.0, 1, 1e-6), (0.5, 0, 0.6931), (0.9, 2, 2.3026)]
)
def test_the_loss_is_bounded(p: float, winner: int, expected: float) -> None:
    assert loss(p, winner) == pytest.approx(expected, abs=1e-4)


def test_the_final_scores_stand_from_where_they_were_first_read() -> None:
    counts = [(1, 1), (5, 4), (5, 4), (None, 4)]
    other = [(5, 4), (5, 4), (5, 3), (5, 4)]
    assert stood((5, 4), counts, other) == ([True, True], [True, False])
    assert stood((None, 4), counts, other) == ([], [])
    assert stood((9, 9), counts, other) == ([], [])


class Scripted:
    """A duel that does what it is told."""

    def __init__(self) -> None:
        self.seen = 0
        self.events: tuple[object, ...] = ()
        self.hold = threading.Event()
        self.hold.set()
        self.fails = False
        self.answer: wire.ModelCompared | None = None

    def see(self, frame: Frame | None, result: StepResult, match: MatchId | None) -> wire.ModelCompared | None:
        self.hold.wait(10)
        self.seen += 1
        self.events += result.events
        if self.fails:
            raise ValueError("no idea")
        return self.answer


class Watching:
    """What is told of a companion."""

    def __init__(self, duel: Scripted) -> None:
        self.found: list[wire.ModelCompared] = []
        self.troubles: list[str] = []
        self.ms = 10.0
        self.it = Companion(duel, self.found.append, self.troubles.append, lambda: self.ms)


def step() -> StepResult:
    return Pipeline(LevelReader(), Sure(0.5)).step(Frame(song()[0], 0.0, 0))


def test_one_that_fails_is_ended_and_told_of() -> None:
    duel = Scripted()
    duel.fails = True
    watching = Watching(duel)
    for count in range(companions.ERRORS):
        watching.it.see(None, step(), None)
        eventually(lambda: duel.seen > count)  # noqa: B023 - asked at once
    eventually(lambda: watching.troubles)
    assert watching.troubles == ["5 pictures in a row ended in an error: ValueError: no idea"]
    watching.it.see(None, step(), None)
    assert duel.seen == companions.ERRORS


def test_one_that_hangs_holds_up_nobody_and_is_told_of() -> None:
    duel = Scripted()
    duel.hold.clear()
    watching, result = Watching(duel), step()
    for _ in range(companions.WINDOW):
        watching.it.see(None, result, None)
    (trouble,) = watching.troubles
    assert trouble.startswith("it does not keep up: it missed 19")
    duel.hold.set()
    watching.it.close()


def test_one_that_makes_the_others_slow_is_told_of() -> None:
    duel = Scripted()
    watching, result = Watching(duel), step()
    watching.ms = 90.0
    for count in range(companions.WINDOW):
        watching.it.see(None, result, None)
        eventually(lambda: duel.seen > count or watching.troubles)  # noqa: B023 - asked at once
    assert watching.troubles == ["with it beside, a picture takes 90 ms, and took 10 ms without"]


def test_the_end_of_a_match_is_not_missed_and_one_with_holes_is_not_compared() -> None:
    duel = Scripted()
    watching, result = Watching(duel), step()
    duel.answer = play(Duel(beside(wire.ModelKind.WINNER, Sure(0.8)), lambda: Sure(0.6), lambda: 1.0), Sure(0.6))[0]
    watching.it.see(None, result, MATCH)
    eventually(lambda: watching.found)
    duel.hold.clear()
    for _ in range(companions.WAITING * 3):
        watching.it.see(None, result, MATCH)
    watching.it.see(None, replace(result, events=(MatchStarted(0.0),)), MATCH)
    duel.hold.set()
    eventually(lambda: duel.events == (MatchStarted(0.0),))
    eventually(lambda: duel.seen > companions.WAITING)
    watching.it.close()
    assert len(watching.found) < duel.seen  # the first comparison after the holes is not told
    assert not watching.troubles
