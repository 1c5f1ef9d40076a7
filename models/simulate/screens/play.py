"""The screen that matters: two players dancing, and their scores."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from game.judgement import Judgement
from models.simulate.kit import FLASH_STEPS, POP, QUIET, WHITE, At
from models.simulate.lettering import Ink, words
from models.simulate.match import CHAIN, STEPS
from models.simulate.screens.clutter import clutter
from models.simulate.screens.field import Field
from models.simulate.sprite import centred

if TYPE_CHECKING:
    from collections.abc import Iterator

    from models.simulate.kit import Kit
    from models.simulate.match import Side, Standing
    from models.simulate.session import Scene
    from vision.frame import Image

WORD_STAYS = 0.6
FLASH_STAYS = 0.22
MARK_STAYS = 0.45
COMBO_FROM = 4
LOW_LIFE = 0.25
LOW = (70, 70, 255)
COMBO_INK = Ink((255, 255, 255), (230, 215, 200), edge=(30, 20, 20), edge_width=0.09, bold=0.1)
KEPT_INK = Ink((220, 255, 255), (60, 200, 255), edge=(10, 40, 90), bold=0.1)
LOST_INK = Ink((190, 190, 255), (40, 40, 235), edge=(20, 10, 80), bold=0.1)
FAILED_INK = Ink((200, 200, 255), (50, 50, 220), edge=(10, 10, 50), bold=0.12, slant=0.16)


def draw(canvas: Image, scene: Scene, kit: Kit) -> None:
    """Paint a moment of play."""
    under = kit.theme.score.under_notes
    fields = [Field(scene, kit, player) for player in kit.theme.dancing]
    for field in fields:
        field.ground(canvas)
    if under:
        _scores(canvas, scene, kit)
    for field in fields:
        field.notes(canvas)
    for player in kit.theme.dancing:
        _reactions(canvas, scene, kit, player, scene.match.sides[player])
        _head(canvas, scene, kit, player, scene.match.sides[player])
    _song(canvas, scene, kit)
    if kit.theme.clutter:
        clutter(canvas, scene, kit)
    if not under:
        _scores(canvas, scene, kit)


def _scores(canvas: Image, scene: Scene, kit: Kit) -> None:
    if scene.displays <= 0.0 or any(begin <= scene.t < end for begin, end in kit.theme.hidden):
        return
    away = (1.0 - scene.displays) ** 2 * kit.height * 0.2
    for player in kit.theme.dancing:
        x, y, anchor = kit.display(player)
        y += away if y > kit.height / 2 else -away  # to the nearer edge
        kit.score(canvas, player, shown(scene.match.sides[player], scene.t, scene.match.roll), At(x, y, anchor))


def shown(side: Side, t: float, roll: float) -> int:
    """The number on a player's display at `t` seconds of play."""
    return int(side.at(t).rolled(t, roll) + 0.5)


def _recent(side: Side, t: float, stays: float) -> Iterator[Standing]:
    """What was judged in the last moments, newest first."""
    at = bisect_right(side.times, t) - 1
    while at > 0 and side.times[at] > t - stays:
        yield side.course[at]
        at -= 1


def _reactions(canvas: Image, scene: Scene, kit: Kit, player: int, side: Side) -> None:
    """The flashes of hits, the judgement word, the combo, and what became of holds."""
    t, theme = scene.t, kit.theme
    middle = kit.mirrored(theme.field_x, player)
    left = middle - 2 * kit.lane
    still = theme.receptors * kit.height
    for standing in _recent(side, t, FLASH_STAYS):
        step = int((t - standing.t) / FLASH_STAYS * FLASH_STEPS)
        if standing.judgement in CHAIN:
            for lane in scene.match.chart.notes[standing.note].lanes:
                centred(canvas, kit.flashes[standing.judgement][lane][step], left + (lane + 0.5) * kit.lane, still)
    for standing in _recent(side, t, MARK_STAYS):
        if standing.judgement in {Judgement.HELD, Judgement.LET_GO}:
            kept = standing.judgement is Judgement.HELD
            mark = words("OK" if kept else "NG", kit.px(13), KEPT_INK if kept else LOST_INK)
            lane = scene.match.chart.notes[standing.note].lanes[0]
            centred(canvas, mark, left + (lane + 0.5) * kit.lane, still + kit.lane * (0.8 if theme.upwards else -0.8))
    word = next((s for s in _recent(side, t, WORD_STAYS) if s.judgement in STEPS), None)
    y = 0.5 * kit.height
    if word is not None and word.judgement is not None:
        pop = min(len(POP) - 1, int((t - word.t) / 0.033))
        centred(canvas, kit.judgements[word.judgement][pop], middle, y)
    combo = side.at(t).combo
    if combo >= COMBO_FROM:
        kit.count(canvas, combo, At(middle - kit.px(8), y + kit.px(36), 1.0), 20, COMBO_INK)
        kit.say(canvas, "COMBO", At(middle - kit.px(6), y + kit.px(39), 0.0), 12, COMBO_INK)


def _head(canvas: Image, scene: Scene, kit: Kit, player: int, side: Side) -> None:
    """Life bar, name and difficulty."""
    theme, now = kit.theme, side.at(scene.t)
    width = min(0.33 * kit.width, kit.px(280))
    x = kit.mirrored(theme.life_x, player)
    y = theme.life_y * kit.height
    colour = theme.players[player]
    low = now.life < LOW_LIFE
    ends = (LOW, _dark(LOW)) if low else (_bright(colour), _dark(colour))
    outer = x - width / 2 if player == 0 else x + width / 2
    kit.bar(canvas, (outer, y, width if player == 0 else -width, kit.px(12)), now.life, ends)
    if now.failed:
        kit.say(canvas, "FAILED", At(x, y + kit.px(6)), 11, FAILED_INK)
    row = y + kit.px(23)
    sign = 1 if player == 0 else -1
    anchor = 0.0 if player == 0 else 1.0
    kit.say(canvas, side.player.name, At(outer, row, anchor), 9, Ink(_bright(colour), colour, bold=0.06))
    kit.say(canvas, f"LEVEL {scene.match.chart.meter}", At(outer + sign * width, row, 1.0 - anchor), 8, QUIET)


def _song(canvas: Image, scene: Scene, kit: Kit) -> None:
    """Stage, title and how far the song has come."""
    middle = kit.width / 2
    wide = kit.px(130)
    share = scene.t / scene.match.last
    kit.bar(canvas, (middle - wide / 2, kit.px(13), wide, kit.px(5)), share, ((255, 255, 255), (200, 190, 180)))
    kit.say(canvas, f"STAGE {scene.match.number + 1}", At(middle, kit.px(31)), 10, WHITE)
    kit.say(canvas, scene.match.title, At(middle, kit.px(49)), 8, QUIET)
    kit.say(canvas, f"BPM {scene.match.chart.bpm:.0f}", At(middle, kit.px(64)), 7, QUIET)


def _bright(colour: tuple[int, int, int]) -> tuple[int, int, int]:
    blue, green, red = (round(part + (255 - part) * 0.5) for part in colour)
    return blue, green, red


def _dark(colour: tuple[int, int, int]) -> tuple[int, int, int]:
    blue, green, red = (round(part * 0.6) for part in colour)
    return blue, green, red
