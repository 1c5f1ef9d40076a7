"""From the picture to the result on every kind of display: percents, growing numbers, one player, and clutter about."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from edge_agent.composition import builtin_pipeline
from game.match import MatchFinished, MatchStarted
from models.simulate.cabinet import build
from models.simulate.screens.play import shown
from models.simulate.session import OUTRO, SELECT, STAGE, Screen
from vision.frame import Frame

if TYPE_CHECKING:
    from game.match import MatchEvent
    from models.simulate.cabinet import Cabinet
    from models.simulate.match import Side
    from models.simulate.session import Scene

FPS = 15.0
SONG = 11.0
LONG = 17.0  # for the theme that draws a curtain
LATE = 0.4  # seconds that a reading may be behind
SETTLED = 6.0  # seconds of play, less than three of them with notes, after which a display is found


def due(scene: Scene, cabinet: Cabinet) -> bool:
    """Whether the scores of this moment must be read: displays in place for a while, curtains open, song not over."""
    hidden = any(begin - 0.1 <= scene.t < end + 1.0 for begin, end in cabinet.theme.hidden)
    return scene.screen is Screen.PLAY and SETTLED <= scene.t <= scene.match.last and not hidden


def recent(side: Side, t: float, roll: float) -> set[int]:
    """What the display showed in the last frames, and the scores that it was on its way to."""
    moments = [t - back / FPS for back in range(round(LATE * FPS) + 1)]
    return {shown(side, moment, roll) for moment in moments} | {side.at(moment).score for moment in moments}


@pytest.mark.parametrize(
    ("theme", "least"),
    [
        ("grove", 0.99),
        ("margin", 0.99),
        ("dancepoints", 0.99),
        ("growing", 0.97),
        ("ends", 0.95),
        ("stacked", 0.9),
        ("duel", 0.99),
        ("solo", 0.98),
        ("solo-grove", 0.99),
        ("crowded", 0.98),
        ("crowded-grove", 0.97),
    ],
)
def test_a_song_is_followed_to_its_result(theme: str, least: float) -> None:
    cabinet = build(42, theme, (854, 480), LONG if theme == "crowded-grove" else SONG)
    match = cabinet.session.match(0)
    pipeline = builtin_pipeline()
    begin, end = SELECT, SELECT + STAGE + match.last + OUTRO + 6.5
    events: list[MatchEvent] = []
    right = wrong = wanted = 0
    for index in range(int((end - begin) * FPS)):
        clock = begin + index / FPS
        scene = cabinet.scene(clock)
        step = pipeline.step(Frame(cabinet.frame(clock), index / FPS, index))
        events += step.events
        for player in (0, 1):
            reading = (step.reading.p1, step.reading.p2)[player]
            if player not in cabinet.theme.dancing:
                assert reading.value is None, "nobody dances there"
            elif due(scene, cabinet):
                true = reading.value in recent(match.sides[player], scene.t, match.roll)
                wanted += 1
                right += true
                wrong += reading.value is not None and not true
    events += pipeline.close(end - begin).events
    assert [type(event) for event in events] == [MatchStarted, MatchFinished]
    finished = events[1]
    assert isinstance(finished, MatchFinished)
    finals = [side.final.score if player in cabinet.theme.dancing else None for player, side in enumerate(match.sides)]
    assert [finished.p1_final, finished.p2_final] == finals
    assert finished.winner == (match.winner if cabinet.theme.alone is None else None)
    assert right >= least * wanted
    assert wrong <= 0.015 * wanted
