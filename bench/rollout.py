"""Whether the quality gate keeps its word, by simulation, and what it costs.

Every simulated rollout is looked at after every single match, as an impatient person would. Devices differ in how the
challenger does on them (so their matches hang together) and play in random order. The shapes of differences: normal; a
challenger that is far off in one match of twenty and equal in all others; and what the trained predictor really loses
when its weights are shaken, by match.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from bench.figure import Figure
from control_plane.domain.gate import NORMAL, Evidence, Terms, Verdict, judge, radius, student
from models import metrics
from models.bundle import builtin, decode
from models.shaken import shaken
from models.training.winner.data import MARKS, TRAIN_FAMILIES, TRAIN_KINDS, simulate
from models.winner import TrainedWinner

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Shape = Callable[[np.random.Generator, int], Floats]

ROLLOUTS = int(os.environ.get("KUBEDDR_BENCH_ROLLOUTS", "2000"))  # of each row
DEVICES, MATCHES = 12, 40  # of a canary group, and of each device at most
WITHIN, BETWEEN = 0.06, 0.01  # nats: how a match's difference varies on a device, and devices' means
TERMS = Terms(margin=0.02)
ALLOWED = TERMS.alpha
RARE = 0.05  # share of matches in which the rarely wrong challenger is far off
PLAYED, SHAKEN = 2_000, 0.5  # matches that are measured, and by how much
STEPS = 200_000  # as far as a match count is looked for


@dataclass(frozen=True, slots=True)
class Row:
    """What came of many rollouts: shares of them, and the median of the matches of those that were promoted.

    Attributes:
        peeked: the share that a test made for one look would have promoted, looked at as often.
    """

    promoted: float
    aborted: float
    matches: float
    peeked: float


def figures(rollouts: int = ROLLOUTS) -> Iterator[Figure]:
    """Every figure, as it comes; `rollouts` for each row of the table."""
    played = measured(PLAYED)
    shapes: dict[str, Shape] = {"normal": _normal, "rarely wrong": _rare, "measured": partial(_drawn, played.paired)}
    for name, shape in shapes.items():
        worse = trial(shape, TERMS.margin, rollouts)
        yield Figure(f"false promotions, worse by the margin, {name}", worse.promoted, "", ALLOWED, worse.peeked)
        equal = trial(shape, 0.0, rollouts)
        yield Figure(f"false aborts, equal, {name}", equal.aborted, "", ALLOWED)
        yield Figure(f"promotions, equal, {name}", equal.promoted, "", 0.8, least=True)
        bad = trial(shape, 3 * TERMS.margin, rollouts)
        yield Figure(f"aborts, worse by three margins, {name}", bad.aborted, "", 0.8, least=True)
        if name == "normal":
            yield Figure("matches until an equal model passes, beside one look", equal.matches, "", None, _one_look())
    yield Figure("a match's loss varies by, beside its difference", played.paired.std(), "nats", None, played.alone)
    paired, unpaired = _needed(float(played.paired.std())), _needed(math.sqrt(2.0) * played.alone)
    yield Figure("matches needed, paired, beside unpaired", paired, "", unpaired / 3, unpaired)


def trial(shape: Shape, worse: float, rollouts: int) -> Row:
    """Many rollouts of a challenger that is `worse` by so much, each looked at after every match."""
    chance = np.random.default_rng([round(1e6 * worse), rollouts])
    ends = [_rollout(shape, worse, chance) for _ in range(rollouts)]
    promoted = [matches for verdict, matches, _ in ends if verdict is Verdict.PROMOTE]
    aborted = sum(verdict is Verdict.ABORT for verdict, _, _ in ends)
    median = float(np.median(promoted)) if promoted else math.nan
    peeked = sum(naive for *_, naive in ends) / rollouts
    return Row(len(promoted) / rollouts, aborted / rollouts, median, peeked)


def _rollout(shape: Shape, worse: float, chance: np.random.Generator) -> tuple[Verdict, int, bool]:
    """(what the gate said last, after how many matches, whether a test for one look would ever have promoted)."""
    own = worse + BETWEEN * chance.standard_normal(DEVICES)
    order = np.concatenate([chance.permutation(DEVICES) for _ in range(MATCHES)])
    differences = own[order] + shape(chance, len(order))
    devices = [Evidence()] * DEVICES
    told, naive = judge(TERMS, devices), False
    for played, (device, difference) in enumerate(zip(order.tolist(), differences.tolist(), strict=True), 1):
        devices[device] = devices[device].plus(difference, TERMS.bound)
        if played < TERMS.devices * TERMS.matches:
            continue
        told = judge(TERMS, devices, over=played == len(order))
        naive = naive or (played % DEVICES == 0 and _passes_once(devices))
        if told.verdict is not Verdict.HOLD:
            return told.verdict, played, naive
    return told.verdict, len(order), naive


def _passes_once(devices: list[Evidence]) -> bool:
    """Student's test on the devices' means, made to be looked at once."""
    means = [device.mean for device in devices]
    error = float(np.std(means, ddof=1)) / math.sqrt(len(means))
    return float(np.mean(means)) + student(NORMAL.inv_cdf(1 - ALLOWED), len(means) - 1) * error < TERMS.margin


def _normal(chance: np.random.Generator, count: int) -> Floats:
    return WITHIN * chance.standard_normal(count)


def _rare(chance: np.random.Generator, count: int) -> Floats:
    wrong: Floats = (chance.random(count) < RARE).astype(np.float64)
    return WITHIN * (wrong - RARE) / math.sqrt(RARE * (1 - RARE))


def _drawn(pool: Floats, chance: np.random.Generator, count: int) -> Floats:
    return chance.choice(pool - pool.mean(), count)


@dataclass(frozen=True, slots=True, eq=False)
class Played:
    """What two predictors lost in the same matches.

    Attributes:
        paired: the challenger's log loss less the champion's, by match.
        alone: the standard deviation of the champion's log loss, by match.
    """

    paired: Floats
    alone: float


def measured(matches: int) -> Played:
    """The trained predictor, and the same with its weights shaken, on simulated matches."""
    champion = builtin("winner")
    data = simulate([31, 7], TRAIN_FAMILIES, TRAIN_KINDS, matches, MARKS)
    outcome, number = data.outcome.astype(np.float64), np.unique(data.match, return_inverse=True)[1]

    def losses(predictor: TrainedWinner) -> Floats:
        p = 0.5 + 0.5 * predictor.winner(data.values)[:, 0].astype(np.float64)
        each: Floats = np.bincount(number, metrics.log_losses(p, outcome)) / np.bincount(number)
        return each

    own = losses(TrainedWinner.of(champion))
    other = losses(TrainedWinner.of(decode(shaken(champion, "0.0.0", SHAKEN))))
    return Played(other - own, float(own.std()))


def _one_look() -> float:
    """Matches after which Student's test, looked at once, promotes an equal model nine times in ten."""
    level = student(NORMAL.inv_cdf(1 - ALLOWED), DEVICES - 1) + NORMAL.inv_cdf(0.9)
    each = next(n for n in range(1, STEPS) if level * math.sqrt((WITHIN**2 / n + BETWEEN**2) / DEVICES) <= TERMS.margin)
    return float(each * DEVICES)


def _needed(spread: float) -> float:
    """Matches until the bound is a margin wide, on devices that are alike; a match's figure varies by `spread`."""
    for each in range(TERMS.matches, STEPS):
        variance = spread**2 / (each * DEVICES) + (TERMS.bound / (each * DEVICES)) ** 2
        if radius(variance, DEVICES - 1, TERMS.margin, TERMS.alpha) <= TERMS.margin:
            return float(each * DEVICES)
    return math.inf
