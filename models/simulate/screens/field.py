"""One player's lanes: shade, receptors, holds and notes on their way."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

from models.simulate.kit import LEVELS
from models.simulate.match import CHAIN, judge
from models.simulate.sprite import Sprite, blend, blit, centred, faded

if TYPE_CHECKING:
    from models.simulate.charts import Note
    from models.simulate.kit import Kit
    from models.simulate.session import Scene
    from vision.frame import Image

LONGEST_HOLD = 2.0  # seconds that a hold may have begun before the notes in view
LANES = 4
SEE_THROUGH_FROM = 0.95  # heights of the picture between which a far note comes into full view
SEE_THROUGH_OVER = 0.3
FAINTEST = 0.25


class Field:
    """A player's lanes at one moment of play.

    Args:
        scene: a moment of play.
        kit: the sprites.
        player: 0 or 1.
    """

    def __init__(self, scene: Scene, kit: Kit, player: int) -> None:
        self._kit, self._t, self._chart = kit, scene.t, scene.match.chart
        self._errors = scene.match.sides[player].errors
        theme = kit.theme
        self._left = kit.mirrored(theme.field_x, player) - LANES / 2 * kit.lane
        self._still = theme.receptors * kit.height
        self._pace = theme.scroll * kit.height * (1.0 if theme.upwards else -1.0)
        ahead = (kit.height - self._still if theme.upwards else self._still) + kit.lane
        passed = kit.height + 2 * kit.lane - ahead
        speed = abs(self._pace)
        first = bisect_left(self._chart.notes, self._t - passed / speed - LONGEST_HOLD, key=_when)
        last = bisect_right(self._chart.notes, self._t + ahead / speed, key=_when)
        self._inside = range(last - 1, first - 1, -1)  # the next note is drawn last, on top

    def ground(self, canvas: Image) -> None:
        """Shade, receptors and the bodies of holds."""
        kit = self._kit
        edge = kit.px(6)
        blend(canvas, (self._left - edge, 0, LANES * kit.lane + 2 * edge, kit.height), (6, 4, 4), 0.42)
        pulse = (1.0 - (self._t * self._chart.bpm / 60.0) % 1.0) ** 2
        level = min(LEVELS - 1, int(pulse * LEVELS))
        for lane in range(LANES):
            centred(canvas, kit.receptors[lane][level], self._x(lane), self._still)
        for index in self._inside:
            note = self._chart.notes[index]
            if note.hold and not self._gone(index):
                self._hold(canvas, note, active=self._hit(index))

    def notes(self, canvas: Image) -> None:
        """The notes themselves."""
        kit = self._kit
        for index in self._inside:
            if self._gone(index):
                continue
            note = self._chart.notes[index]
            y = self._still if self._hit(index) else self._y(note.t)
            for lane in note.lanes:
                sprite = kit.arrows[lane][note.part]
                if kit.theme.score.under_notes:
                    near = (SEE_THROUGH_FROM - y / kit.height) / SEE_THROUGH_OVER
                    sprite = sprite if near >= 1.0 else faded(sprite, max(FAINTEST, near))
                centred(canvas, sprite, self._x(lane), y)

    def _x(self, lane: int) -> float:
        return self._left + (lane + 0.5) * self._kit.lane

    def _y(self, t: float) -> float:
        return self._still + (t - self._t) * self._pace

    def _hit(self, index: int) -> bool:
        error = self._errors[index]
        return error is not None and self._t >= self._chart.notes[index].t + error and judge(error) in CHAIN

    def _gone(self, index: int) -> bool:
        note = self._chart.notes[index]
        return self._hit(index) and self._t >= note.t + note.hold

    def _hold(self, canvas: Image, note: Note, *, active: bool) -> None:
        """A hold's body from its head to its tail, cut out of the tall sprite; the tail is round."""
        body = self._kit.holds[active]
        start = self._still if active else self._y(note.t)
        end = self._y(note.t + note.hold)
        length = min(round(abs(end - start)), body.size[1])
        if length < 1:
            return
        colour, keep = body.colour[-length:], body.keep[-length:]
        left = self._x(note.lanes[0]) - body.size[0] / 2
        if end < start:
            blit(canvas, Sprite(colour[::-1], keep[::-1]), left, end)
        else:
            blit(canvas, Sprite(colour, keep), left, end - length)


def _when(note: Note) -> float:
    return note.t
