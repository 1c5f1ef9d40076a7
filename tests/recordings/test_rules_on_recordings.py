"""StepMania's own judgements and scores against our rule, object by object."""

from __future__ import annotations

import json
from itertools import permutations
from typing import TYPE_CHECKING, Any

import pytest

from game.judgement import Judgement
from game.rules import STEPMANIA_PERCENT, Rule, Tally
from game.rules.stepmania import StepManiaDefault

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.recordings

J = Judgement
ORDER = (J.W1, J.W2, J.W3, J.W4, J.W5, J.MISS, J.MINE, J.HELD, J.LET_GO)


def play(path: Path) -> list[dict[str, Any]]:
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    return [row for row in rows if row["type"] == "frame" and "p1" in row]


def counts(player: dict[str, Any]) -> list[int]:
    return [*player["tns"], *player["hold"]]


def charts(frames: list[dict[str, Any]]) -> range:
    """How many objects the chart may have.

    A hold whose head was missed is never judged, but counts; the dance points (four decimals) tell. After a fail they
    stand still, so the frame before it is asked.
    """
    alive = [frame for frame in frames if not frame["failed"]][-1]
    earned = sum(STEPMANIA_PERCENT.weights.get(j, 0) * n for j, n in zip(ORDER, counts(alive), strict=True))
    whole = earned / STEPMANIA_PERCENT.best
    return range(round(whole / (alive["dp"] + 0.5e-4)), round(whole / max(1e-9, alive["dp"] - 0.5e-4)) + 1)


def award_all(rule: Rule, tally: Tally, judgements: tuple[Judgement, ...]) -> Tally:
    for judgement in judgements:
        tally = rule.award(tally, judgement)
    return tally


def unexplained(frames: list[dict[str, Any]], objects: int) -> int:
    """How many steps of the score no order of the frame's judgements explains under a chart of `objects`."""
    rule = StepManiaDefault()
    tally, before, wrong = rule.start(objects), [0] * 9, 0
    for frame in frames:
        now = counts(frame)
        new = [judgement for judgement, old, new in zip(ORDER, before, now, strict=True) for _ in range(new - old)]
        before = now
        if not new:
            continue
        # the truth does not say in which order a frame's judgements fell, nor at which of them a player failed
        starts = [tally, tally.fail()] if frame["failed"] else [tally]
        ends = [award_all(rule, start, order) for start in starts for order in set(permutations(new[:6]))]
        fits = [end for end in ends if end.points == frame["score"]]
        wrong += not fits
        tally = fits[0] if fits else Tally(objects, ends[0].judged, frame["score"], frame["failed"])
    return wrong


@pytest.mark.parametrize("player", ["p1", "p2"])
def test_every_step_of_the_score_is_explained(truth: Path, player: str) -> None:
    frames = [frame[player] for frame in play(truth)]
    assert sum(counts(frames[-1])) > 300
    assert min(unexplained(frames, objects) for objects in charts(frames)) == 0


def test_percent_is_the_games_own(truth: Path) -> None:
    rule = STEPMANIA_PERCENT
    last = play(truth)[-1]
    for player in ("p1", "p2"):
        if last[player]["failed"]:
            continue  # what came before the fail is not in the last frame
        (objects,) = charts([last[player]])
        tally = rule.start(objects)
        for judgement, number in zip(ORDER, counts(last[player]), strict=True):
            tally = award_all(rule, tally, (judgement,) * number)
        assert rule.shown(tally) == round(last[player]["dp"] * 10_000)
