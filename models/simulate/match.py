"""Plays a chart under a scoring rule: what each player has at every moment. Pure."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from game.judgement import Judgement
from models.simulate.charts import Chart, compose
from models.simulate.players import Player, dance, pair

if TYPE_CHECKING:
    from game.rules.rule import Rule
    from models.simulate.players import Dance

# seconds either side of the note; StepMania 5's
WINDOWS = (
    (0.0225, Judgement.W1),
    (0.045, Judgement.W2),
    (0.090, Judgement.W3),
    (0.135, Judgement.W4),
    (0.180, Judgement.W5),
)
LATE = 0.18  # when a note that nobody stepped on counts as missed
STEPS = (Judgement.W1, Judgement.W2, Judgement.W3, Judgement.W4, Judgement.W5, Judgement.MISS)
CHAIN = {Judgement.W1, Judgement.W2, Judgement.W3}  # what keeps a combo going
LIFE = {  # changes of the life bar, StepMania 5's
    Judgement.W1: 0.008,
    Judgement.W2: 0.008,
    Judgement.W3: 0.004,
    Judgement.W4: 0.0,
    Judgement.W5: -0.04,
    Judgement.MISS: -0.08,
    Judgement.HELD: 0.008,
    Judgement.LET_GO: -0.08,
}
DANCE_POINTS = {Judgement.W1: 3, Judgement.W2: 2, Judgement.W3: 1, Judgement.HELD: 3}
DANCE_POINTS_BEST = 3
LIFE_AT_START = 0.5


@dataclass(frozen=True, slots=True)
class Standing:
    """What one player has after one judged object.

    Attributes:
        t: when it was judged, seconds since play began.
        judgement: what the object got; None before the first.
        note: index of the note in the chart, -1 before the first.
        score: by the rule, as a display at rest shows it.
        rolling_from: what a rolling display showed at `t`, on its way to `score`; a fraction.
        steps: counts of W1 to W5 and misses.
        holds: kept and let go.
        dance_points: in units of the rule 3/2/1.
        life: 0 to 1.
    """

    t: float = 0.0
    judgement: Judgement | None = None
    note: int = -1
    score: int = 0
    rolling_from: float = 0.0
    combo: int = 0
    miss_combo: int = 0
    max_combo: int = 0
    steps: tuple[int, ...] = (0,) * len(STEPS)
    holds: tuple[int, int] = (0, 0)
    dance_points: int = 0
    life: float = LIFE_AT_START
    failed: bool = False

    def rolled(self, t: float, roll: float) -> float:
        """The number on a display that takes `roll` seconds to reach a new score linearly."""
        share = 1.0 if roll <= 0 else min(1.0, max(0.0, (t - self.t) / roll))
        return self.rolling_from + (self.score - self.rolling_from) * share


@dataclass(frozen=True, slots=True)
class Side:
    """One player's course through a match: a standing after each judged object, the first before all of them."""

    player: Player
    course: tuple[Standing, ...]
    times: tuple[float, ...]
    errors: tuple[float | None, ...]

    def at(self, t: float) -> Standing:
        """The standing at `t` seconds of play."""
        return self.course[max(0, bisect_right(self.times, t) - 1)]

    @property
    def final(self) -> Standing:
        """The standing at the end."""
        return self.course[-1]


@dataclass(frozen=True, slots=True)
class Match:
    """One song danced by two players.

    Attributes:
        number: counts a session's matches from 0.
        roll: seconds that the displays take to reach a new score.
    """

    number: int
    title: str
    artist: str
    chart: Chart
    sides: tuple[Side, Side]
    rule: Rule
    roll: float

    @property
    def winner(self) -> int:
        """1 or 2 by the final score, 0 for a tie."""
        one, two = (side.final.score for side in self.sides)
        return 0 if one == two else 1 + (two > one)

    @property
    def last(self) -> float:
        """When the last object was judged, seconds since play began."""
        return max(side.times[-1] for side in self.sides)


def judge(error: float | None) -> Judgement:
    """The judgement of a step `error` seconds off its note; None is no step."""
    if error is None:
        return Judgement.MISS
    return next((judgement for width, judgement in WINDOWS if abs(error) <= width), Judgement.MISS)


def follow(chart: Chart, danced: Dance, rule: Rule, roll: float, *, may_fail: bool) -> tuple[Standing, ...]:
    """The standings after each judged object, in order of time."""
    judged: list[tuple[float, int, Judgement]] = []
    for index, (note, error, kept) in enumerate(zip(chart.notes, danced.errors, danced.kept, strict=True)):
        step = judge(error)
        offset = LATE if step is Judgement.MISS else error or 0.0
        judged.append((note.t + offset, index, step))
        if note.hold:
            held = kept and step is not Judgement.MISS
            end = max(note.t + note.hold, note.t + offset)
            judged.append((end, index, Judgement.HELD if held else Judgement.LET_GO))
    tally = rule.start(chart.objects)
    standing = Standing(score=rule.shown(tally), rolling_from=rule.shown(tally))
    course = [standing]
    for t, index, judgement in sorted(judged, key=lambda item: item[0]):
        tally = rule.award(tally, judgement)
        before = standing.rolled(t, roll)
        standing = _after(standing, judgement, may_fail=may_fail)
        standing = replace(standing, t=t, note=index, score=rule.shown(tally), rolling_from=before)
        if standing.failed and not tally.failed:
            tally = tally.fail()
        course.append(standing)
    return tuple(course)


def _after(now: Standing, judgement: Judgement, *, may_fail: bool) -> Standing:
    life = 0.0 if now.failed else min(1.0, max(0.0, now.life + LIFE[judgement]))
    common = replace(
        now,
        judgement=judgement,
        life=life,
        failed=now.failed or (may_fail and life <= 0.0),
        dance_points=now.dance_points + DANCE_POINTS.get(judgement, 0),
    )
    if judgement in {Judgement.HELD, Judgement.LET_GO}:
        kept, dropped = now.holds
        held = judgement is Judgement.HELD
        return replace(common, holds=(kept + held, dropped + (not held)))
    at = STEPS.index(judgement)
    combo = now.combo + 1 if judgement in CHAIN else 0
    return replace(
        common,
        steps=tuple(count + (i == at) for i, count in enumerate(now.steps)),
        combo=combo,
        max_combo=max(now.max_combo, combo),
        miss_combo=now.miss_combo + 1 if judgement is Judgement.MISS else 0,
    )


def play(seed: tuple[int, ...], number: int, rule: Rule, roll: float, seconds: float) -> Match:
    """Match `number` of a session: chart, players and their dancing all follow from the seed."""
    rng = np.random.default_rng([*seed, number])
    meter = int(rng.integers(4, 10))
    chart = compose(rng, seconds * float(rng.uniform(0.92, 1.08)), meter)
    title, artist = TITLES[(number * 7 + sum(seed)) % len(TITLES)]
    may_fail = bool(rng.random() < MAY_FAIL_SHARE)
    sides = []
    for player in pair(rng):
        danced = dance(rng, player, chart)
        course = follow(chart, danced, rule, roll, may_fail=may_fail)
        sides.append(Side(player, course, tuple(standing.t for standing in course), danced.errors))
    return Match(number, title, artist, chart, (sides[0], sides[1]), rule, roll)


MAY_FAIL_SHARE = 0.35
TITLES = (  # all of them invented here
    ("COPPER SKYLINE", "Halfway Harbour"),
    ("NIGHT FERRY", "Ostinato Club"),
    ("PAPER COMETS", "Lumen & Lye"),
    ("SEVEN LANTERNS", "The Tidal Clocks"),
    ("VELVET STATIC", "Mira Quell"),
    ("GLASS ORCHARD", "Tenfold"),
    ("RUNAWAY METRO", "Parallel Paul"),
    ("SUGAR VOLTAGE", "Kitchen Reactor"),
    ("POLAR DISCO", "Auntie Aurora"),
    ("TWELVE MILES UP", "Cirrus Minor"),
    ("OCHRE PARADE", "Sandbox Brass"),
)
