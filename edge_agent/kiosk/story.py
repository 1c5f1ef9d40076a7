"""What a match was like: its course, where it turned, and how to tell it afterwards. Pure; `t` is in seconds."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from game.match import MatchFinished
    from models.predictor import Prediction

COURSE = 240  # points of the ribbon; every second one goes when it is full
COURSE_STEP = 0.25  # seconds between them at first
HOLD = 2.0  # seconds that a lead must last to count as taken
SWING = 0.18  # change of a probability that is worth a word ...
WITHIN = 8.0  # ... when it comes within so many seconds
SAFE = 0.95  # chance from which a match is all but won ...
UNSAFE = 0.8  # ... until it falls to this
TURNS = 12  # kept
OUTSIDER = 0.35  # a chance below which winning after all is a comeback


class Kind(StrEnum):
    """What made a moment a turning point."""

    LEAD = "lead"
    SWING = "swing"
    SAFE = "safe"


@dataclass(frozen=True, slots=True)
class Turn:
    """A turning point.

    Attributes:
        t: since the start of the match.
        player: whom it favours, 1 or 2.
        before, after: that player's chance to win.
    """

    t: float
    kind: Kind
    player: int
    before: float
    after: float

    def words(self, names: Sequence[str]) -> str:
        """What happened, for people.

        >>> Turn(3.0, Kind.LEAD, 2, 0.4, 0.6).words(["Ann", "Ben"])
        'Ben takes the lead'
        """
        name = names[self.player - 1]
        return {
            Kind.LEAD: f"{name} takes the lead",
            Kind.SWING: f"{name} pulls away" if self.before >= 1 / 2 else f"{name} fights back",
            Kind.SAFE: f"{name} has it all but won",
        }[self.kind]


@dataclass(slots=True)
class Story:
    """Follows a match from its start at `began`.

    Attributes:
        points: [seconds, p1_win, low, high], evenly spaced, the newest always the present.
        turns: the turning points so far, at most `TURNS`.
        leads: how often the lead was taken from the other.
    """

    began: float
    points: list[list[float]] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)
    leads: int = 0
    _step: float = COURSE_STEP
    _recent: list[tuple[float, float]] = field(default_factory=list)
    _leader: int = 0
    _rival: tuple[int, float] | None = None
    _quiet_until: float = 0.0
    _safe: int = 0
    _safe_at: float = 0.0
    _lows: list[tuple[float, float]] = field(default_factory=lambda: [(1.0, 0.0), (1.0, 0.0)])

    def scored(self, t: float, p1: int, p2: int) -> None:
        """Both scores as they are shown at `t`."""
        at, leader = t - self.began, (p1 > p2) - (p1 < p2)
        if leader in (0, self._leader):
            self._rival = None
        elif self._rival is None or self._rival[0] != leader:
            self._rival = (leader, at)
        elif at - self._rival[1] >= HOLD:
            since, first = self._rival[1], self._leader == 0
            self._leader, self._rival = leader, None
            if not first:
                self.leads += 1
                self._turn(since, Kind.LEAD, 1 if leader > 0 else 2)

    def said(self, t: float, prediction: Prediction) -> None:
        """A prediction made at `t`."""
        at, p = t - self.began, prediction.p1_win
        self._draw(at, prediction)
        self._recent = [*((when, was) for when, was in self._recent if at - when <= WITHIN), (at, p)]
        for player, chance in ((0, p), (1, 1.0 - p)):
            self._lows[player] = min(self._lows[player], (chance, at))
        self._settle(at, prediction)
        if at < self._quiet_until:
            return
        was = [before for _, before in self._recent]
        player = 1 if p - min(was) >= SWING else 2 if max(was) - p >= SWING else 0
        if player and not (self.turns and self.turns[-1].player == player):  # else it is the same turn, going on
            self._turn(at, Kind.SWING, player)

    def low(self, player: int) -> tuple[float, float]:
        """A player's smallest chance, and when that was."""
        return self._lows[player - 1]

    def told(self, finished: MatchFinished, names: Sequence[str]) -> tuple[str, ...]:
        """The story of the match in a few short sentences; nothing where there is no winner."""
        winner = finished.winner
        if winner is None or not self.points:
            return ()
        return tuple(self._tell(winner, names))

    def _tell(self, winner: int, names: Sequence[str]) -> list[str]:
        told = []
        if winner:
            name, (chance, at) = names[winner - 1], self.low(winner)
            if chance < OUTSIDER:
                told.append(f"{name} came back from a chance of {_percent(chance)} at {_clock(at)}.")
            elif not self.leads and self._leader == (1 if winner == 1 else -1):
                told.append(f"{name} led from the first steps to the last.")
        if self.leads:
            times = "once," if self.leads == 1 else f"{self.leads} times, the last time"
            told.append(f"The lead changed hands {times} at {_clock(self._last_lead())}.")
        if winner and self._safe == winner:
            told.append(f"It was all but decided at {_clock(self._safe_at)}.")
        elif winner:
            told.append("It stayed open to the end.")
        return told

    def _last_lead(self) -> float:
        return next((turn.t for turn in reversed(self.turns) if turn.kind is Kind.LEAD), 0.0)

    def _settle(self, at: float, prediction: Prediction) -> None:
        favourite, chance = (1, prediction.p1_win) if prediction.p1_win >= 1 / 2 else (2, 1.0 - prediction.p1_win)
        if self._safe and (favourite != self._safe or chance < UNSAFE):
            self._safe = 0
        sure = prediction.low > 1 / 2 or prediction.high < 1 / 2
        if not self._safe and chance >= SAFE and sure and prediction.progress < 1:
            self._safe, self._safe_at = favourite, at
            self._turn(at, Kind.SAFE, favourite)

    def _turn(self, at: float, kind: Kind, player: int) -> None:
        chances = [p if player == 1 else 1.0 - p for _, p in self._recent] or [1 / 2]
        last = self.turns[-1] if self.turns else None
        if kind is Kind.LEAD and last and last.kind is Kind.SWING and last.player == player and at - last.t < WITHIN:
            self.turns = self.turns[:-1]  # what swung was the lead
        self.turns = [*self.turns, Turn(at, kind, player, min(chances), chances[-1])][-TURNS:]
        self._quiet_until = at + WITHIN

    def _draw(self, at: float, prediction: Prediction) -> None:
        if len(self.points) > 1 and at - self.points[-2][0] < self._step - 1e-6:
            self.points.pop()  # the newest point is always the present; the one before it stands
        values = (prediction.p1_win, prediction.low, prediction.high)
        self.points.append([round(at, 2), *(round(value, 4) for value in values)])
        if len(self.points) > COURSE:
            self.points = self.points[::2]
            self._step *= 2


def _percent(share: float) -> str:
    return f"{round(share * 100)} %" if share >= 1 / 100 else "less than 1 %"


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
