"""The trained predictor: features in, a network's word out, with what is certain decided outside of it.

The network says 2 p - 1 and is odd under exchange of the players. What it cannot know is added here: a lead beyond
reach is certain, and whatever is doubtful about the readings widens the range.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from game.grades import ITG, MILLION, grade
from game.reading import ScoreUnit
from game.rules.stepmania import BASE
from models.bundle import Bundle, BundleError, builtin
from models.display import scale_of
from models.features import NAMES, OWN, SHARED, Features, course_of, features
from models.predictor import Interval, Outlook, Prediction

if TYPE_CHECKING:
    from game.ledger import Count
    from game.match import MatchState
    from models.features import Course
    from models.runtime import Network

WIN, OUTLOOK = "winner", "outlook"  # roles of the two networks
SHARED_COLUMNS = [NAMES.index(name) for name in SHARED]
OWN_COLUMNS = tuple([NAMES.index(f"{side}_{name}") for name in OWN] for side in ("one", "two"))
EDGE = 1.2816  # a normal distribution's 90th percentile
STALE = 12.0  # seconds without readings after which little is known of where the match stands
GAINSAID = 0.8  # how much of a reading's certainty is left while others contradict it
FALL = 2.4  # the worst judgement of a percent that falls costs this many times what the best one gives
MILLION_TOP = 1_000_000.0
GRAIN = 2.0**40  # probabilities are multiples of 1 / GRAIN, so that 1 - p is exact
NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class TrainedWinner:
    """A predictor out of a bundle of kind "winner"."""

    name: str
    winner: Network
    outlook: Network

    @classmethod
    def of(cls, bundle: Bundle) -> TrainedWinner:
        """The predictor in a bundle.

        Raises:
            BundleError: it is not a winner's, or its features are not those of this program.
        """
        if bundle.manifest.kind != "winner":
            raise BundleError(f"{bundle.manifest.name} is a {bundle.manifest.kind} bundle, not a winner")
        if bundle.manifest.settings.get("features") != list(NAMES):
            raise BundleError(f"{bundle.manifest.name} was trained on other features; train it again")
        name = f"{bundle.manifest.name}-{bundle.manifest.version}"
        return cls(name, bundle.network(WIN), bundle.network(OUTLOOK))

    def predict(self, state: MatchState) -> Prediction:
        """Say who will win; 0.5 with everything open while one of the scores is unknown."""
        one, two = state.p1.value, state.p2.value
        if one is None and two is None:
            return Prediction(0.5, 0.0, 1.0, 0.0)
        if one is None or two is None:
            return self._alone(state)
        course = course_of(state, counts(state))
        seen = features(course)
        progress = float(np.clip(1.0 - seen.left[0], 0.0, 1.0))
        looks = self._look(course, seen, 0, one), self._look(course, seen, 1, two)
        if scale_of(state).known and clinched(course):
            p = low = high = 1.0 if one > two else 0.0
        else:
            p = _exact(0.5 + 0.5 * float(self.winner(seen.values)[0, 0]))
            low, high = _range(p, float(seen.formed[0]), _fog(state))
        return Prediction(p, low, high, progress, *_finals(*looks), *looks)

    def _alone(self, state: MatchState) -> Prediction:
        """One player's outlook: the other side is taken for a double, so that the clock runs at this player's pace."""
        first = state.p1.value is not None
        seen_state = state if first else state.swapped()
        double = replace(seen_state, p2=seen_state.p1, ledgers=(seen_state.ledgers[0],) * 2)
        course = course_of(double, counts(double))
        seen = features(course)
        look = self._look(course, seen, 0, seen_state.p1.value or 0)
        alone = Prediction(0.5, 0.0, 1.0, float(1.0 - seen.left[0]), look.final, None, look)
        return alone if first else alone.swapped()

    def _look(self, course: Course, seen: Features, side: int, score: int) -> Outlook:
        """Where one player's score will end, and the chance of failing."""
        columns = SHARED_COLUMNS + OWN_COLUMNS[side]
        low, middle, high, fail = (float(x) for x in self.outlook(seen.values[:, columns])[0])
        top, left = float(course.top[0]), float(seen.left[0])
        least, most = (-math.inf if course.falls[0] else float(score)), max(top, float(score))
        low, middle, high = (min(most, max(least, score + top * left * rate)) for rate in (low, middle, high))
        final, middle = Interval(max(low, 0.0), max(high, 0.0)), max(middle, 0.0)
        unit = ScoreUnit.PERCENT if course.falls[0] else ScoreUnit.POINTS
        return Outlook(final, middle, 1.0 / (1.0 + math.exp(-fail)), _grade(course, middle), unit)


def clinched(course: Course) -> bool:
    """Whether the lead cannot be made up, given that nobody can have more than the top."""
    ahead, behind = float(course.now[0].max()), float(course.now[0].min())
    reach = 1.0 + FALL * float(course.falls[0])
    return ahead - behind > reach * (1.0 - ahead)


def _grade(course: Course, score: float) -> str | None:
    if course.falls[0]:
        return grade(score, ITG)
    return grade(score, MILLION) if course.top[0] == MILLION_TOP else None


def counts(state: MatchState) -> tuple[Count | None, Count | None]:
    """What is counted of the players' objects; ledgers know StepMania's rule alone."""
    if scale_of(state).top != BASE * 10:
        return None, None
    one, two = state.ledgers
    return one.count(), two.count()


def _finals(one: Outlook | None, two: Outlook | None) -> tuple[Interval | None, Interval | None]:
    return one.final if one else None, two.final if two else None


def _fog(state: MatchState) -> float:
    """How doubtful the readings are, 0 to 1: by their age, by how sure they were, and by what gainsays them now."""
    stale = 0.0 if state.t is None else max(0.0, state.t - min(state.p1.t, state.p2.t))
    doubted = any(track.doubt is not None for track in (state.p1, state.p2))
    sure = state.p1.confidence * state.p2.confidence * (GAINSAID if doubted else 1.0)
    return 1.0 - sure * math.exp(-stale / STALE)


def _range(p: float, formed: float, fog: float) -> tuple[float, float]:
    """Where p would lie, eight times in ten, if the players' form were known; widened by doubtful readings.

    p averages a normal distribution's probability over normal doubt that makes up the share `formed` of its variance:
    Phi(z) is the mean of Phi((z + x sqrt(formed)) / sqrt(1 - formed)) over standard normal x.
    """
    z = NORMAL.inv_cdf(min(1.0 - 1e-12, max(1e-12, p)))
    narrow, shift = math.sqrt(1.0 - formed), EDGE * math.sqrt(formed)
    low, high = (NORMAL.cdf((z - shift) / narrow), NORMAL.cdf((z + shift) / narrow))
    low, high = min(low, p), max(high, p)
    return _exact(low - fog * low), _exact(high + fog * (1.0 - high))


def _exact(p: float) -> float:
    return round(p * GRAIN) / GRAIN


def trained() -> TrainedWinner:
    """The predictor that comes with the project.

    Raises:
        BundleError: there is none.
    """
    return TrainedWinner.of(builtin("winner"))
