"""An evening at the cabinet: which screen is up at which moment, match after match. Pure; time is a number."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from models.simulate.match import Match, play

if TYPE_CHECKING:
    from game.rules.rule import Rule

SONG = 46.0  # seconds of notes in a match, give or take 8 %
SELECT = 5.0
STAGE = 3.0
OUTRO = 2.6  # from the last judged object to the results
RESULTS = 7.0
SHOW_AFTER = 0.5  # the score displays begin to drop in this long after play begins
LEAVE_AFTER = 1.0  # and begin to leave this long after the last judged object
SLIDE = 0.3  # seconds that either takes
KEPT = 4  # matches held in memory: a cabinet may run for weeks


class Screen(StrEnum):
    """What a cabinet shows, under the names that StepMania gives its screens."""

    SELECT = "ScreenSelectMusic"
    STAGE = "ScreenStageInformation"
    PLAY = "ScreenGameplay"
    RESULTS = "ScreenEvaluationNormal"


@dataclass(frozen=True, slots=True)
class Scene:
    """One moment of the evening.

    Attributes:
        t: seconds since this screen came up.
        length: how long it stays, seconds.
        clock: seconds since the evening began.
    """

    screen: Screen
    t: float
    length: float
    clock: float
    match: Match

    @property
    def displays(self) -> float:
        """How far the score displays are in view during play: 0 hidden, 1 in place."""
        if self.screen is not Screen.PLAY:
            return 0.0
        coming = (self.t - SHOW_AFTER) / SLIDE
        leaving = 1.0 - (self.t - self.match.last - LEAVE_AFTER) / SLIDE
        return min(1.0, max(0.0, min(coming, leaving)))


@dataclass(slots=True)
class Session:
    """The evening that follows from a seed; matches are played when they are first looked at.

    Args:
        seed: everything follows from it.
        rule: how the cabinet scores.
        roll: seconds that a score display takes to reach a new number.
        song: seconds of notes in a match, about.
    """

    seed: int
    rule: Rule
    roll: float = 0.2
    song: float = SONG
    _starts: list[float] = field(default_factory=lambda: [0.0])
    _recent: dict[int, Match] = field(default_factory=dict)

    def match(self, number: int) -> Match:
        """Match `number`, counted from 0."""
        if number not in self._recent:
            if len(self._recent) >= KEPT:
                del self._recent[next(iter(self._recent))]
            self._recent[number] = play((self.seed,), number, self.rule, self.roll, self.song)
        return self._recent[number]

    def begins(self, number: int) -> float:
        """When the song selection before match `number` comes up, seconds since the evening began."""
        while len(self._starts) <= number:
            length = sum(length for _, length in lengths(self.match(len(self._starts) - 1)))
            self._starts.append(self._starts[-1] + length)
        return self._starts[number]

    def at(self, clock: float) -> Scene:
        """What is on at `clock` seconds of the evening; before it began, its first moment."""
        clock = max(0.0, float(clock))
        number = len(self._starts) - 1
        while self.begins(number) <= clock:
            number += 1
        number = bisect_right(self._starts, clock) - 1
        match = self.match(number)
        t = clock - self.begins(number)
        for screen, length in lengths(match)[:-1]:
            if t < length:
                return Scene(screen, t, length, clock, match)
            t -= length
        return Scene(Screen.RESULTS, t, RESULTS, clock, match)


def lengths(match: Match) -> tuple[tuple[Screen, float], ...]:
    """The screens of one match in order, and how long each stays, seconds."""
    return (
        (Screen.SELECT, SELECT),
        (Screen.STAGE, STAGE),
        (Screen.PLAY, match.last + OUTRO),
        (Screen.RESULTS, RESULTS),
    )
