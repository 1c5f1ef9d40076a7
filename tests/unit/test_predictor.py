"""The predictor against its conformance suite, its baselines, and predictors that are wrong."""

from __future__ import annotations

import itertools
import math
import random
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from game.match import IDLE, MatchFinished, MatchState, Point, advance
from game.reading import ScoreUnit
from game.rules import RULES
from game.track import Track
from models.baselines import LeaderFrequency, clinch_bound, note_budget_told, stern
from models.checks import FRAME, ConformanceError, conform, follow, show
from models.display import scale_of
from models.matches import Match, simulate
from models.predictor import Interval, Prediction, Predictor, default, verdict
from models.simulate.match import play

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def at(one: int, two: int, **more: object) -> MatchState:
    state = replace(IDLE, t=60.0, started_at=0.0, p1=Track(one, 60.0), p2=Track(two, 60.0), digits=9)
    return replace(state, **more)  # type: ignore[arg-type]


def games(rule: str, number: int, seed: int) -> list[Match]:
    rng = random.Random(seed)  # noqa: S311
    return [simulate(RULES[rule], rng) for _ in range(number)]


def loss(p: float, outcome: float) -> float:
    p = min(max(p, 1e-6), 1 - 1e-6)
    return -(outcome * math.log(p) + (1 - outcome) * math.log(1 - p))


def test_the_default_conforms() -> None:
    conform(default(), matches=2)


@dataclass(frozen=True)
class Broken:
    """Takes a good prediction and spoils it."""

    spoil: str
    name: str = "broken"

    def predict(self, state: MatchState) -> Prediction:
        said = default().predict(state)
        p, low, high = said.p1_win, said.low, said.high
        match self.spoil:
            case "favours player 1":
                p, low, high = min(1.0, p + 0.01), min(1.0, low + 0.01), min(1.0, high + 0.01)
            case "backs the one behind":
                p, low, high = 1 - p, 1 - high, 1 - low
            case "never certain":
                p, low, high = (min(0.99, max(0.01, x)) for x in (p, low, high))
            case "too sure without readings" if state.t is not None:
                stale = min(1.0, (state.t - state.p1.t) / 5.0)
                low, high = p + (low - p) * (1 - stale), p + (high - p) * (1 - stale)
            case "random":
                p = random.random()  # noqa: S311
                low, high = min(low, p), max(high, p)
            case "range upside down":
                low, high = high, low
        return Prediction(p, low, high, said.progress)


@pytest.mark.parametrize(
    "spoil",
    [
        "favours player 1",
        "backs the one behind",
        "never certain",
        "too sure without readings",
        "random",
        "range upside down",
    ],
)
def test_the_suite_catches_a_broken_predictor(spoil: str) -> None:
    with pytest.raises(ConformanceError, match="promised"):
        conform(Broken(spoil), matches=1)


def test_exchanging_the_players_is_exact_to_the_bit() -> None:
    predictor = default()
    for rule in ("stepmania", "ddr-a", "itg"):
        for state in list(follow(games(rule, 1, 5)[0]))[::7]:
            here, there = predictor.predict(state), predictor.predict(state.swapped())
            assert there.p1_win == 1.0 - here.p1_win
            assert (there.low, there.high) == (1.0 - here.high, 1.0 - here.low)
            assert (there.p1_final, there.p2_final) == (here.p2_final, here.p1_final)


def losses(predictor: Predictor, matches: list[Match], share: float) -> tuple[float, float]:
    """Mean log loss of `predictor`, and of note-budget Stern that is told every judgement."""
    mine, told = 0.0, 0.0
    for match in matches:
        t = match.at(share).t
        state = [state for state in follow(match) if (state.t or 0.0) <= t + 0.2][-1]
        mine += loss(predictor.predict(state).p1_win, match.outcome)
        told += loss(note_budget_told(match, share), match.outcome)
    return mine / len(matches), told / len(matches)


@pytest.mark.parametrize("rule", ["stepmania", "ddr-a"])
def test_as_good_as_one_who_is_told_every_judgement(rule: str) -> None:
    matches = games(rule, 120, 100)
    pairs = [losses(default(), matches, share) for share in (0.25, 0.5, 0.75)]
    mine, told = (sum(pair[i] for pair in pairs) / len(pairs) for i in range(2))
    assert mine <= told + 0.02, (mine, told)


def streaky(number: int) -> tuple[list[MatchState], float]:
    """A short song on the rendered cabinet: dancers lose focus for some notes, so that misses come in streaks."""
    match = play((5,), number, RULES["stepmania"], 0.2, 46.0)

    def states() -> Iterator[MatchState]:
        state = IDLE
        for tick in range(int((match.last + 0.5) / FRAME)):
            t = tick * FRAME
            one, two = (int(side.at(t).rolled(t, match.roll)) for side in match.sides)
            state, _ = advance(state, show(t, one, two))
            if state.running:
                yield state

    return list(states()), {1: 1.0, 2: 0.0, 0: 0.5}[match.winner]


def unrest(predictor: Predictor, courses: Iterable[tuple[list[MatchState], float]]) -> float:
    """Sum of the squared changes of p over a match from 0.5 to the outcome, said every 0.4 s, on average.

    Honest probabilities are a martingale, for which this is 0.25 on average; more of it is taken back later.
    """
    sums = []
    for states, outcome in courses:
        path = [0.5, *(predictor.predict(state).p1_win for state in states[::2]), outcome]
        sums.append(sum((after - before) ** 2 for before, after in itertools.pairwise(path)))
    return sum(sums) / len(sums)


def test_a_short_bad_stretch_does_not_turn_its_mind() -> None:
    assert unrest(default(), map(streaky, range(40))) <= 0.30


@pytest.mark.parametrize("rule", ["stepmania", "itg"])
def test_it_changes_its_mind_no_more_than_it_learns(rule: str) -> None:
    assert unrest(default(), ((list(follow(match)), match.outcome) for match in games(rule, 40, 21))) <= 0.30


def test_a_nervous_predictor_would_be_noticed() -> None:
    @dataclass(frozen=True)
    class Nervous:
        """Takes the last three seconds for the whole of a dancer's form."""

        name: str = "nervous"

        def predict(self, state: MatchState) -> Prediction:
            said = default().predict(state)
            if said.low == said.high or len(state.trace) < 4:
                return said
            then, one, two = state.trace[-4], state.p1.value or 0, state.p2.value or 0
            p = 0.5 * said.p1_win + 0.5 * float(one - then.p1 > two - then.p2)
            return replace(said, p1_win=p)

    assert unrest(Nervous(), map(streaky, range(20))) > 0.5


def test_final_scores_lie_in_their_ranges_nine_times_in_ten() -> None:
    inside = 0
    matches = games("stepmania", 80, 9)
    for match in matches:
        states = list(follow(match))
        said = default().predict(states[len(states) * 3 // 4])
        assert said.p1_final is not None
        inside += said.p1_final.low <= match.moments[-1].scores[0] <= said.p1_final.high
    assert inside >= 0.8 * len(matches)


def test_one_player_alone_is_no_match() -> None:
    said = default().predict(replace(at(5, 5), p2=Track()))
    assert (said.p1_win, said.low, said.high) == (0.5, 0.0, 1.0)


def test_certain_only_when_the_lead_cannot_be_made_up() -> None:
    assert default().predict(at(80_000_000, 59_999_999)).p1_win == 1.0
    assert default().predict(at(80_000_000, 60_000_001)).p1_win < 1.0
    assert default().predict(at(8_000, 6_000, unit=ScoreUnit.PERCENT)).p1_win < 1.0  # it may fall
    assert default().predict(at(9_500, 7_000, unit=ScoreUnit.PERCENT)).p1_win == 1.0


ZERO = (Point(0.0, 0, 0),)


def trace(power: int, top: int) -> tuple[Point, ...]:
    return tuple(Point(float(t), *(round(top * (t / 60) ** power * share) for share in (0.9, 0.8))) for t in range(60))


@pytest.mark.parametrize(
    ("state", "top"),
    [
        (at(9_000, 8_000, unit=ScoreUnit.PERCENT), 10_000),
        (at(900_000, 800_000), 100_000_000),
        (at(900_000, 800_000, digits=7), 10_000_000),  # until the pace is known
        (at(900_000, 800_000, digits=7, trace=trace(1, 1_000_000)), 1_000_000),
        (at(900_000, 800_000, digits=7, trace=trace(1, 1_000_000)[40:]), 1_000_000),
        (at(600_000, 500_000, digits=7, p1=Track(600_000, 6.0), p2=Track(500_000, 6.0), trace=ZERO), 10_000_000),
        (at(9_000_000, 800_000, digits=7), 10_000_000),
        (at(900_000, 800_000, digits=8), 10_000_000),
        (at(900, 800, digits=4), 1_200),
        (at(20_000_000, 800_000, digits=None), 100_000_000),
        (at(903, 0, digits=None, fine=True), 100_000_000),
        (at(900_000, 800_000, digits=None, trace=trace(1, 1_000_000)), 1_000_000),
        (at(9_000_000, 8_000_000, digits=None, trace=trace(1, 10_000_000)), 10_000_000),
        (at(9_000_000, 8_000_000, digits=None, trace=trace(2, 10_000_000)), 10_000_000),
        (at(900, 800, digits=None, trace=trace(1, 1_000)), 1_200),
        (at(900_000, 800_000, digits=None, fine=True, trace=trace(1, 1_000_000)), 1_000_000),
    ],
)
def test_the_highest_score_is_told_from_the_display(state: MatchState, top: int) -> None:
    assert scale_of(state).top == top


def test_a_verdict_is_certain() -> None:
    won = verdict(MatchFinished(90.0, 5, 3))
    assert (won.p1_win, won.low, won.high, won.progress, won.p1_final) == (1.0, 1.0, 1.0, 1.0, Interval(5.0, 5.0))
    assert verdict(MatchFinished(90.0, 3, 5)).p1_win == 0.0
    assert verdict(MatchFinished(90.0, 5, 5)).p1_win == 0.5
    assert verdict(MatchFinished(90.0, 5, None)).high == 1.0


def test_baselines() -> None:
    assert clinch_bound(90, 60, 20.0) == 1.0
    assert clinch_bound(60, 90, 20.0) == 0.0
    assert clinch_bound(80, 60, 20.0) == 0.5
    assert stern(0.0, 0.5, 0.0, 0.1) == 0.5
    assert stern(0.05, 0.75, 0.0, 0.1) == pytest.approx(0.8413, abs=1e-4)  # one standard deviation
    assert stern(0.01, 1.0, 0.0, 0.1) == 1.0
    matches = games("stepmania", 30, 3)
    leader = LeaderFrequency.learn(matches)
    assert leader.p1_win(0.95, 2, 1) > leader.p1_win(0.05, 2, 1) - 0.2
    assert leader.p1_win(0.5, 2, 1) == pytest.approx(1 - leader.p1_win(0.5, 1, 2))
    assert leader.p1_win(0.5, 1, 1) == 0.5
    assert all(note_budget_told(match, 1.0) == match.outcome for match in matches)
    assert all(note_budget_told(match, 0.0) == 0.5 for match in matches)


def test_simulated_matches_are_the_same_for_the_same_seed() -> None:
    assert games("itg", 2, 8) == games("itg", 2, 8)
    assert games("itg", 2, 8) != games("itg", 2, 9)
