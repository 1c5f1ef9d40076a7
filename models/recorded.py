"""Recorded games with their truth beside them, replayed to predictors as a faultless reader would see them.

A recording is a file of JSON lines: a header, then a line a video frame with `t`, and while a song runs, for `p1` and
`p2`, the number shown (`shown_n`), the true `score`, how many of each judgement (`tns`: W1 to W5, misses) and of holds
kept and let go (`hold`) were given.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from game.reading import ScoreReading, ScreenReading
from game.rules.rule import Growth, decided
from models.live import BEGIN, step
from models.predictor import Prediction

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from game.match import MatchState

PRIOR = np.array([2.0, 1.0, 0.5, 0.5])  # judgements' worth: W1, W2, W3, and all that earns nothing
WORTH = np.array([1.0, 0.9, 0.5, 0.0])
TOP = 100_000_000
DIGITS = 9
SIDES = ("p1", "p2")


@dataclass(frozen=True, slots=True)
class Moment:
    """A recorded match when a share of its budget was decided.

    Attributes:
        state: what a device knows then.
        told: what a note-budget Stern says who is told every judgement.
        leader: 1, 0, or 0.5 when nobody leads, seen from player 1.
    """

    mark: float
    state: MatchState
    told: float
    leader: float


@dataclass(frozen=True, slots=True)
class Recorded:
    """One recorded match.

    Attributes:
        finals: both scores in the end.
        moments: in order of time.
    """

    name: str
    finals: tuple[int, int]
    moments: tuple[Moment, ...]

    @property
    def outcome(self) -> float:
        """1 when player 1 won, 0 when player 2 did, 0.5 for a tie."""
        one, two = self.finals
        return 0.5 if one == two else float(one > two)


class _Silent:
    """Says nothing of worth; what is wanted is the state."""

    name = "none"

    def predict(self, state: MatchState) -> Prediction:  # noqa: ARG002 - it is a predictor
        return Prediction(0.5, 0.0, 1.0, 0.0)


def replay(path: Path, marks: Sequence[float]) -> Recorded | None:
    """Play a recording back; None when it is no recorded match of two players.

    Raises:
        OSError: it cannot be read.
        ValueError: it is not JSON lines.
    """
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
    frames = [row for row in rows if row.get("type") == "frame"]
    playing = [row for row in frames if "p1" in row and "p2" in row]
    if not playing:
        return None
    objects = tuple(_objects([frame[side] for frame in playing]) for side in SIDES)
    live, moments, waiting = BEGIN, [], list(marks)
    for frame in frames:
        shown = "p1" in frame and frame.get("screen") == "ScreenGameplay"
        live = step(live, _reading(frame, shown=shown), _Silent()).live
        if not shown or not live.state.running:
            continue
        share = sum(_share(frame[side], n) for side, n in zip(SIDES, objects, strict=True)) / 2.0
        while waiting and share >= waiting[0]:
            ahead = frame["p1"]["score"] - frame["p2"]["score"]
            leader = 0.5 + 0.5 * float(np.sign(ahead))
            moments.append(Moment(waiting.pop(0), live.state, _told(frame, objects), leader))
    one, two = (playing[-1][side]["score"] for side in SIDES)
    return Recorded(path.stem, (one, two), tuple(moments))


def _reading(frame: dict[str, Any], *, shown: bool) -> ScreenReading:
    if not shown:
        return ScreenReading(frame["t"])
    p1, p2 = (ScoreReading(frame[side]["shown_n"], 1.0) for side in SIDES)
    return ScreenReading(frame["t"], p1, p2, visible=True, digits=DIGITS)


def _judged(player: dict[str, Any]) -> int:
    return int(sum(player["tns"][:6]) + sum(player["hold"]))


def _objects(course: Sequence[dict[str, Any]]) -> int:
    """How many objects a chart has: those judged, and the holds whose heads were missed, which dance points tell of."""
    alive = [player for player in course if not player["failed"]][-1]
    if not alive["dp"]:
        return _judged(course[-1])
    w1, w2, w3, *_, mines = alive["tns"]
    earned = 3 * (w1 + alive["hold"][0]) + 2 * w2 + w3 - 2 * mines
    return max(_judged(course[-1]), round(float(earned) / 3 / float(alive["dp"])))


def _share(player: dict[str, Any], objects: int) -> float:
    return decided(Growth.TRIANGULAR, _judged(player), objects)


def _told(frame: dict[str, Any], objects: Sequence[int]) -> float:
    """Note-budget Stern, told every judgement; see `models.simulate.told`."""
    mean = variance = 0.0
    for side, total, sign in zip(SIDES, objects, (1.0, -1.0), strict=True):
        player = frame[side]
        w1, w2, w3 = player["tns"][:3]
        counts = np.array([w1 + player["hold"][0], w2, w3, sum(player["tns"][3:6]) + player["hold"][1]]) + PRIOR
        m = float(counts @ WORTH / counts.sum())
        v = float(counts @ WORTH**2 / counts.sum()) - m * m
        n = _judged(player)
        left = 1.0 - _share(player, total)
        rho = (_pyramid(total) - _pyramid(n)) / (total * (total + 1) / 2) ** 2
        mean += sign * (player["score"] / TOP + left * m)
        variance += rho * v + left * left * v / (float(counts.sum()) + 1.0)
    return 0.5 * math.erfc(-mean / math.sqrt(2.0 * max(variance, 1e-18)))


def _pyramid(n: int) -> float:
    return n * (n + 1) * (2 * n + 1) / 6
