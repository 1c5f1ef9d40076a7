"""Predictions at a steady pace, whatever the pace of readings."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from game.match import MatchFinished
from game.reading import ScreenReading
from game.rules import RULES
from models.checks import readings
from models.live import BEGIN, Said, finish, step
from models.matches import simulate
from models.predictor import default

MATCH = simulate(RULES["stepmania"], random.Random(4))  # noqa: S311
SHOTS = list(readings(MATCH))


def run(shots: list[ScreenReading]) -> tuple[list[Said], list[MatchFinished]]:
    live = BEGIN
    said: list[Said] = []
    finished: list[MatchFinished] = []
    for shot in shots:
        stepped = step(live, shot, default())
        live, said = stepped.live, [*said, *stepped.said]
        finished += [event for event in stepped.events if isinstance(event, MatchFinished)]
    ended = finish(live, shots[-1].t, default())
    return [*said, *ended.said], [*finished, *[e for e in ended.events if isinstance(e, MatchFinished)]]


@pytest.mark.parametrize("every", [1, 2, 7, 20])
def test_at_least_twice_a_second(every: int) -> None:
    said, _ = run(SHOTS[::every])
    assert max(after.t - before.t for before, after in pairwise(said)) <= 0.5
    assert min(after.t - before.t for before, after in pairwise(said)) >= 0.0


def test_the_last_word_is_the_verdict() -> None:
    gone = [ScreenReading(SHOTS[-1].t + tick / 5) for tick in range(1, 60)]
    said, finished = run([*SHOTS, *gone])
    assert len(finished) == 1
    assert said[-1].prediction.p1_win == {1: 1.0, 2: 0.0, 0: 0.5}[finished[0].winner or 0]
    assert said[-1].t == finished[0].t


def test_nothing_is_said_without_a_match() -> None:
    assert run([ScreenReading(tick / 5) for tick in range(100)]) == ([], [])


def test_a_song_nobody_scored_in_has_no_verdict() -> None:
    zeros = [shot for shot in SHOTS if shot.t < 0]
    said, finished = run([*zeros, *[ScreenReading(tick / 5) for tick in range(40)]])
    assert finished[0].abandoned
    assert {one.prediction.p1_win for one in said} == {0.5}
    assert said[-1].t < finished[0].t
