"""Many matches at once: one song, one rule, m pairs of dancers, every judgement and every score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from game.rules import RULES, Growth, Rule, ddr_extreme
from models.simulate.charts import compose
from models.simulate.crowd import dance
from models.simulate.match import LIFE, LIFE_AT_START
from models.simulate.population import pairs
from models.simulate.scoring import CODES, scores
from models.simulate.steps import Steps, steps_of
from models.simulate.windows import DDR, ITG, STEPMANIA

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray


MAY_FAIL = 0.3  # share of the matches in which an empty life bar means something
OTHER_CHART = 0.25  # share of the songs on which the two dance different charts
PLAYERS = 32  # pairs on one song
SECONDS = (35.0, 140.0)  # from the first note of a generated song to its last
_LIFE = np.array([LIFE[code] for code in CODES])


@dataclass(frozen=True, slots=True, eq=False)
class Family:
    """A family of games.

    Attributes:
        rules: the rules it may be played under, one is drawn for a song.
        windows: W1 to W5, seconds either side.
        digits: the width of its display; None when it is not padded.
        meters: the easiest and the hardest chart of generated songs; old games have short ones.
    """

    rules: tuple[Rule, ...]
    windows: tuple[float, ...]
    digits: int | None
    meters: tuple[int, int] = (1, 10)


FAMILIES = {
    "stepmania": Family((RULES["stepmania"],), STEPMANIA, 9),
    "stepmania-percent": Family((RULES["stepmania-percent"],), STEPMANIA, None),
    "ddr-3rd": Family((RULES["ddr-3rd"],), DDR, 8, (1, 4)),
    "ddr-extreme": Family(tuple(ddr_extreme(feet) for feet in range(5, 11)), DDR, 9, (1, 7)),
    "ddr-supernova": Family((RULES["ddr-supernova"],), DDR, 8),
    "ddr-supernova2": Family((RULES["ddr-supernova2"],), DDR, 7),
    "ddr-a": Family((RULES["ddr-a"],), DDR, 7),
    "ex": Family((RULES["ex"],), DDR, 4),
    "itg": Family((RULES["itg"],), ITG, None),
}
"""Every family by name."""


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """One player of each of m matches.

    Attributes:
        steps: the chart.
        codes: judgements, (m, n); see `models.simulate.scoring.CODES`.
        shown: what a display at rest shows before the first object and after each, (m, n + 1).
        failed_at: how many objects were judged when the player failed, n when that did not happen, (m,).
    """

    steps: Steps
    codes: NDArray[np.uint8]
    shown: NDArray[np.int64]
    failed_at: NDArray[np.int64]

    def decided(self, growth: Growth) -> NDArray[np.float64]:
        """The share of the budget decided after 0 ... n objects, (n + 1,)."""
        n = np.arange(self.steps.objects + 1, dtype=np.float64)
        spread = n * (n + 1.0) if growth is Growth.TRIANGULAR else n
        return np.asarray(spread / spread[-1])


@dataclass(frozen=True, slots=True, eq=False)
class Bouts:
    """m matches on one song under one rule."""

    family: str
    kind: str
    rule: Rule
    sides: tuple[Side, Side]

    def __len__(self) -> int:
        return len(self.sides[0].shown)

    @property
    def finals(self) -> NDArray[np.int64]:
        """Both final scores, (m, 2)."""
        return np.stack([side.shown[:, -1] for side in self.sides], axis=1)

    @property
    def outcomes(self) -> NDArray[np.float64]:
        """1 where player 1 won, 0 where player 2 did, 0.5 for a tie, (m,)."""
        one, two = self.finals.T
        return np.where(one == two, 0.5, (one > two).astype(np.float64))


def tournament(
    seed: Sequence[int], families: Sequence[str], kinds: Sequence[str], matches: int, songs: Sequence[Steps] = ()
) -> Iterator[Bouts]:
    """Matches by the song, about `matches` of them; the same arguments give the same matches.

    Args:
        seed: decides everything.
        families: names in `FAMILIES`; every song is played under one of them.
        kinds: names in `KINDS`.
        matches: how many.
        songs: charts to dance besides generated ones; a fifth of the songs come from here when there are any.
    """
    for number in range(-(-matches // PLAYERS)):
        rng = np.random.default_rng([*seed, number])
        family, kind = str(rng.choice(families)), str(rng.choice(kinds))
        size = min(PLAYERS, matches - number * PLAYERS)
        one, two = _charts(rng, FAMILIES[family], songs)
        if one is two:
            yield bouts(rng, family, kind, (one, two), size)
            continue
        # the sides change charts at half time, or the harder one would stay with player 1 for the whole song
        halves = ((one, two), size // 2), ((two, one), size - size // 2)
        yield from (bouts(rng, family, kind, charts, half) for charts, half in halves if half)


def bouts(rng: np.random.Generator, family: str, kind: str, charts: tuple[Steps, Steps], m: int) -> Bouts:
    """`m` matches of dancers of one kind on one song."""
    game = FAMILIES[family]
    rule = game.rules[int(rng.integers(len(game.rules)))]
    may_fail = rng.random(m) < MAY_FAIL
    one, two = pairs(rng, kind, m)
    first, second = (
        _side(rule, steps, dance(rng, crowd, steps, game.windows), may_fail)
        for crowd, steps in zip((one, two), charts, strict=True)
    )
    return Bouts(family, kind, rule, (first, second))


def _side(rule: Rule, steps: Steps, codes: NDArray[np.uint8], may_fail: NDArray[np.bool_]) -> Side:
    failed_at = np.where(may_fail, _failed_at(codes), steps.objects)
    shown, _ = scores(rule, codes, failed_at)
    return Side(steps, codes, shown, failed_at)


def _failed_at(codes: NDArray[np.uint8]) -> NDArray[np.int64]:
    """How many objects are judged when the life bar is empty; all of them where it never is."""
    m, n = codes.shape
    change = _LIFE[codes]
    life, failed_at = np.full(m, LIFE_AT_START), np.full(m, n)
    for at in range(n):
        life = np.minimum(1.0, life + change[:, at])
        failed_at = np.where((life <= 0.0) & (failed_at == n), at + 1, failed_at)
    return failed_at


def _charts(rng: np.random.Generator, game: Family, songs: Sequence[Steps]) -> tuple[Steps, Steps]:
    """What the two of a match dance: mostly the same chart, else an easier or harder one of the same song."""
    if songs and rng.random() < 0.2:  # noqa: PLR2004 - see `tournament`
        song = songs[int(rng.integers(len(songs)))]
        return song, song
    easiest, hardest = game.meters
    seconds, meter = float(rng.uniform(*SECONDS)), int(rng.integers(easiest, hardest + 1))
    first = steps_of(compose(rng, seconds, meter))
    if rng.random() >= OTHER_CHART:
        return first, first
    return first, steps_of(compose(rng, seconds, int(np.clip(meter + rng.choice((-3, -2, -1, 1, 2)), 1, hardest))))
