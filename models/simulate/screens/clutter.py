"""Numbers that are no scores: what a reader must leave alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.simulate.kit import QUIET, WHITE, At

if TYPE_CHECKING:
    from models.simulate.kit import Kit
    from models.simulate.session import Scene
    from vision.frame import Image

RECORDS = (912_400, 888_230)


def clutter(canvas: Image, scene: Scene, kit: Kit) -> None:
    """Two records that stand still, a clock with hundredths, a tempo with two decimals, the notes left, a timer."""
    t, chart = scene.t, scene.match.chart
    left = max(0.0, scene.match.last - t)
    middle = 0.5 * kit.width
    for player, record in enumerate(RECORDS):
        kit.say(canvas, f"{record:09,}", At(kit.mirrored(0.09, player), 0.56 * kit.height), 10, WHITE)
    kit.say(canvas, f"{t:05.2f}", At(middle, 0.30 * kit.height), 14, WHITE)
    kit.say(canvas, f"{chart.bpm / 2:.2f}", At(middle, 0.36 * kit.height), 12, QUIET)
    gone = sum(note.t < t for note in chart.notes)
    kit.say(canvas, f"{len(chart.notes) - gone:05}", At(middle, 0.64 * kit.height), 12, WHITE)
    kit.say(canvas, f"{int(left) // 60}:{int(left) % 60:02}", At(middle, 0.72 * kit.height), 12, QUIET)
    kit.say(canvas, "CREDIT 00", At(middle, kit.height - kit.px(9)), 7, QUIET)
