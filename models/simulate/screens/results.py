"""The screen after a song: both final scores, what they are made of, and who won."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.simulate.kit import QUIET, WHITE, At
from models.simulate.lettering import Ink, plain
from models.simulate.match import STEPS
from models.simulate.screens.between import TITLE
from models.simulate.sprite import blend
from models.simulate.theme import WORDS

if TYPE_CHECKING:
    from models.simulate.kit import Kit
    from models.simulate.match import Standing
    from models.simulate.session import Scene
    from vision.frame import Image

GRADES = ((0.95, "AAA"), (0.88, "AA"), (0.78, "A"), (0.65, "B"), (0.5, "C"), (0.0, "D"))
COLUMN = 0.26  # middle of player 1's column, as a share of the width


def draw(canvas: Image, scene: Scene, kit: Kit) -> None:
    """Paint the results; everything has slid in after a third of a second and then stands still."""
    match = scene.match
    slide = (1.0 - min(1.0, scene.t / 0.35)) ** 2 * kit.width * 0.5
    blend(canvas, (0, 0, kit.width, kit.px(58)), (12, 9, 9), 0.66)
    kit.say(canvas, "RESULTS", At(kit.px(28), kit.px(30), 0.0), 20, TITLE)
    kit.say(canvas, f"STAGE {match.number + 1}   {match.title}", At(kit.width - kit.px(28), kit.px(30), 1.0), 10, WHITE)
    for player in kit.theme.dancing:
        side = match.sides[player]
        x = kit.mirrored(COLUMN, player) + (-slide if player == 0 else slide)
        width = kit.px(330)
        blend(canvas, (x - width / 2, kit.px(84), width, kit.px(330)), (12, 9, 9), 0.66)
        blend(canvas, (x - width / 2, kit.px(84), width, kit.px(4)), kit.theme.players[player], 1.0)
        ink = Ink((255, 255, 255), kit.theme.players[player], edge=(20, 14, 14), bold=0.1)
        kit.say(canvas, side.player.name, At(x - width / 2 + kit.px(16), kit.px(112), 0.0), 16, ink)
        letter = grade(side.final, kit.theme.rule.maximum(match.chart.objects))
        kit.say(
            canvas,
            letter,
            At(x + width * 0.36, kit.px(124)),
            34,
            ink,
        )
        _counts(canvas, kit, side.final, x - width / 2)
        kit.score(canvas, player, side.final.score, At(x, kit.px(374)))
    if kit.theme.alone is not None:
        return
    won = {0: "DRAW", 1: f"{match.sides[0].player.name} WINS", 2: f"{match.sides[1].player.name} WINS"}[match.winner]
    kit.say(canvas, won, At(kit.width / 2, kit.height - kit.px(34)), 22, TITLE)


def grade(standing: Standing, maximum: int) -> str:
    """A letter for a final score; a player who failed has an F."""
    if standing.failed:
        return "F"
    return next(letter for share, letter in GRADES if standing.score >= share * maximum)


def _counts(canvas: Image, kit: Kit, standing: Standing, left: float) -> None:
    rows = [(WORDS[step][0], WORDS[step][1].bottom, standing.steps[i]) for i, step in enumerate(STEPS)]
    rows.append(("HOLDS", (200, 200, 200), standing.holds[0]))
    rows.append(("MAX COMBO", (200, 200, 200), standing.max_combo))
    for at, (name, colour, count) in enumerate(rows):
        y = kit.px(146 + 24 * at)
        kit.say(canvas, name, At(left + kit.px(16), y, 0.0), 9, plain(colour, bold=0.06))
        kit.say(canvas, f"{count:03}" if at < len(STEPS) else str(count), At(left + kit.px(200), y, 1.0), 10, QUIET)
