"""What a device would know at some moments of simulated matches, with the truth beside it."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

import numpy as np

from game.match import IDLE, TRACE, TRACE_STEP, Point
from game.reading import ScoreUnit
from game.rules.rule import Growth
from game.track import Track
from models.display import scale_of
from models.features import POINTS, Course, certain, stack
from models.simulate.bouts import FAMILIES
from models.simulate.told import Told

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from models.simulate.bouts import Bouts

    Floats = NDArray[np.float64]

ROLL = 0.2  # seconds that displays take to reach a new score
BLINDFOLD = 0.3  # share of matches in which readings fail now and then
BLINK = 0.2  # share of the trace's points that are missing then
STALE = 2.5  # seconds at most since both scores were last read then
WIDTH_KNOWN = 0.9  # share of songs on which the display's width is told
COUNTABLE = ("stepmania",)  # families whose scores tell of objects, see `game.ledger`
MISCOUNT, MISCOUNT_SHARES = (0.002, 0.015, 0.06), (0.7, 0.2, 0.1)  # how far counts of objects are off, as a share
SOON = 1.7  # above 1, early moments are looked at more often than late ones
BEFORE = 0.02  # share of the moments that lie before the first note
READY = (1.5, 4.0)  # seconds from the first zeros to the first note


@dataclass(frozen=True, slots=True, eq=False)
class Glimpses:
    """g moments of matches, and what became of them.

    Attributes:
        course: what is seen.
        match: a number for each match, the same for all of its moments, (g,).
        share: the true share of the budget that is decided, (g,).
        outcome: 1, 0, or 0.5 for a tie, (g,).
        finals: both final scores as shares of the top, (g, 2).
        failed: whether each player fails in the end, (g, 2).
        told: what a note-budget Stern says who is told every judgement, (g,).
        uneven: player 1's true share of the budget less player 2's, (g,).
        family, kind: names, (g,).
    """

    course: Course
    match: NDArray[np.int64]
    share: Floats
    outcome: Floats
    finals: Floats
    failed: NDArray[np.bool_]
    told: Floats
    uneven: Floats
    family: NDArray[np.str_]
    kind: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.match)

    def take(self, which: NDArray[np.int64] | NDArray[np.bool_]) -> Glimpses:
        """These moments only."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return Glimpses(course=self.course.take(which), **{k: v[which] for k, v in values.items() if k != "course"})

    def alone(self) -> Glimpses:
        """The same moments when only player 1 is there: player 1 stands for both, as on a device."""
        course, both = self.course, [0, 0]
        double = {name: getattr(course, name)[:, both] for name in ("now", "share", "objects")}
        return replace(
            self,
            course=replace(course, two=course.one, **double),
            outcome=np.full(len(self), 0.5),
            finals=self.finals[:, both],
            failed=self.failed[:, both],
            told=np.full(len(self), 0.5),
            uneven=np.zeros(len(self)),
        )


def gather(glimpses: Iterable[Glimpses]) -> Glimpses:
    """Glimpses of several songs, one after the other; matches are numbered anew."""
    parts, first = [], 0
    for part in glimpses:
        parts.append(replace(part, match=part.match + first))
        first = int(parts[-1].match.max()) + 1
    names = [field.name for field in fields(Glimpses) if field.name != "course"]
    joined = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    return Glimpses(course=stack([part.course for part in parts]), **joined)


def glimpse(rng: np.random.Generator, bouts: Bouts, shares: Sequence[float] | int, counted: float) -> Glimpses:
    """Look at every match of `bouts` at some shares of its budget.

    Args:
        rng: decides when readings fail, and which shares.
        bouts: the matches.
        shares: at which shares to look; a number asks for that many, drawn anew for every match.
        counted: share of the matches in which objects are counted; under most rules nobody can.
    """
    m, song = len(bouts), _Song(rng, bouts)
    wanted = _anywhere(rng, (shares, m)) if isinstance(shares, int) else np.tile(shares, (m, 1)).T
    clear, knows = rng.random(m) >= BLINDFOLD, (rng.random(m) < counted) & (bouts.family in COUNTABLE)
    told = Told(bouts)
    views = [song.look(rng, row, clear) for row in wanted]
    each = len(views)
    course = stack([view.course for view in views])
    share = np.concatenate([view.share for view in views])
    finals = np.tile(bouts.finals, (each, 1)) / course.top[:, None]
    failed = np.stack([side.failed_at < side.steps.objects for side in bouts.sides], axis=1)
    return Glimpses(
        course=replace(
            course,
            share=np.where(np.tile(knows, each)[:, None], course.share, np.nan),
            objects=np.where(np.tile(knows, each)[:, None], [side.steps.objects for side in bouts.sides], np.nan),
        ),
        match=np.tile(np.arange(m), each),
        share=share,
        outcome=np.tile(bouts.outcomes, each),
        finals=finals,
        failed=np.tile(failed, (each, 1)),
        told=np.concatenate([told.p1_win(view.judged) for view in views]),
        uneven=-np.diff(np.concatenate([song.either(view.judged) for view in views]), axis=1)[:, 0],
        family=np.full(each * m, bouts.family),
        kind=np.full(each * m, bouts.kind),
    )


def _anywhere(rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
    """Shares of a budget at which to look, early ones more often; -1 before the first note."""
    shares = rng.uniform(0.0, 1.0, shape) ** SOON
    return np.where(rng.random(shape) < BEFORE, -1.0, shares)


@dataclass(frozen=True, slots=True, eq=False)
class _View:
    course: Course
    share: Floats
    judged: NDArray[np.int64]  # (2, m)


class _Song:
    """All that the matches of one song have in common."""

    def __init__(self, rng: np.random.Generator, bouts: Bouts) -> None:
        self._bouts = bouts
        self._times = [side.steps.t for side in bouts.sides]
        self._decided = [side.decided(bouts.rule.growth) for side in bouts.sides]
        self._start = min(times[0] for times in self._times) - rng.uniform(*READY)
        self._digits = FAMILIES[bouts.family].digits if rng.random() < WIDTH_KNOWN else None
        self._moments = np.sort(np.concatenate(self._times))
        self._shares = self._share(self._judged(self._moments))

    def look(self, rng: np.random.Generator, wanted: Floats, clear: NDArray[np.bool_]) -> _View:
        """Every match when the wanted share of its budget is decided, or before its first note where below 0, (m,)."""
        first = np.minimum(np.searchsorted(self._shares, wanted), len(self._moments) - 1)
        now = self._moments[first] + rng.uniform(0.0, 0.05, len(wanted))
        now -= np.where(wanted < 0.0, rng.uniform(0.05, 1.0, len(now)) * (self._moments[0] - self._start), 0.0)
        seen = now - np.where(clear, 0.0, rng.uniform(0.0, STALE, len(now)))
        judged = self._judged(now)
        course = replace(self._course(rng, seen, clear), share=self.either(self._counted(rng, self._judged(seen))))
        return _View(course, self._share(judged), judged)

    def _judged(self, t: Floats) -> NDArray[np.int64]:
        """How many objects of either side were judged by `t`."""
        return np.stack([np.searchsorted(times, t, side="right") for times in self._times])

    def _share(self, judged: NDArray[np.int64]) -> Floats:
        """The share of the budget that is decided, both players together."""
        return np.asarray(self.either(judged).mean(axis=1))

    def either(self, judged: NDArray[np.int64]) -> Floats:
        """The share of either player's budget that is decided by `judged` objects each, (m, 2)."""
        return np.stack([decided[judged[side]] for side, decided in enumerate(self._decided)], axis=1)

    def _counted(self, rng: np.random.Generator, judged: NDArray[np.int64]) -> NDArray[np.int64]:
        """What a device counts: a little wrong, at times more so, and not on after a fail."""
        off = rng.choice(MISCOUNT, judged.shape, p=MISCOUNT_SHARES) * rng.standard_normal(judged.shape)
        most = np.array([[side.steps.objects] for side in self._bouts.sides])
        counted = np.clip(np.rint(judged * (1.0 + off)), 0, most).astype(np.int64)
        return np.minimum(counted, np.stack([side.failed_at for side in self._bouts.sides]))

    def _scores(self, t: Floats) -> Floats:
        """What the displays show at `t`, (m, k): scores on their way lag behind; (2, m, k)."""
        rows = np.arange(len(t))[:, None]
        judged = self._judged(t)
        return np.stack([side.shown[rows, judged[k]] for k, side in enumerate(self._bouts.sides)]).astype(np.float64)

    def _course(self, rng: np.random.Generator, seen: Floats, clear: NDArray[np.bool_]) -> Course:
        m = len(seen)
        elapsed = np.maximum(seen - self._start, 0.0)
        step = TRACE_STEP * 2.0 ** np.maximum(0, np.floor(np.log2(np.maximum(elapsed, 1.0) / TRACE / TRACE_STEP)) + 1)
        number = np.arange(TRACE)
        there = number * step[:, None] <= elapsed[:, None]
        there &= clear[:, None] | (rng.random((m, TRACE)) >= BLINK) | (number == 0)
        order = np.argsort(~there, axis=1, kind="stable")
        count = there.sum(axis=1)
        order = order[np.arange(m)[:, None], np.minimum(number, count[:, None] - 1)]
        t = self._start + order * step[:, None] + rng.uniform(0.0, 0.05, (m, 1))
        t = np.minimum(t, seen[:, None])
        trace = self._scores(t - rng.uniform(0.0, ROLL, (m, TRACE)) * (t < seen[:, None]))
        trace = np.maximum.accumulate(trace, axis=2) if not self._bouts.rule.falls else trace
        now = self._scores(seen[:, None])[..., 0]
        tops, triangular, sure = self._scale(t, trace, count, seen, now)
        columns = np.zeros((3, m, POINTS))
        columns[0, :, 1:], columns[1:, :, 1:] = t, trace / tops[:, None]
        columns[0, :, 0] = t[:, 0]
        return Course(
            one=columns[1],
            two=columns[2],
            t=columns[0],
            count=count + 1,
            now=(now / tops).T,
            at=seen,
            top=tops,
            triangular=triangular,
            falls=np.full(m, float(self._bouts.rule.unit is ScoreUnit.PERCENT)),
            sure=sure,
            share=np.full((m, 2), np.nan),
            objects=np.full((m, 2), np.nan),
        )

    def _scale(self, t: Floats, trace: Floats, count: NDArray[np.int64], seen: Floats, now: Floats) -> Floats:
        """The highest score, whether the rule is triangular, whether the former is sure, as devices tell, (3, m)."""
        scales = np.empty((3, len(seen)))
        fives = (trace % 5 == 0).all(axis=(0, 2))
        fine = (trace % 10 != 0).any(axis=(0, 2)) | (now % 10 != 0).any(axis=0)
        for row, points in enumerate(count):
            state = replace(
                IDLE,
                t=float(seen[row]),
                started_at=self._start,
                p1=Track(int(now[0, row]), float(seen[row])),
                p2=Track(int(now[1, row]), float(seen[row])),
                unit=self._bouts.rule.unit,
                digits=self._digits,
                fine=bool(fine[row]),
                trace=tuple(
                    Point(float(at), int(one), int(two))
                    for at, one, two in zip(
                        t[row, :points], trace[0, row, :points], trace[1, row, :points], strict=True
                    )
                ),
            )
            scale = scale_of(state)
            scales[:, row] = scale.top, scale.growth is Growth.TRIANGULAR, certain(scale, fives=bool(fives[row]))
        return scales
