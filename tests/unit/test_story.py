from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from edge_agent.kiosk.day import Day, Played
from edge_agent.kiosk.story import Kind, Story
from game.match import MatchFinished
from models.predictor import Prediction

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ["Ann", "Ben"]


def follow(course: list[tuple[float, float, int, int]]) -> Story:
    """A match from (seconds, chance of player 1, both scores)."""
    story = Story(10.0)
    for at, p, p1, p2 in course:
        story.scored(10.0 + at, p1, p2)
        story.said(10.0 + at, Prediction(p, max(0.0, p - 0.1), min(1.0, p + 0.1), at / 100))
    return story


def kinds(story: Story) -> list[tuple[Kind, int]]:
    return [(turn.kind, turn.player) for turn in story.turns]


def test_a_lead_counts_when_it_lasts() -> None:
    held = [(float(t), 0.5, 100 * t, 90 * t if t < 20 else 120 * t) for t in range(1, 30)]
    story = follow(held)
    assert kinds(story) == [(Kind.LEAD, 2)]
    assert story.turns[0].t == 20.0
    blink = [(float(t), 0.5, 100 * t, 120 * t if t == 20 else 90 * t) for t in range(1, 30)]
    assert kinds(follow(blink)) == []


def test_a_swing_that_was_the_lead_is_told_once() -> None:
    taken = [(float(t), 0.2 + 0.03 * t, 90 * t if t < 12 else 120 * t, 100 * t) for t in range(1, 20)]
    assert [kind for kind, _ in kinds(follow(taken))].count(Kind.SWING) == 0
    assert (Kind.LEAD, 1) in kinds(follow(taken))


def test_who_leads_first_has_turned_nothing() -> None:
    assert kinds(follow([(float(t), 0.5, 10 * t, 0) for t in range(30)])) == []


def test_a_swing_is_told_once_for_as_long_as_it_goes_on() -> None:
    rise = [(float(t), 0.2 + 0.025 * t, 1, 1) for t in range(28)]
    assert kinds(follow(rise)) == [(Kind.SWING, 1)]
    assert follow(rise).turns[0].words(NAMES) == "Ann fights back"
    back = rise + [(30.0 + t, 0.9 - 0.025 * t, 1, 1) for t in range(28)]
    assert kinds(follow(back)) == [(Kind.SWING, 1), (Kind.SWING, 2)]


def test_all_but_won_is_said_and_taken_back() -> None:
    story = follow([(1.0, 0.8, 2, 1), (2.0, 0.96, 2, 1), (3.0, 0.97, 2, 1)])
    assert kinds(story) == [(Kind.SAFE, 1)]
    story = follow([(1.0, 0.8, 2, 1), (2.0, 0.96, 2, 1), (20.0, 0.5, 2, 1)])
    assert story.told(MatchFinished(40.0, 3, 2), NAMES)[-1] == "It stayed open to the end."


@pytest.mark.parametrize(
    ("course", "finals", "told"),
    [
        ([(1.0, 0.6, 2, 1), (5.0, 0.7, 9, 5), (9.0, 0.7, 12, 6)], (12, 6), "Ann led from the first steps to the last."),
        ([(1.0, 0.5, 1, 2), (61.0, 0.2, 2, 9)], (12, 11), "Ann came back from a chance of 20 % at 1:01."),
    ],
)
def test_the_story_of_a_match(course: list[tuple[float, float, int, int]], finals: tuple[int, int], told: str) -> None:
    assert follow(course).told(MatchFinished(99.0, *finals), NAMES)[0] == told


def test_without_a_winner_there_is_no_story() -> None:
    assert follow([(1.0, 0.5, 1, 0)]).told(MatchFinished(9.0, 5, None), NAMES) == ()


NOON = datetime(2026, 5, 1, 22, 0, tzinfo=UTC)


def played(p1: int, p2: int, low: float = 0.5, at: datetime = NOON, unit: str = "points") -> Played:
    return Played(at.timestamp(), ("Ann", "Ben"), p1, p2, 1 if p1 > p2 else 2, unit, low)


def test_the_day_names_each_of_its_best_matches_once(tmp_path: Path) -> None:
    day = Day(tmp_path / "day.json", lambda: NOON)
    for match in (played(900, 100), played(500, 499), played(300, 800, 0.04)):
        day.add(match)
    assert [(each["p1"], each["best"]) for each in Day(tmp_path / "day.json", lambda: NOON).best()] == [
        (900, "Highest score"),
        (500, "Closest finish"),
        (300, "Greatest comeback"),
    ]
    assert Day(tmp_path / "day.json", lambda: NOON + timedelta(days=1)).best() == []


def test_an_evening_goes_on_after_midnight(tmp_path: Path) -> None:
    late = NOON + timedelta(hours=4)
    day = Day(tmp_path / "day.json", lambda: late)
    day.add(played(900, 100))
    assert day.count == 1


def test_percents_are_not_compared_with_points() -> None:
    day = Day(now=lambda: NOON)
    for match in (played(9_512, 9_100, unit="percent"), played(9_400, 9_300, unit="percent"), played(900_000, 1)):
        day.add(match)
    assert {each["unit"] for each in day.best()} == {"percent"}


def test_a_broken_file_begins_a_new_day(tmp_path: Path) -> None:
    (tmp_path / "day.json").write_text('[{"names": 3}]', encoding="utf-8")
    assert Day(tmp_path / "day.json").best() == []
