"""Scores of many players at once, by the very rules of `game.rules`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from game.judgement import Judgement
from game.rules.rule import Tally

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from game.rules import Rule

CODES = tuple(judgement for judgement in Judgement if judgement is not Judgement.MINE)
"""A judgement's code is its place in here."""
W1, MISS, HELD, LET_GO = (CODES.index(j) for j in (Judgement.W1, Judgement.MISS, Judgement.HELD, Judgement.LET_GO))


def scores(
    rule: Rule, judged: NDArray[np.uint8], failed_at: NDArray[np.int64] | None = None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """What displays at rest show, and the exact scores behind, before the first object and after each.

    Args:
        rule: what scores.
        judged: codes of judgements, (players, objects).
        failed_at: how many objects were judged when each player failed, (players,); the number of objects or more for
            those who did not.

    Returns:
        two arrays (players, objects + 1).
    """
    players, objects = judged.shape
    points = np.zeros((players, objects + 1), np.int64)
    gains = _gains(rule, objects)
    np.cumsum(gains[judged, np.arange(objects)], axis=1, out=points[:, 1:])
    if failed_at is not None:
        for player in np.flatnonzero(failed_at < objects):
            _go_on(rule, points[player], judged[player], int(failed_at[player]))
    return rule.display(points, np.arange(objects + 1), objects), points


def _gains(rule: Rule, objects: int) -> NDArray[np.int64]:
    """What each judgement gives for each object, (codes, objects), as long as nobody has failed."""
    return np.array(
        [[rule.award(Tally(objects, n), code).points for n in range(objects)] for code in CODES], dtype=np.int64
    )


def _go_on(rule: Rule, points: NDArray[np.int64], judged: NDArray[np.uint8], failed_at: int) -> None:
    """Award what came after a fail, in place, object by object: it is rare, and some rules round the sum then."""
    tally = Tally(len(judged), failed_at, int(points[failed_at]), failed=True)
    for n in range(failed_at, len(judged)):
        tally = rule.award(tally, CODES[judged[n]])
        points[n + 1] = tally.points
