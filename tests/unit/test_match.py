"""The course of a match: its start, its end, and readings that are missing or wrong."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from game.match import IDLE, MatchEvent, MatchFinished, MatchStarted, MatchState, advance, close
from game.reading import ScoreReading, ScoreUnit, ScreenReading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

FPS = 15


def screen(t: float, one: int | None, two: int | None, unit: ScoreUnit = ScoreUnit.POINTS) -> ScreenReading:
    return ScreenReading(
        t, ScoreReading(one, 0.99), ScoreReading(two, 0.99), visible=one is not None or two is not None, unit=unit
    )


def blank(t: float) -> ScreenReading:
    return ScreenReading(t)


def run(readings: Iterable[ScreenReading], state: MatchState = IDLE) -> tuple[MatchState, list[MatchEvent]]:
    events: list[MatchEvent] = []
    for reading in readings:
        state, new = advance(state, reading)
        events += new
    return state, events


def film(begin: float, end: float, shot: Callable[[float], ScreenReading]) -> list[ScreenReading]:
    first, last = round(begin * FPS), round(end * FPS)
    return [shot(frame / FPS) for frame in range(first, last)]


def grown(t: float, speed: int = 100_000) -> int:
    return int(max(0.0, t - 10.0) * speed)


def song(t: float) -> ScreenReading:
    return screen(t, grown(t), grown(t) // 2)


def whole_song() -> list[ScreenReading]:
    """Displays from 2 s, first note at 10 s, last at 70 s, displays gone at 72 s."""
    return [
        *film(0, 2, blank),
        *film(2, 70, song),
        *film(70, 72, lambda t: replace(song(70.0), t=t)),
        *film(72, 80, blank),
    ]


def test_a_whole_song_is_one_match() -> None:
    state, events = run(whole_song())
    started, finished = events
    assert isinstance(started, MatchStarted)
    assert isinstance(finished, MatchFinished)
    assert 2.0 <= started.t <= 5.0
    assert 76.0 <= finished.t <= 77.0
    assert (finished.p1_final, finished.p2_final, finished.winner) == (6_000_000, 3_000_000, 1)
    assert not state.running


@pytest.mark.parametrize(("zeros", "latest"), [(0.0, 11.0), (0.5, 11.0), (9.0, 4.0)])
def test_starts_soon_after_the_first_note_or_when_zeros_stand(zeros: float, latest: float) -> None:
    _, events = run(film(10 - zeros, 30, song))
    assert [type(event) for event in events] == [MatchStarted]
    assert events[0].t <= latest


def test_starts_on_a_song_that_is_already_running() -> None:
    _, events = run(film(40, 45, song))
    assert [type(event) for event in events] == [MatchStarted]
    assert events[0].t <= 42


def test_a_standing_high_number_is_no_match() -> None:
    assert run(film(0, 60, lambda t: screen(t, 84_057_776, 83_681_336)))[1] == []


def test_a_curtain_does_not_end_a_match() -> None:
    _, events = run([*film(2, 40, song), *film(40, 44, blank), *film(44, 60, song)])
    assert [type(event) for event in events] == [MatchStarted]


def test_displays_that_cannot_be_read_do_not_end_a_match() -> None:
    unreadable = film(40, 50, lambda t: ScreenReading(t, visible=True))
    _, events = run([*film(2, 40, song), *unreadable, *film(50, 60, song)])
    assert [type(event) for event in events] == [MatchStarted]


def test_zeros_after_a_song_end_it_at_once_and_begin_the_next() -> None:
    second = film(60, 75, lambda t: screen(t, 0, 0))
    _, events = run([*film(2, 60, song), *second])
    assert [type(event) for event in events] == [MatchStarted, MatchFinished, MatchStarted]
    finished = events[1]
    assert isinstance(finished, MatchFinished)
    assert 60 <= finished.t <= 61.5
    assert finished.p1_final == song(60 - 1 / FPS).p1.value
    assert 61 <= events[2].t <= 64


@pytest.mark.parametrize("wrong", [0, 7, 400, 99_000_000])
def test_one_wrong_reading_changes_nothing(wrong: int) -> None:
    readings = whole_song()
    for at in (200, 201, 600):
        readings[at] = replace(readings[at], p1=ScoreReading(wrong, 0.99))
    _, events = run(readings)
    assert len(events) == 2
    assert isinstance(events[1], MatchFinished)
    assert (events[1].p1_final, events[1].p2_final) == (6_000_000, 3_000_000)


def test_a_wrong_last_reading_is_not_the_result() -> None:
    readings = whole_song()
    last = next(index for index, reading in enumerate(readings) if reading.t >= 72) - 1
    readings[last] = replace(readings[last], p1=ScoreReading(96_000_000, 0.99))
    finished = run(readings)[1][1]
    assert isinstance(finished, MatchFinished)
    assert finished.p1_final == 6_000_000


def test_a_wrong_reading_shortly_before_the_end_is_not_the_result() -> None:
    readings = whole_song()
    last = next(index for index, reading in enumerate(readings) if reading.t >= 72) - 1
    readings[last - 2] = replace(readings[last - 2], p1=ScoreReading(6_000_050, 0.99))
    finished = run(readings)[1][1]
    assert isinstance(finished, MatchFinished)
    assert finished.p1_final == 6_000_000


@pytest.mark.parametrize("wrong", [1, 50, 7_000, 60_000])
def test_a_zero_misread_before_the_first_note_starts_and_ends_nothing(wrong: int) -> None:
    readings = whole_song()
    at = next(index for index, reading in enumerate(readings) if reading.t >= 6)
    readings[at] = replace(readings[at], p1=ScoreReading(wrong, 0.99))
    _, events = run(readings)
    assert events == run(whole_song())[1]


def test_a_score_misread_too_high_is_corrected() -> None:
    readings = whole_song()
    for at, reading in enumerate(readings):
        if 50 <= reading.t < 50.15 and reading.p1.value is not None:
            readings[at] = replace(reading, p1=ScoreReading(reading.p1.value + 90_000, 0.99))
    finished = run(readings)[1][1]
    assert isinstance(finished, MatchFinished)
    assert finished.p1_final == 6_000_000


def test_a_failed_player_stops_growing() -> None:
    _, events = run([*film(2, 70, lambda t: screen(t, min(16_690, grown(t)), grown(t))), *film(70, 76, blank)])
    assert isinstance(events[-1], MatchFinished)
    assert (events[-1].p1_final, events[-1].winner) == (16_690, 2)


def test_one_player_alone_has_no_winner() -> None:
    _, events = run([*film(2, 70, lambda t: screen(t, grown(t), None)), *film(70, 76, blank)])
    assert isinstance(events[-1], MatchFinished)
    assert (events[-1].p2_final, events[-1].winner) == (None, None)
    assert events[-1].p1_final is not None


def test_the_course_of_one_alone_is_kept_until_somebody_joins() -> None:
    alone, _ = run(film(2, 30, lambda t: screen(t, grown(t), None)))
    assert len(alone.trace) > 10
    assert all(point.p1 == point.p2 for point in alone.trace)
    joined, _ = run(film(30, 34, lambda t: screen(t, grown(t), grown(t) // 2)), alone)
    assert joined.trace[0].t >= 30
    assert all(point.p1 > point.p2 for point in joined.trace)


def test_a_song_in_which_nobody_scored_has_no_result() -> None:
    _, events = run([*film(2, 20, lambda t: screen(t, 0, 0)), *film(20, 26, blank)])
    assert isinstance(events[-1], MatchFinished)
    assert events[-1].abandoned
    assert events[-1].winner is None


def test_a_tie() -> None:
    _, events = run([*film(2, 70, lambda t: screen(t, grown(t), grown(t))), *film(70, 76, blank)])
    assert isinstance(events[-1], MatchFinished)
    assert events[-1].winner == 0


def test_percents_may_fall() -> None:
    def percent(t: float) -> ScreenReading:
        high = 6_000 + (200 if int(t) % 2 else 0)
        return screen(
            t, min(high, int(max(0.0, t - 10) * 200)), min(5_000, int(max(0.0, t - 10) * 200)), ScoreUnit.PERCENT
        )

    state, events = run([*film(2, 71.5, percent), *film(71.5, 78, blank)])
    assert [type(event) for event in events] == [MatchStarted, MatchFinished]
    assert isinstance(events[1], MatchFinished)
    assert (events[1].p1_final, events[1].p2_final) == (6_200, 5_000)
    assert state.unit is ScoreUnit.PERCENT


def test_numbers_that_stay_in_view_after_the_song_do_not_hold_it_open() -> None:
    results = film(70, 110, lambda t: replace(song(70.0), t=t))
    _, events = run([*film(2, 70, song), *results])
    assert [type(event) for event in events] == [MatchStarted, MatchFinished]
    assert events[1].t <= 100


def test_the_end_of_a_source_ends_the_match() -> None:
    state, _ = run(film(2, 40, song))
    closed, events = close(state, 40.0)
    assert isinstance(events[0], MatchFinished)
    assert not closed.running
    assert close(closed, 41.0)[1] == ()


def test_a_source_that_begins_anew_ends_the_match() -> None:
    state, _ = run(film(2, 40, song))
    after, events = advance(state, screen(1.0, 0, 0))
    assert isinstance(events[0], MatchFinished)
    assert after.t == 1.0
    assert not after.running


def test_two_songs_are_two_matches() -> None:
    again = [replace(reading, t=reading.t + 90) for reading in whole_song()]
    _, events = run([*whole_song(), *again])
    assert [type(event) for event in events] == [MatchStarted, MatchFinished] * 2


def test_what_a_menu_showed_is_no_part_of_the_next_song() -> None:
    state, events = run([*film(0, 5, lambda t: screen(t, 777, 3)), *film(5, 15, blank)])
    assert events == []
    assert state.p1.value is None


def test_the_trace_stays_small_and_ordered() -> None:
    state, _ = run(film(2, 400, song))
    times = [point.t for point in state.trace]
    assert times == sorted(times)
    assert 20 <= len(times) <= 40
    assert times[-1] > 380
