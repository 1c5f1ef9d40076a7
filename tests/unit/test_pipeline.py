from __future__ import annotations

import itertools

from edge_agent.pipeline import Pipeline, StepResult
from game.match import MatchFinished, MatchStarted
from models import predictor
from tests.device_fakes import UNIT, LevelReader, picture, song
from vision.frame import Frame


def run(pipeline: Pipeline, fps: int = 10) -> list[StepResult]:
    return [pipeline.step(Frame(image, i / fps, i)) for i, image in enumerate(song(fps=fps))]


def test_a_song_is_found_predicted_and_finished() -> None:
    results = run(Pipeline(LevelReader(), predictor.default()))
    events = [event for result in results for event in result.events]
    assert [type(event) for event in events] == [MatchStarted, MatchFinished]
    finished = events[1]
    assert isinstance(finished, MatchFinished)
    assert (finished.p1_final, finished.p2_final, finished.winner) == (20 * UNIT, 16 * UNIT, 1)
    predicted = [said.t for result in results for said in result.said]
    assert predicted[0] == events[0].t
    assert max(b - a for a, b in itertools.pairwise(predicted)) <= 0.5
    assert all(events[0].t <= t <= events[1].t for t in predicted)
    closing = results[round(finished.t * 10)].said[-1]
    assert (closing.t, closing.prediction.p1_win, closing.prediction.progress) == (finished.t, 1.0, 1.0)


def half_a_song() -> Pipeline:
    pipeline = Pipeline(LevelReader(), predictor.default())
    for i, image in enumerate(song()[:60]):
        pipeline.step(Frame(image, i / 10, i))
    assert pipeline.running
    return pipeline


def test_a_match_whose_end_nobody_saw_has_no_result() -> None:
    pipeline = half_a_song()
    results = [pipeline.blind(6.0 + i * 0.5) for i in range(60)]
    assert all(result.reading.p1.value is None for result in results)
    (event,) = [event for result in results for event in result.events]
    assert isinstance(event, MatchFinished)
    assert event.abandoned
    assert 25.5 <= event.t <= 26.5
    assert not pipeline.running
    said = [said for result in results for said in result.said]
    assert max(b.t - a.t for a, b in itertools.pairwise(said)) <= 0.5  # nobody looked, yet it goes on
    assert said[-1].t < event.t
    width = [one.prediction.high - one.prediction.low for one in said]
    assert width == sorted(width)  # and knows less and less
    assert [result.blind for result in results] == [result.t <= event.t for result in results]


def test_a_match_outlives_a_camera_that_comes_back() -> None:
    pipeline = half_a_song()
    for i in range(20):
        assert pipeline.blind(6.0 + i * 0.5).events == ()
    frames = song()[60:]
    results = [pipeline.step(Frame(image, 16.0 + i / 10, i)) for i, image in enumerate(frames)]
    (event,) = [event for result in results for event in result.events]
    assert isinstance(event, MatchFinished)
    assert event.winner == 1
    assert event.p1_final == 20 * UNIT


def test_the_end_of_the_source_closes_a_running_match_with_its_scores() -> None:
    pipeline = Pipeline(LevelReader(), predictor.default())
    for i in range(40):
        pipeline.step(Frame(picture(min(i // 4, 9), 0), i / 10, i))
    (event,) = pipeline.close(4.0).events
    assert isinstance(event, MatchFinished)
    assert (event.t, event.p1_final) == (4.0, 9 * UNIT)
    assert pipeline.close(4.0).events == ()


def test_a_new_reader_takes_over() -> None:
    class Blind(LevelReader):
        def read(self, frame: Frame):  # type: ignore[no-untyped-def]  # noqa: ANN202 - as its parent
            return super().read(Frame(picture(None, None), frame.t, frame.index))

    pipeline = Pipeline(Blind(), predictor.default())
    assert pipeline.step(Frame(picture(1, 1), 0.0, 0)).reading.p1.value is None
    pipeline.replace_reader(LevelReader())
    assert pipeline.step(Frame(picture(1, 1), 0.1, 1)).reading.p1.value == UNIT
