"""Feet followed from picture to picture, and the moments at which they land on panels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vision.geometry import Box
    from vision.pad.decode import Found
    from vision.pad.pads import Pad

REACH: Final = 1.1  # of a foot's size that it may be off where it was expected
WIDER: Final = 6.0  # of the same for every second that it was not seen
LOST: Final = 0.7  # seconds after which a foot that is not seen is forgotten
LANDED: Final = 0.5  # probability of standing at which a foot touches the floor
LIFTED: Final = 0.5  # and below which it has left it
AIRY: Final = 0.35  # what it has to fall below in between, to tell a step from a flicker
BESIDE: Final = 0.45  # cells beyond a pad's edge at which a foot still belongs to it
SLACK: Final = 0.08  # cells beyond a panel's edge at which a foot still stands on it
VOTE: Final = 0.97  # how long it is remembered which foot is on the left


@dataclass(frozen=True, slots=True)
class Press:
    """A foot landed on a panel.

    Attributes:
        t: seconds.
        pad: counts from 0, from the left.
        panel: see `plan.CELLS`.
        foot: "left" or "right".
        confidence: probability that there was such a step.
    """

    t: float
    pad: int
    panel: str
    foot: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Foot:
    """A foot as followed.

    Attributes:
        number: stays the same as long as it is followed.
        ball: pixel on the floor.
        speed: pixels a second, (x, y).
        standing: probability that it stands, in the last picture that showed it.
        down: whether it is taken to stand.
        panel: what it stands on or stood on last.
        pad: which pad it is on, None beside them.
        leftness: above 0 when it is the left one of a dancer's feet.
        seen_at: seconds.
        lowest: the least probability of standing since it stood last.
    """

    number: int
    box: Box
    ball: tuple[float, float]
    speed: tuple[float, float]
    standing: float
    down: bool
    panel: str | None
    pad: int | None
    leftness: float
    seen_at: float
    lowest: float = 1.0

    @property
    def side(self) -> str:
        """Which foot of its dancer it is."""
        return "left" if self.leftness >= 0 else "right"

    @property
    def size(self) -> float:
        """Pixels across."""
        return float(np.hypot(self.box.w, self.box.h))


class Feet:
    """Follows every foot, and hands out presses as they are noticed."""

    __slots__ = ("_born", "_feet")

    def __init__(self) -> None:
        self._feet: tuple[Foot, ...] = ()
        self._born = 0

    def take(self, t: float, found: Sequence[Found], pads: Sequence[Pad]) -> tuple[tuple[Foot, ...], tuple[Press, ...]]:
        """Take in the feet of one picture.

        Returns:
            the feet that this picture shows, and the presses that became certain with it.
        """
        seen = [one for one in found if one.kind == "foot"]
        pairs = _pairs(t, self._feet, seen)
        feet: list[Foot] = []
        presses: list[Press] = []
        for index, one in enumerate(seen):
            old = pairs.get(index)
            foot, press = self._first(t, one, pads) if old is None else _next(t, old, one, pads)
            feet.append(foot)
            if press is not None:
                presses.append(press)
        numbers = {foot.number for foot in feet}
        hidden = [foot for foot in self._feet if foot.number not in numbers and t - foot.seen_at <= LOST]
        shown = _sided(feet)
        self._feet = (*shown, *hidden)
        return shown, tuple(replace(press, foot=_side(shown, press)) for press in presses)

    def _first(self, t: float, one: Found, pads: Sequence[Pad]) -> tuple[Foot, None]:
        pad, panel = _where(one.ball, pads)
        self._born += 1
        down = one.flag >= LANDED
        foot = Foot(self._born, one.box, one.ball, (0.0, 0.0), one.flag, down, panel, pad, 0.0, t, one.flag)
        return foot, None


def _pairs(t: float, feet: Sequence[Foot], seen: Sequence[Found]) -> dict[int, Foot]:
    """Which foot each found one is: the nearest pairs first, as far as a foot can have come."""
    ways = []
    for foot in feet:
        gap = t - foot.seen_at
        reach = foot.size * (REACH + WIDER * max(0.0, gap - 0.05))
        ahead = min(gap, 0.1)
        expected = (foot.ball[0] + foot.speed[0] * ahead / 2, foot.ball[1] + foot.speed[1] * ahead / 2)
        for index, one in enumerate(seen):
            far = float(np.hypot(one.ball[0] - expected[0], one.ball[1] - expected[1]))
            if far <= reach:
                ways.append((far / foot.size + gap, index, foot))
    pairs: dict[int, Foot] = {}
    taken: set[int] = set()
    for _, index, foot in sorted(ways, key=lambda way: way[0]):
        if index not in pairs and foot.number not in taken:
            pairs[index] = foot
            taken.add(foot.number)
    return pairs


def _next(t: float, old: Foot, one: Found, pads: Sequence[Pad]) -> tuple[Foot, Press | None]:
    """The foot after another sight of it, and the press that this makes certain."""
    gap = max(t - old.seen_at, 1e-6)
    pad, panel = _where(one.ball, pads)
    speed = ((one.ball[0] - old.ball[0]) / gap, (one.ball[1] - old.ball[1]) / gap)
    lowest = min(old.lowest, one.flag)
    foot = replace(old, box=one.box, ball=one.ball, speed=speed, standing=one.flag, pad=pad, seen_at=t, lowest=lowest)
    if not old.down and one.flag >= LANDED:
        landed = t - gap * (one.flag - LANDED) / max(one.flag - old.standing, 1e-6) if old.standing < LANDED else t
        stepped = lowest < AIRY or panel != old.panel
        press = _press(landed, pad, panel, one, 1 - lowest) if stepped else None
        return replace(foot, down=True, panel=panel, lowest=1.0), press
    if old.down and one.flag < LIFTED:
        return replace(foot, down=False, lowest=one.flag), None
    if old.down and panel != old.panel and not _still_on(one.ball, old, pads):
        return replace(foot, panel=panel, lowest=1.0), _press(t - gap / 2, pad, panel, one, one.flag)
    return replace(foot, lowest=1.0 if old.down else lowest), None


def _press(t: float, pad: int | None, panel: str | None, one: Found, sure: float) -> Press | None:
    if pad is None or panel is None:
        return None
    return Press(t, pad, panel, "left", round(min(one.confidence, max(one.flag, 0.0)) * (0.5 + sure / 2), 4))


def _still_on(ball: tuple[float, float], old: Foot, pads: Sequence[Pad]) -> bool:
    """Whether a foot is so near the panel it stood on that it may still stand there."""
    if old.pad is None or old.panel is None or old.pad >= len(pads):
        return False
    return pads[old.pad].within(old.panel, ball, SLACK)


def _where(ball: tuple[float, float], pads: Sequence[Pad]) -> tuple[int | None, str | None]:
    """The pad and the panel at a pixel of the floor."""
    best, nearest = None, np.inf
    for index, pad in enumerate(pads):
        x, y = pad.place(ball)
        off = max(abs(x), abs(y))
        if off <= 1.5 + BESIDE and off < nearest:  # 1.5 cells are the edge
            best, nearest = index, off
    return best, None if best is None else pads[best].under(ball)


def _sided(feet: Sequence[Foot]) -> tuple[Foot, ...]:
    """Every foot with a vote more on whether it is a left one: it is, where it mostly is on the left of the other."""
    told = []
    for foot in feet:
        others = [one for one in feet if one.number != foot.number and one.pad == foot.pad and foot.pad is not None]
        if len(others) == 1:
            apart = float(np.clip((others[0].ball[0] - foot.ball[0]) / foot.size, -1, 1))
            told.append(replace(foot, leftness=foot.leftness * VOTE + apart))
        else:
            told.append(foot)
    return tuple(told)


def _side(feet: Sequence[Foot], press: Press) -> str:
    mine = [foot for foot in feet if foot.pad == press.pad and foot.panel == press.panel]
    newest = max(mine, key=lambda foot: foot.standing, default=None)
    return newest.side if newest is not None else press.foot
