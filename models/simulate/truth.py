"""The exact truth of a rendered clip, line by line: what every display shows and what every player has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from game.reading import ScoreUnit
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
        "score_type": cabinet.theme.rule.unit.value,
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
        winner = match.winner if cabinet.theme.alone is None else None
        players = _players(cabinet, match, match.last + RESULTS)
        yield {"type": "eval", "t": round(t - RESULTS, 3), **players, "winner": winner}


def frame(cabinet: Cabinet, scene: Scene, index: int) -> Row:
    """The line of one video frame; a moment of play has both players in it."""
    row: Row = {"type": "frame", "frame": index, "t": round(scene.clock, 4), "screen": scene.screen.value}
    if scene.screen is not Screen.PLAY:
        return row
    match = scene.match
    players = _players(cabinet, match, scene.t)
    hidden = any(begin <= scene.t < end for begin, end in cabinet.theme.hidden)
    for player in players.values():
        player["visible"] = 0.0 if hidden else round(scene.displays, 3)
    one, two = (side.at(scene.t).score for side in match.sides)
    row |= {
        "song": match.title,
        "pos": round(scene.t, 4),
        "len": round(match.last, 3),
        "last": round(match.chart.last, 5),
        "frac": round(min(1.0, scene.t / match.last), 4),
        **players,
        "leader": None if cabinet.theme.alone is not None else 0 if one == two else 1 + (two > one),
    }
    return row


def _players(cabinet: Cabinet, match: Match, t: float) -> dict[str, Row]:
    """Those who play; percents as a number with two decimals."""
    return {f"p{player + 1}": _player(cabinet, match.sides[player], match, t) for player in cabinet.theme.dancing}


def _player(cabinet: Cabinet, side: Side, match: Match, t: float) -> Row:
    now = side.at(t)
    number = shown(side, t, match.roll)
    percent = cabinet.theme.rule.unit is ScoreUnit.PERCENT
    return {
        "shown": cabinet.renderer.text(number),
        "shown_n": number / 100 if percent else number,
        "score": now.score / 100 if percent else now.score,
        "dp": round(now.dance_points / (DANCE_POINTS_BEST * match.chart.objects), 4),
        "tns": [*now.steps, 0],
        "hold": list(now.holds),
        "combo": now.combo,
        "misscombo": now.miss_combo,
        "maxcombo": now.max_combo,
        "life": round(now.life, 4),
        "failed": now.failed,
    }
