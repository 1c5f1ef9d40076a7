"""How feet move: a chart of steps, and where each foot is at any time. Metres from the middle of the floor, seconds."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from models.simulate.pads.looks import PadLook
    from vision.frame import Floats

Goal: TypeAlias = tuple[int, str | None, tuple[float, float]]  # a pad, a panel, a point

LANDED = 0.07  # seconds that a foot stands at least
INSET = 0.035  # metres from a panel's edge that the ball of a stepping foot keeps


@dataclass(frozen=True, slots=True)
class PlacedPad:
    """A pad of `look` whose middle lies at (x, y)."""

    look: PadLook
    x: float
    y: float

    def corners(self, name: str) -> Floats:
        """Corners (4, 2) of a panel on the floor."""
        return np.asarray(self.look.corners(name) + np.array([self.x, self.y]))

    def under(self, x: float, y: float) -> str | None:
        """The panel below a point of the floor."""
        return self.look.under(x - self.x, y - self.y)


@dataclass(frozen=True, slots=True)
class Press:
    """A foot lands on a panel; foot 0 is the left one."""

    t: float
    pad: int
    panel: str
    foot: int


@dataclass(frozen=True, slots=True)
class Move:
    """One way of a foot through the air, from `begin` to `end`."""

    begin: float
    end: float
    start: tuple[float, float]
    goal: tuple[float, float]
    height: float
    yaw: float


@dataclass(frozen=True, slots=True)
class FootPose:
    """Where a foot is: its ball (x, y), the sole's height, the way it points (radians, 0 is forward)."""

    x: float
    y: float
    z: float
    yaw: float
    pitch: float
    down: bool


@dataclass(frozen=True, slots=True)
class Dance:
    """What both feet do, and what comes of it."""

    stance: tuple[tuple[float, float], tuple[float, float]]
    moves: tuple[tuple[Move, ...], tuple[Move, ...]]
    presses: tuple[Press, ...]

    def pose(self, foot: int, t: float) -> FootPose:
        """The foot at `t`."""
        moves = self.moves[foot]
        at = bisect_right([move.begin for move in moves], t) - 1
        rest = (0.12, -0.12)[foot]
        if at < 0:
            return FootPose(*self.stance[foot], 0.0, rest, 0.0, down=True)
        move = moves[at]
        if t >= move.end:
            return FootPose(*move.goal, 0.0, move.yaw, 0.0, down=True)
        u = (t - move.begin) / (move.end - move.begin)
        eased = u * u * (3 - 2 * u)
        before = moves[at - 1].yaw if at else rest
        x, y = (a + (b - a) * eased for a, b in zip(move.start, move.goal, strict=True))
        yaw = before + (move.yaw - before) * eased
        return FootPose(x, y, 4 * move.height * u * (1 - u) ** 0.8, yaw, 0.35 * np.sin(2 * np.pi * u), down=False)


STILL = Dance(((-0.12, 0.0), (0.12, 0.0)), ((), ()), ())


def draw_dance(rng: np.random.Generator, pads: list[PlacedPad], mine: tuple[int, ...], seconds: float) -> Dance:
    """A dance on the pads of indices `mine` (two of them when one dancer takes both)."""
    middle = np.mean([[pads[i].x, pads[i].y] for i in mine], axis=0)
    places = [(float(middle[0] + x), float(middle[1] + rng.normal(0, 0.03))) for x in (-0.13, 0.13)]
    stance = (places[0], places[1])
    moves: tuple[list[Move], list[Move]] = ([], [])
    presses: list[Press] = []
    beat = 60 / float(rng.uniform(85, 175))
    t, foot = float(rng.uniform(0.3, 1.0)), int(rng.integers(2))
    target = _target(rng, pads, mine, None)
    while t < seconds - LANDED:
        goals = {foot: target}
        if rng.random() < 0.12:  # noqa: PLR2004 - a share of jumps
            two = sorted([target, _target(rng, pads, mine, target)], key=lambda goal: goal[2][0])
            goals = {0: two[0], 1: two[1]}
        elif _crossed(foot, target, places) and rng.random() < 0.85:  # noqa: PLR2004 - few dancers cross their legs
            foot = 1 - foot
            goals = {foot: target}
        for one, goal in goals.items():
            _step(rng, (one, t), goal, places, moves)
            pad, name, _ = goal
            if name is not None:
                presses.append(Press(t, pad, name, one))
        again = rng.random() < 0.12  # noqa: PLR2004 - a share of repeated steps
        if not again:
            foot = 1 - foot
            target = _target(rng, pads, mine, target)
        t += max(beat * float(rng.choice([0.5, 1.0, 2.0], p=[0.35, 0.5, 0.15])), 0.2)
    return Dance(stance, (tuple(moves[0]), tuple(moves[1])), tuple(presses))


def _crossed(foot: int, goal: Goal, places: list[tuple[float, float]]) -> bool:
    """Whether a foot that goes there ends on the other side of the other one."""
    apart = goal[2][0] - places[1 - foot][0]
    return apart > 0 if foot == 0 else apart < 0


def _target(
    rng: np.random.Generator,
    pads: list[PlacedPad],
    mine: tuple[int, ...],
    taken: Goal | None,
) -> Goal:
    """Another panel than the one taken; now and then back to the middle of a pad, which need not be a panel."""
    while True:
        index = mine[int(rng.integers(len(mine)))]
        pad = pads[index]
        if rng.random() < 0.08:  # noqa: PLR2004 - a share of steps back to the middle
            at = (pad.x + float(rng.normal(0, 0.04)), pad.y + float(rng.normal(0, 0.04)))
            name = pad.under(*at)
        else:
            name = str(rng.choice(list(pad.look.panels)))
            corners = pad.corners(name)
            low, high = corners.min(axis=0) + INSET, corners.max(axis=0) - INSET
            drawn = np.clip(rng.normal((low + high) / 2, 0.045), low, high)
            at = (float(drawn[0]), float(drawn[1]))
        if taken is None or (index, name) != taken[:2]:
            return index, name, at


def _step(
    rng: np.random.Generator,
    when: tuple[int, float],
    goal: Goal,
    places: list[tuple[float, float]],
    moves: tuple[list[Move], list[Move]],
) -> None:
    """Have a foot land on a goal at a time, after as long a way as there is time for."""
    foot, t = when
    earliest = moves[foot][-1].end + LANDED if moves[foot] else 0.0
    begin = max(t - float(rng.uniform(0.13, 0.28)), earliest)
    height = float(rng.uniform(0.035, 0.14))
    yaw = (0.12, -0.12)[foot] + float(rng.normal(0, 0.25))
    moves[foot].append(Move(begin, t, places[foot], goal[2], height, yaw))
    places[foot] = goal[2]
