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
DIRECT = ("def_goin_close", "def_spring_comeback", "def_mecha_fail", "leg_goin_close", "leg_mecha_comeback")


def play(path: Path) -> list[dict[str, Any]]:
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    return [row for row in rows if row["type"] == "frame" and "p1" in row]


def counts(player: dict[str, Any]) -> list[int]:
    return [*player["tns"], *player["hold"]]


def award_all(rule: Rule, tally: Tally, judgements: tuple[Judgement, ...]) -> Tally:
    for judgement in judgements:
        tally = rule.award(tally, judgement)
    return tally


@pytest.mark.parametrize("player", ["p1", "p2"])
@pytest.mark.parametrize("name", DIRECT)
def test_every_step_of_the_score_is_explained(recordings: Path, name: str, player: str) -> None:
    rule = StepManiaDefault()
    frames = [frame[player] for frame in play(recordings / f"{name}.jsonl")]
    final = counts(frames[-1])
    objects = sum(final) - final[6]
    tally, before, steps, unexplained = rule.start(objects), [0] * 9, 0, 0
    for frame in frames:
        now = counts(frame)
        if now == before:
            continue
        steps += 1
        new = [judgement for judgement, old, new in zip(ORDER, before, now, strict=True) for _ in range(new - old)]
        before = now
        # the truth does not say in which order a frame's judgements fell, nor at which of them a player failed
        starts = [tally, tally.fail()] if frame["failed"] else [tally]
        ends = [award_all(rule, start, order) for start in starts for order in set(permutations(new[:6]))]
        fits = [end for end in ends if end.points == frame["score"]]
        unexplained += not fits
        tally = fits[0] if fits else Tally(objects, ends[0].judged, frame["score"], frame["failed"])
    assert steps > 200
    assert unexplained == 0, f"{unexplained} of {steps} steps"
    assert tally.judged == objects


@pytest.mark.parametrize("name", DIRECT)
def test_percent_is_the_games_own(recordings: Path, name: str) -> None:
    rule = STEPMANIA_PERCENT
    last = play(recordings / f"{name}.jsonl")[-1]
    for player in ("p1", "p2"):
        if last[player]["failed"]:
            continue  # what came before the fail is not in the last frame
        final = counts(last[player])
        tally = rule.start(sum(final) - final[6])
        for judgement, number in zip(ORDER, final, strict=True):
            tally = award_all(rule, tally, (judgement,) * number)
        assert rule.shown(tally) == round(last[player]["dp"] * 10_000)
