"""The recorded games, read without a fault, through match, predictor and pace."""

from __future__ import annotations

import itertools
import json
import math
from typing import TYPE_CHECKING, Any

import pytest

from game.match import MatchFinished, MatchStarted
from game.reading import ScoreReading, ScreenReading
from models.live import BEGIN, finish, step
from models.predictor import default

if TYPE_CHECKING:
    from pathlib import Path

    from game.match import MatchEvent
    from models.live import Said

pytestmark = pytest.mark.recordings


def watch(path: Path) -> tuple[list[dict[str, Any]], list[MatchEvent], list[Said]]:
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    frames = [row for row in rows if row["type"] == "frame"]
    live, predictor = BEGIN, default()
    events: list[MatchEvent] = []
    said: list[Said] = []
    for frame in frames:
        reading = ScreenReading(frame["t"])
        if "p1" in frame and frame["screen"] == "ScreenGameplay":
            p1, p2 = (ScoreReading(frame[player]["shown_n"], 1.0) for player in ("p1", "p2"))
            reading = ScreenReading(frame["t"], p1, p2, visible=True, digits=9)
        stepped = step(live, reading, predictor)
        live, events, said = stepped.live, [*events, *stepped.events], [*said, *stepped.said]
    end = finish(live, frames[-1]["t"], predictor)
    return [f for f in frames if "p1" in f], [*events, *end.events], [*said, *end.said]


def judged(frame: dict[str, Any]) -> int:
    return sum(sum(frame[player]["tns"]) + sum(frame[player]["hold"]) for player in ("p1", "p2"))


def test_a_recorded_game_is_followed_from_start_to_verdict(truth: Path) -> None:
    frames, events, said = watch(truth)
    counts = [judged(frame) for frame in frames]
    first = next(frame["t"] for frame, count in zip(frames, counts, strict=True) if count)
    last = frames[counts.index(counts[-1])]["t"]
    one, two = (frames[-1][player]["score"] for player in ("p1", "p2"))

    started, finished = events
    assert isinstance(started, MatchStarted)
    assert isinstance(finished, MatchFinished)
    assert first - 15 <= started.t <= first + 2
    assert last - 1 <= finished.t <= last + 30
    assert finished.p1_final == pytest.approx(one, abs=4)
    assert finished.p2_final == pytest.approx(two, abs=4)
    assert finished.winner == (1 if one > two else 2)

    times = [one.t for one in said]
    assert max(after - before for before, after in itertools.pairwise(times)) <= 0.5
    assert times[0] == started.t
    assert said[-1].prediction.p1_win == float(one > two)
    progress = [one.prediction.progress for one in said if one.t <= last]
    assert 0.85 <= progress[-1] <= 1.0


def test_predictions_on_recorded_games_are_worth_something(recordings: Path) -> None:
    losses = []
    for truth in sorted(recordings.glob("*.jsonl")):
        frames, _, said = watch(truth)
        total = judged(frames[-1])
        won = frames[-1]["p1"]["score"] > frames[-1]["p2"]["score"]
        for share in (0.5, 0.75, 0.9):
            t = next(f["t"] for f in frames if judged(f) * (judged(f) + 1) >= share * total * (total + 1))
            p = [one.prediction.p1_win for one in said if one.t <= t][-1]
            losses.append(-math.log(max(1e-6, p if won else 1 - p)))
    assert sum(losses) / len(losses) < 0.3
