"""Simulated dancers: human-like timing errors.

No public table of human timing error by skill exists. The spreads used here follow from the share of best judgements
within +-16.67 ms: a spread of 12 ms gives 84 %, 20 ms 60 %, 35 ms 37 %.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from models.simulate.charts import Chart

EASY_DENSITY = 2.5  # notes a second that cost nobody anything
LOST_SPREAD = 2.6  # how much wider errors are while focus is lost
LOST_MISS = 0.16  # share of notes missed while focus is lost
DROP_SHARE = 0.03  # holds let go by a focused dancer
LOST_DROP = 0.3
CLOSE, APART = 0.06, 0.5  # spread of the difference between two players, as a share
CLOSE_SHARE = 0.8  # of the matches that are close
NAMES = ("ADA", "LIN", "MAX", "IVO", "NOA", "ZOE", "KAI", "EVE", "JUN", "SAM", "PIA", "TOM")


@dataclass(frozen=True, slots=True)
class Player:
    """How somebody dances.

    Attributes:
        name: short, capitals.
        spread: standard deviation of the timing error when rested and focused, seconds.
        bias: mean error, seconds; above 0 is late.
        drift: how the mean error moves, seconds per minute.
        fatigue: growth of the spread per minute, as a share.
        strain: growth of the spread for each note a second beyond the easy density, as a share.
        memory: correlation of one error with the next.
        slip: probability per note of losing focus.
        recover: probability per note of finding it again.
        miss: share of notes missed while focused.
    """

    name: str
    spread: float = 0.022
    bias: float = 0.0
    drift: float = 0.0
    fatigue: float = 0.15
    strain: float = 0.1
    memory: float = 0.35
    slip: float = 0.02
    recover: float = 0.2
    miss: float = 0.008


@dataclass(frozen=True, slots=True)
class Dance:
    """What a player did with a chart, note by note.

    Attributes:
        errors: seconds, above 0 is late; None where the note was not stepped on at all.
        kept: whether a hold on that note was kept.
    """

    errors: tuple[float | None, ...]
    kept: tuple[bool, ...]


def dance(rng: np.random.Generator, player: Player, chart: Chart) -> Dance:
    """Dance a chart: the errors are a first-order autoregression that widens with fatigue, strain and lost focus."""
    errors: list[float | None] = []
    kept: list[bool] = []
    swing, lost = 0.0, False
    fresh = float(np.sqrt(1.0 - player.memory**2))
    for note in chart.notes:
        lost = rng.random() >= player.recover if lost else rng.random() < player.slip
        minutes = (note.t - chart.first) / 60.0
        spread = player.spread * (1.0 + player.fatigue * minutes)
        spread *= 1.0 + player.strain * max(0.0, note.density - EASY_DENSITY)
        swing = player.memory * swing + fresh * float(rng.standard_normal())
        error = player.bias + player.drift * minutes + swing * spread * (LOST_SPREAD if lost else 1.0)
        missed = rng.random() < (LOST_MISS if lost else player.miss)
        errors.append(None if missed else error)
        kept.append(not missed and rng.random() >= (LOST_DROP if lost else DROP_SHARE))
    return Dance(tuple(errors), tuple(kept))


def pair(rng: np.random.Generator) -> tuple[Player, Player]:
    """Two players for one match: mostly close, so that the lead changes, and now and then one far weaker."""
    one, two = (str(name) for name in rng.choice(NAMES, 2, replace=False))
    base = float(rng.uniform(0.018, 0.030))
    gap = 1.0 + float(rng.normal(0.0, CLOSE if rng.random() < CLOSE_SHARE else APART))
    first, second = _dancer(rng, one, base), _dancer(rng, two, max(0.012, base * max(0.5, gap)))
    return (first, second) if rng.random() < 0.5 else (second, first)  # noqa: PLR2004 - a fair coin


def _dancer(rng: np.random.Generator, name: str, spread: float) -> Player:
    return Player(
        name=name,
        spread=spread,
        bias=float(rng.normal(0.0, 0.004)),
        drift=float(rng.normal(0.0, 0.006)),
        fatigue=float(rng.uniform(0.0, 0.5)),
        strain=float(rng.uniform(0.05, 0.2)),
        memory=float(rng.uniform(0.2, 0.5)),
        slip=float(rng.uniform(0.01, 0.035)),
        recover=float(rng.uniform(0.12, 0.3)),
        miss=float(rng.uniform(0.002, 0.015)),
    )
