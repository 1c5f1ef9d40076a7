"""The exact truth of a rendered clip, line by line: what every display shows and what every player has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from models.simulate.match import DANCE_POINTS_BEST
from models.simulate.screens.play import shown
from models.simulate.session import RESULTS, Screen, lengths

if TYPE_CHECKING:
    from collections.abc import Iterator

    from models.simulate.cabinet import Cabinet
    from models.simulate.match import Match, Side
    from models.simulate.session import Scene

Row: TypeAlias = dict[str, Any]


def header(cabinet: Cabinet, name: str, fps: float, frames: int, matches: int) -> Row:
    """The first line: what the clip is, and its songs."""
    songs = [_song(cabinet.session.match(number)) for number in range(matches)]
    return {
        "type": "header",
        "name": name,
        "theme": cabinet.theme.name,
        "size": list(cabinet.size),
        "fps": fps,
        "frames": frames,
        "seed": cabinet.seed,
        "rule": cabinet.theme.rule.name,
        "score_type": "points",
        "songs": songs,
    }


def _song(match: Match) -> Row:
    chart = match.chart
    return {
        "song": match.title,
        "artist": match.artist,
        "len": round(match.last, 3),
        "first": round(chart.first, 5),
        "last": round(chart.last, 5),
        "meter": [chart.meter, chart.meter],
        "bpm": chart.bpm,
        "objects": chart.objects,
    }


def changes(cabinet: Cabinet, matches: int) -> Iterator[Row]:
    """When each screen comes up, and each final result."""
    for number in range(matches):
        match, t = cabinet.session.match(number), cabinet.session.begins(number)
        for screen, length in lengths(match):
            yield {"type": "screen", "t": round(t, 3), "screen": screen.value}
            t += length
        one, two = (_player(cabinet, side, match, match.last + RESULTS) for side in match.sides)
        yield {"type": "eval", "t": round(t - RESULTS, 3), "p1": one, "p2": two, "winner": match.winner}


def frame(cabinet: Cabinet, scene: Scene, index: int) -> Row:
    """The line of one video frame; a moment of play has both players in it."""
    row: Row = {"type": "frame", "frame": index, "t": round(scene.clock, 4), "screen": scene.screen.value}
    if scene.screen is not Screen.PLAY:
        return row
    match = scene.match
    one, two = (_player(cabinet, side, match, scene.t) for side in match.sides)
    for player in (one, two):
        player["visible"] = round(scene.displays, 3)
    row |= {
        "song": match.title,
        "pos": round(scene.t, 4),
        "len": round(match.last, 3),
        "last": round(match.chart.last, 5),
        "frac": round(min(1.0, scene.t / match.last), 4),
        "p1": one,
        "p2": two,
        "leader": 0 if one["score"] == two["score"] else 1 + (two["score"] > one["score"]),
    }
    return row


def _player(cabinet: Cabinet, side: Side, match: Match, t: float) -> Row:
    now = side.at(t)
    number = shown(side, t, match.roll)
    return {
        "shown": cabinet.renderer.text(number),
        "shown_n": number,
        "score": now.score,
        "dp": round(now.dance_points / (DANCE_POINTS_BEST * match.chart.objects), 4),
        "tns": [*now.steps, 0],
        "hold": list(now.holds),
        "combo": now.combo,
        "misscombo": now.miss_combo,
        "maxcombo": now.max_combo,
        "life": round(now.life, 4),
        "failed": now.failed,
    }
