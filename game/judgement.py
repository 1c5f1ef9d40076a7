"""How well one object of a chart was danced."""

from __future__ import annotations

from enum import StrEnum


class Judgement(StrEnum):
    """What the game says of one object; W1 is the best timing window (Marvelous, Fantastic), W5 the worst.

    HELD and LET_GO judge a freeze, a hold, a roll or a shock arrow. MINE is a mine that was stepped on: it costs points
    under some rules and is no object of the chart.
    """

    W1 = "w1"
    W2 = "w2"
    W3 = "w3"
    W4 = "w4"
    W5 = "w5"
    MISS = "miss"
    HELD = "held"
    LET_GO = "let_go"
    MINE = "mine"
