"""Predictions at a steady pace, whatever the pace of readings."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from game.match import MatchFinished
from game.reading import ScreenReading
from game.rules import RULES
from models.checks import readings
from models.live import BEGIN, DARK, Said, Step, dark, finish, step
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


def half() -> Step:
    stepped = Step(BEGIN)
    for shot in SHOTS[: len(SHOTS) // 2]:
        stepped = step(stepped.live, shot, default())
    assert stepped.live.state.running
    return stepped


def test_in_the_dark_a_match_goes_on_and_is_the_same_when_the_picture_comes_back() -> None:
    stepped = half()
    last = SHOTS[len(SHOTS) // 2 - 1].t
    said: list[Said] = []
    for tick in range(1, 60):
        stepped = dark(stepped.live, last + tick * 0.3, default())
        said += stepped.said
        assert stepped.events == ()
    assert max(after.t - before.t for before, after in pairwise(said)) <= 0.5
    there = ScreenReading(last + 18.0, SHOTS[len(SHOTS) // 2].p1, SHOTS[len(SHOTS) // 2].p2, visible=True)
    kept, direct = step(stepped.live, there, default()), step(half().live, there, default())
    assert kept.live.state == direct.live.state
    assert kept.said[-1] == direct.said[-1]  # as if nobody had asked in the dark


def test_a_match_that_stays_in_the_dark_is_given_up_without_a_verdict() -> None:
    stepped = half()
    last = SHOTS[len(SHOTS) // 2 - 1].t
    given_up = dark(stepped.live, last + DARK, default())
    (event,) = given_up.events
    assert isinstance(event, MatchFinished)
    assert event.abandoned
    assert not given_up.live.state.running
    assert all(one.t < event.t for one in given_up.said)
    assert dark(given_up.live, last + DARK + 1, default()).said == ()
