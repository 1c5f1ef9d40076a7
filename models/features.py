"""What a network sees of a match: dimensionless numbers, from scores alone, the same for training and on a device.

Everything is counted in budget, never in seconds. The budget clock advances by what the better player earned in each
stretch of the trace. Where it will stop is told by an exact share of the budget when there is one, and by a prior when
not. What describes the course (rates, form, luck) comes from the trace, the settled part of a match; the scores of this
moment enter through the lead alone, so that a probability that rises with the lead is monotone by construction.

A Kalman filter follows the rate at which player 1 gains on player 2, as in `models.stern`; the standard deviation it
foretells for the rest of the match is the unit in which leads are measured.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from game.match import TRACE
from game.reading import ScoreUnit
from game.rules.rule import Growth, decided
from models.display import Scale, scale_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from game.ledger import Count
    from game.match import MatchState

    Floats = NDArray[np.float64]

TEN_MILLION = 10_000_000.0
POINTS = TRACE + 1  # of a course: the zero before all, and the trace
PARTS = 12  # equal parts of the budget clock that rates are taken over
QUARTER = PARTS // 4
STOP_A, STOP_B = 12.0, 2.2  # where the clock stops: a Kumaraswamy distribution, median 0.90
STOP_NODES, STOP_WEIGHTS = (0.07, 0.5, 0.93), (0.25, 0.5, 0.25)
FORM = 0.05**2  # variance of the gaining rate at the start
DRIFT = 0.0125  # how fast it grows on the clock
LUCK = 3.7e-3  # variance of the lead gained by luck on the whole clock, for players who lose all of a usual chart
USUAL_OBJECTS = 400.0  # of a chart
BEHIND = 0.6  # of the other's share: who is further behind on the own chart is not counted any more
OBJECTS = (20.0, 3_000.0)  # the fewest and the most that are believed
DOUBT = 5.0  # how many parts' worth of belief these have before the match tells their scale
FLOOR = 3e-4  # of the standard deviation of what is left, a share of the top
EARLY = 0.01  # of the clock, from which on carelessness and shares can be told
USUAL = 0.3  # the carelessness assumed until then
HAZE, USUAL_RATE = 0.002, 0.8  # how much budget a usual rate stands for before the match tells, in each part
STALLED = 0.02  # of the clock's advance: who gains less than that share of it stands still

OWN = ("rate_1", "rate_2", "rate_3", "rate_4", "rate", "rate_now", "choppy", "stalled")
"""Names of one player's features."""
SHARED = (
    "left", "left_root", "decided", "known", "triangular", "log_sigma", "log_scale", "formed", "careless",
    "counted", "objects", "sure_top",
)  # fmt: skip
"""Names of the features that both players share."""
SIGNED = ("lead", "foretold")
"""Names of the features that change sign when the players are exchanged, in units of sigma."""
NAMES = (*SIGNED, *SHARED, *(f"one_{name}" for name in OWN), *(f"two_{name}" for name in OWN))


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """The courses of b matches, scores as shares of their highest score.

    Attributes:
        one: player 1's scores along the trace, first a zero, the last one repeated to the end, (b, POINTS).
        two: the same for player 2.
        t: when, seconds, (b, POINTS).
        count: how many points there are, the zero included, (b,).
        now: the scores of this moment, (b, 2).
        at: when both were last confirmed, seconds, (b,).
        top: the highest score, (b,).
        triangular, falls, sure: 1 or 0; sure when the highest score is certain, (b,).
        share: the counted share of either player's budget that is decided by now, NaN where nobody counts, (b, 2).
        objects: how many objects either chart has, NaN where nobody knows, (b, 2).
    """

    one: Floats
    two: Floats
    t: Floats
    count: NDArray[np.int64]
    now: Floats
    at: Floats
    top: Floats
    triangular: Floats
    falls: Floats
    sure: Floats
    share: Floats
    objects: Floats

    def take(self, which: NDArray[Any]) -> Course:
        """These courses only."""
        return Course(**{field.name: getattr(self, field.name)[which] for field in fields(self)})

    def swapped(self) -> Course:
        """The same courses with the players exchanged."""
        turned = {name: getattr(self, name)[:, ::-1] for name in ("now", "share", "objects")}
        return replace(self, one=self.two, two=self.one, **turned)


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """What is known of b matches.

    Attributes:
        values: by `NAMES`, (b, len(NAMES)), float32.
        sigma: the standard deviation foretold for the rest of the lead, a share of the top, (b,).
        left: the expected share of the budget that is left, (b,).
        formed: the share of sigma's square that is doubt about the players' form and not luck, (b,).
    """

    values: NDArray[np.float32]
    sigma: Floats
    left: Floats
    formed: Floats


def course_of(state: MatchState, counts: tuple[Count | None, Count | None] = (None, None)) -> Course:
    """The course of one match whose scores are both known.

    Args:
        state: the match.
        counts: what is counted of either player's objects.
    """
    scale = scale_of(state)
    points = state.trace[-TRACE:]
    rows = np.zeros((3, POINTS))
    count = len(points) + 1
    if points:
        rows[:, 1:count] = np.array([(point.t, point.p1, point.p2) for point in points]).T
        rows[0, 0] = rows[0, 1]
        rows[:, count:] = rows[:, count - 1 : count]
    else:
        rows[0] = min(state.p1.t, state.p2.t)
    return Course(
        one=rows[None, 1] / scale.top,
        two=rows[None, 2] / scale.top,
        t=rows[None, 0],
        count=np.array([count]),
        now=np.array([[state.p1.value or 0, state.p2.value or 0]]) / scale.top,
        at=np.array([min(state.p1.t, state.p2.t)]),
        top=np.array([scale.top]),
        triangular=np.array([float(scale.growth is Growth.TRIANGULAR)]),
        falls=np.array([float(state.unit is ScoreUnit.PERCENT)]),
        sure=np.array([float(certain(scale, fives=not (rows[1:] % 5).any()))]),
        share=np.array([[np.nan if c is None else decided(scale.growth, c.played, c.objects) for c in counts]]),
        objects=np.array([[np.nan if c is None else c.objects for c in counts]]),
    )


def certain(scale: Scale, *, fives: bool) -> bool:
    """Whether the highest score is certain: nine digits that count in fives are EXTREME's, whose top goes with feet."""
    return scale.known and not (fives and scale.top > TEN_MILLION)


def stack(courses: Sequence[Course]) -> Course:
    """Courses one after the other."""
    names = [field.name for field in fields(Course)]
    return Course(**{name: np.concatenate([getattr(course, name) for course in courses]) for name in names})


def features(course: Course) -> Features:
    """What is known of each match."""
    budget = _budget(course)
    parts = _parts(course, budget)
    counted, objects = _both(course.objects)
    objects = np.where(counted, np.clip(objects, *OBJECTS), USUAL_OBJECTS)
    careless = budget.careless * USUAL_OBJECTS / objects
    form = _kalman(parts, careless, course.triangular)
    left = budget.left
    luck = LUCK * _luck(careless, budget.decided + 0.5 * left, course.triangular)
    doubt = left**2 * form.variance
    uneven = _uneven(course, budget)
    sigma = np.sqrt(doubt + form.scale * (luck * left + DRIFT * left**3 / 3.0) + FLOOR**2)
    formed = doubt / sigma**2
    shared = (
        left, np.sqrt(left), budget.decided, budget.known, course.triangular,
        np.log(sigma), np.log(form.scale), formed, budget.careless,
        counted.astype(np.float64), np.log(objects / USUAL_OBJECTS), course.sure,
    )  # fmt: skip
    signed = ((course.now[:, 0] - course.now[:, 1]) / sigma, (left * form.mean + uneven) / sigma)
    columns = (*signed, *shared, *_own(parts.one, parts, budget), *_own(parts.two, parts, budget))
    return Features(np.stack(columns, axis=1).astype(np.float32), sigma, left, formed)


@dataclass(frozen=True, slots=True, eq=False)
class _Budget:
    clock: Floats  # (b, POINTS), in budget
    settled: Floats  # the clock at the last point, (b,)
    decided: Floats
    left: Floats
    known: Floats
    careless: Floats


@dataclass(frozen=True, slots=True, eq=False)
class _Parts:
    one: Floats  # (b, PARTS) gains in each part of the clock, a share of the top
    two: Floats
    width: Floats  # of a part, (b,)


@dataclass(frozen=True, slots=True, eq=False)
class _Form:
    mean: Floats
    variance: Floats
    scale: Floats


def _budget(course: Course) -> _Budget:
    """The clock, scaled to end at 1 as far as anybody can tell, extrapolated to this moment at its last pace."""
    gains = np.maximum(np.diff(course.one, axis=1), np.diff(course.two, axis=1))
    clock = np.zeros_like(course.one)
    np.cumsum(np.maximum(gains, 0.0), axis=1, out=clock[:, 1:])
    rows = np.arange(len(clock))
    last = course.count - 1
    before = np.maximum(last - 4, 0)
    elapsed = course.t[rows, last] - course.t[rows, before]
    pace = (clock[rows, last] - clock[rows, before]) / np.maximum(elapsed, 0.5)
    since = np.clip(course.at - course.t[rows, last], 0.0, 8.0)
    settled = clock[rows, last]
    now = np.minimum(settled + pace * since, 1.0)
    known, share = _both(_shares(course))
    full = np.where(known, now / np.maximum(share, 1e-6), now + _rest(now))
    told = np.where(known, share**2 / (share**2 + EARLY**2), 0.0)
    full = told * np.clip(full, 0.05, 1.05) + (1.0 - told) * (now + _rest(now))
    decided = np.where(known, share, now / full)
    earned = (course.one[rows, last] + course.two[rows, last]) / np.maximum(settled, 1e-9) * full
    told = now**2 / (now**2 + EARLY**2)
    careless = told * np.clip(2.0 - 0.9 * earned, 0.05, 2.0) + (1.0 - told) * USUAL
    return _Budget(clock / full[:, None], settled / full, decided, 1.0 - decided, known.astype(np.float64), careless)


def _shares(course: Course) -> Floats:
    """Either player's share of the budget, (b, 2), as far as counts are to be believed.

    Who failed earns next to nothing, so nobody can count on; two on the same chart are at the same place.
    """
    most = np.nanmax(np.where(np.isnan(course.share), -1.0, course.share), axis=1, keepdims=True)
    shares = np.where((course.share < BEHIND * most) & (most > EARLY), np.nan, np.clip(course.share, 0.0, 1.0))
    same = course.objects[:, :1] == course.objects[:, 1:]
    _, mean = _both(shares)
    return np.where(same & ~np.isnan(shares).all(axis=1, keepdims=True), mean[:, None], shares)


def _both(pair: Floats) -> tuple[NDArray[np.bool_], Floats]:
    """Whether anything is known of a pair of numbers, and their mean, of those that are; 0 where none is."""
    there = ~np.isnan(pair)
    mean = np.where(there, pair, 0.0).sum(axis=1) / np.maximum(there.sum(axis=1), 1)
    return np.asarray(there.any(axis=1)), mean


def _uneven(course: Course, budget: _Budget) -> Floats:
    """What player 1 will gain because the two dance different charts, and one has more of it left than the other."""
    last, shares = course.count - 1, _shares(course)
    rows = np.arange(len(last))
    total = np.zeros(len(last))
    for scores, column, sign in ((course.one, 0, 1.0), (course.two, 1, -1.0)):
        share = shares[:, column]
        known = ~np.isnan(shares).any(axis=1) & (share > EARLY)
        rate = np.clip(scores[rows, last] / np.where(known, share, 1.0), 0.0, 1.0)
        total += np.where(known, sign * rate * (budget.decided - share), 0.0)
    return total


def _rest(u: Floats) -> Floats:
    """What is left on a clock that stands at `u`, on average, by the prior of where clocks stop."""
    above = (1.0 - np.minimum(u, 1.0) ** STOP_A) ** STOP_B
    total = np.zeros_like(u)
    for node, weight in zip(STOP_NODES, STOP_WEIGHTS, strict=True):
        total += weight * np.maximum(0.0, (1.0 - (above * (1.0 - node)) ** (1.0 / STOP_B)) ** (1.0 / STOP_A) - u)
    return total


def _parts(course: Course, budget: _Budget) -> _Parts:
    """Both players' gains in equal parts of the clock so far."""
    width = budget.settled / PARTS
    marks = width[:, None] * np.arange(PARTS + 1)
    return _Parts(
        _gains(budget.clock, course.one, marks), _gains(budget.clock, course.two, marks), np.maximum(width, 1e-9)
    )


def _gains(clock: Floats, scores: Floats, marks: Floats) -> Floats:
    """Scores interpolated at the marks of each row's clock, as differences."""
    offset = 4.0 * np.arange(len(clock))[:, None]  # rows one after the other on one axis, so that one call does all
    at = np.interp((marks + offset).ravel(), (clock + offset).ravel(), scores.ravel()).reshape(marks.shape)
    return np.diff(at, axis=1)


def _luck(careless: Floats, u: Floats, triangular: Floats) -> Floats:
    """How much luck weighs at `u`: more for careless players, and late in a song under a triangular rule."""
    return careless * (1.0 + triangular * (1.5 * np.sqrt(np.maximum(u, 0.0)) - 1.0))


def _kalman(parts: _Parts, careless: Floats, triangular: Floats) -> _Form:
    """Follow the rate at which player 1 gains on player 2, and learn the scale of all variances on the way."""
    width = parts.width
    mean, variance = np.zeros_like(width), np.full_like(width, FORM)
    surprise, weight = np.full_like(width, DOUBT), np.full_like(width, DOUBT)
    for index in range(PARTS):
        variance = variance + DRIFT * width
        luck = LUCK * _luck(careless, (index + 0.5) * width, triangular) * width
        spread = variance * width**2 + luck + 1e-12
        error = parts.one[:, index] - parts.two[:, index] - mean * width
        trust = variance * width / spread
        mean = mean + trust * error
        variance = variance * (1.0 - trust * width)
        surprise, weight = surprise + error**2 / spread, weight + 1.0
    scale = surprise / weight
    return _Form(mean, variance * scale, scale)


def _own(gains: Floats, parts: _Parts, budget: _Budget) -> tuple[Floats, ...]:
    """One player's features, by `OWN`; early rates are drawn towards a usual one, so that no note makes them jump."""
    width = parts.width[:, None]
    rates = np.clip((gains + HAZE * USUAL_RATE) / (width + HAZE), -1.0, 1.5)
    moving = gains[:, ::-1] > STALLED * width
    stalled = (
        np.where(moving.any(axis=1), moving.argmax(axis=1), PARTS) / PARTS * budget.settled / (budget.settled + HAZE)
    )
    quarters = rates.reshape(len(rates), 4, QUARTER).mean(axis=2)
    return (*quarters.T, rates.mean(axis=1), rates[:, -1], rates.std(axis=1), stalled)
