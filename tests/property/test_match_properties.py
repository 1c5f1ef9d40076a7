"""What holds for every course of readings."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from game.match import IDLE, TRACE, MatchEvent, MatchFinished, MatchStarted, MatchState, advance, close
from game.reading import ScoreReading, ScoreUnit, ScreenReading

values = st.none() | st.sampled_from([0, 0, 0, 903, 5_000, 1_000_000, 99_000_000]) | st.integers(0, 10**8)
scores = st.builds(ScoreReading, values, st.sampled_from([0.0, 0.4, 0.9, 1.0]))
moments = st.tuples(st.sampled_from([0.02, 0.07, 0.5, 3.0, 10.0]), scores, scores, st.booleans())
courses = st.lists(moments, min_size=1, max_size=60)
units = st.sampled_from(list(ScoreUnit))


def film(course: list[tuple[float, ScoreReading, ScoreReading, bool]], unit: ScoreUnit) -> list[ScreenReading]:
    t, readings = 0.0, []
    for gap, one, two, visible in course:
        t += gap
        readings.append(ScreenReading(t, one, two, visible, unit))
    return readings


def run(readings: list[ScreenReading]) -> tuple[MatchState, list[MatchEvent]]:
    state = IDLE
    events: list[MatchEvent] = []
    for reading in readings:
        state, new = advance(state, reading)
        events += new
    state, new = close(state, readings[-1].t)
    return state, [*events, *new]


@given(courses, units)
@settings(max_examples=200, deadline=None)
def test_exchanging_the_players_exchanges_everything(
    course: list[tuple[float, ScoreReading, ScoreReading, bool]], unit: ScoreUnit
) -> None:
    here = there = IDLE
    for reading in film(course, unit):
        here, events = advance(here, reading)
        there, mirrored = advance(there, reading.swapped())
        assert there == here.swapped()
        assert mirrored == tuple(e.swapped() if isinstance(e, MatchFinished) else e for e in events)


@given(courses, units)
@settings(max_examples=200, deadline=None)
def test_matches_start_and_finish_in_turn(
    course: list[tuple[float, ScoreReading, ScoreReading, bool]], unit: ScoreUnit
) -> None:
    state, events = run(film(course, unit))
    assert [type(event) for event in events] == [MatchStarted, MatchFinished] * (len(events) // 2)
    assert [event.t for event in events] == sorted(event.t for event in events)
    assert not state.running
    assert len(state.trace) <= TRACE


@given(st.lists(st.integers(0, 1_000), min_size=40, max_size=120), st.data())
@settings(max_examples=60, deadline=None)
def test_gaps_and_single_misreadings_do_not_change_the_result(gains: list[int], data: st.DataObject) -> None:
    total, readings = (
        0,
        [ScreenReading(frame / 10, ScoreReading(0, 1.0), ScoreReading(0, 1.0), visible=True) for frame in range(30)],
    )
    for frame, gain in enumerate([1_000, *gains, *[0] * 10]):
        total += gain
        readings.append(
            ScreenReading(3 + frame / 10, ScoreReading(total, 1.0), ScoreReading(total // 2, 1.0), visible=True)
        )
    spoiled = list(readings)
    at = data.draw(st.integers(31, len(readings) - 3))
    wrong = data.draw(st.sampled_from([None, 0, 3, 95_000_000]))
    spoiled[at] = ScreenReading(readings[at].t, ScoreReading(wrong, 1.0), readings[at].p2, visible=True)
    finished = [event for event in run(readings)[1] if isinstance(event, MatchFinished)]
    assert [(event.p1_final, event.p2_final) for event in finished] == [(total, total // 2)]
    assert [event for event in run(spoiled)[1] if isinstance(event, MatchFinished)] == finished
