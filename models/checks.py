"""What every predictor must hold to, as code: run `conform` on a new one before it goes anywhere.

Each check takes a predictor and raises `ConformanceError`, which says what was promised and what came out.
"""

from __future__ import annotations

import itertools
import random
from dataclasses import replace
from typing import TYPE_CHECKING

from game.match import IDLE, MatchState, advance
from game.reading import UNREAD, ScoreReading, ScoreUnit, ScreenReading
from game.rules import RULES
from models.matches import simulate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from models.matches import Match
    from models.predictor import Predictor

TOLERANCE = 1e-6
SLACK = 0.02  # how far missing readings may move a probability, and noise may bend a monotone answer
FRAME = 0.2  # seconds between the readings of a trial
LEAD_IN = 3.0  # seconds of standing zeros before the first object
WIDTHS = {"stepmania": 9, "ddr-a": 7, "itg": None}


class ConformanceError(AssertionError):
    """A predictor broke a promise."""


def conform(predictor: Predictor, seed: int = 1, matches: int = 3) -> None:
    """Run every check on simulated matches under three kinds of rules."""
    rng = random.Random(seed)  # noqa: S311 - the same trials every time are the point
    for name in WIDTHS:
        for _ in range(matches):
            match = simulate(RULES[name], rng)
            states = list(follow(match))
            for check in CHECKS:
                check(predictor, states)
    check_start(predictor)
    check_clinch(predictor)
    check_tie(predictor)


def readings(match: Match) -> Iterator[ScreenReading]:
    """The screen during a match, five times a second, displays standing at zero before the first object."""
    t, index, shown = -LEAD_IN, 0, (0, 0)
    while index < len(match.moments):
        while index < len(match.moments) and match.moments[index].t <= t:
            shown = match.moments[index].scores
            index += 1
        yield show(t, *shown, unit=match.rule.unit, digits=WIDTHS.get(match.rule.name))
        t += FRAME


def show(
    t: float, one: int | None, two: int | None, unit: ScoreUnit = ScoreUnit.POINTS, digits: int | None = 9
) -> ScreenReading:
    """A screen that shows these two scores."""
    p1, p2 = (ScoreReading(value, 0.0 if value is None else 0.99) for value in (one, two))
    return ScreenReading(t, p1, p2, visible=True, unit=unit, digits=digits)


def follow(match: Match, players: int = 2) -> Iterator[MatchState]:
    """The states of a match after each reading from its start on; with one player, player 2 is never seen."""
    state = IDLE
    for reading in readings(match):
        state, _ = advance(state, reading if players > 1 else replace(reading, p2=UNREAD))
        if state.running:
            yield state


def check_range(predictor: Predictor, states: list[MatchState]) -> None:
    """0 <= low <= p1_win <= high <= 1, and so is progress."""
    for state in states[::10]:
        said = predictor.predict(state)
        _demand(0 <= said.low <= said.p1_win <= said.high <= 1, f"low <= p1_win <= high in [0, 1], got {said}")
        _demand(0 <= said.progress <= 1, f"progress in [0, 1], got {said.progress}")


def check_antisymmetry(predictor: Predictor, states: list[MatchState]) -> None:
    """Exchanging the players turns p into 1 - p."""
    for state in states[::10]:
        here, there = predictor.predict(state), predictor.predict(state.swapped())
        gap = max(
            abs(here.p1_win + there.p1_win - 1.0),
            abs(here.low + there.high - 1.0),
            abs(here.progress - there.progress),
        )
        _demand(gap <= TOLERANCE, f"1 - p for exchanged players, off by {gap}")


def check_purity(predictor: Predictor, states: list[MatchState]) -> None:
    """The same state gives the same prediction, whatever was asked in between."""
    before = predictor.predict(states[len(states) // 2])
    predictor.predict(states[-1])
    _demand(predictor.predict(states[len(states) // 2]) == before, "the same answer to the same state")


def check_monotone(predictor: Predictor, states: list[MatchState]) -> None:
    """More points for a player never lower that player's chances."""
    for state in states[20::40]:
        one = state.p1.value or 0
        chances = [
            predictor.predict(replace(state, p1=replace(state.p1, value=one + one * more // 200))).p1_win
            for more in range(6)
        ]
        worst = min(after - before for before, after in itertools.pairwise(chances))
        _demand(worst >= -TOLERANCE - SLACK * (chances[0] < SLACK), f"chances that rise with the lead, got {chances}")


def check_gaps(predictor: Predictor, states: list[MatchState]) -> None:
    """Without readings the probability stays and its range does not narrow."""
    for state in states[20::40]:
        here = predictor.predict(state)
        later = predictor.predict(replace(state, t=(state.t or 0.0) + 5.0))
        _demand(abs(here.p1_win - later.p1_win) <= SLACK, f"a steady answer while nothing is read, {here} {later}")
        _demand(
            later.high - later.low >= here.high - here.low - TOLERANCE,
            f"a range that does not narrow while nothing is read, {here} {later}",
        )


def check_start(predictor: Predictor) -> None:
    """Nothing is known before the first note: 0.5 and a wide range."""
    said = predictor.predict(IDLE)
    _demand(said.p1_win == 0.5, f"0.5 before anything was read, got {said}")  # noqa: PLR2004
    said = predictor.predict(_at((0, 0)))
    _demand(abs(said.p1_win - 0.5) <= TOLERANCE, f"0.5 at zero all, got {said}")
    _demand(said.high - said.low >= 0.3, f"a wide range at the start, got {said}")  # noqa: PLR2004


def check_clinch(predictor: Predictor) -> None:
    """A lead beyond reach is certain."""
    for scores, certain in (((90_000_000, 70_000_000), 1.0), ((60_000_000, 99_000_000), 0.0)):
        said = predictor.predict(_at(scores))
        _demand(said.p1_win == said.low == said.high == certain, f"certainty at {scores}, got {said}")


def check_tie(predictor: Predictor) -> None:
    """Equal scores at the very end count half."""
    said = predictor.predict(_at((100_000_000, 100_000_000)))
    _demand(abs(said.p1_win - 0.5) <= TOLERANCE, f"0.5 for a tie, got {said}")


CHECKS: tuple[Callable[[Predictor, list[MatchState]], None], ...] = (
    check_range,
    check_antisymmetry,
    check_purity,
    check_monotone,
    check_gaps,
)


def _at(scores: tuple[int, int]) -> MatchState:
    """A match under StepMania's rule that has come evenly to these scores."""
    state = IDLE
    for tick in range(60):
        one, two = (score * tick * tick // 3481 for score in scores)
        state, _ = advance(state, show(tick * 1.0, one, two))
    return state


def _demand(kept: bool, promise: str) -> None:
    if not kept:
        raise ConformanceError(f"promised: {promise}")
