"""Which numbers on a single picture are the scores, when nothing can be waited for."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from game.reading import ScoreUnit
from vision.discover import alike

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vision.layout import Number

SURE = 0.6  # probability of the least sure character, below which a number says nothing about the size of scores
LARGE, LARGEST = 0.7, 0.9  # shares of the tallest number's height that one of two, and one alone, needs


def scores(numbers: Sequence[Number]) -> list[Number]:
    """Those of `numbers`, in their order, that are scores as far as one picture can tell.

    A game writes its scores large, and both players' alike. Clocks, tempos, records and the page around a game are
    smaller, or have no like.
    """
    tallest = max((n.line.height for n in numbers if n.confidence >= SURE), default=0.0)
    paired = {id(n) for pair in combinations(numbers, 2) if _twins(*pair) for n in pair}
    return [n for n in numbers if n.line.height >= (LARGE if id(n) in paired else LARGEST) * tallest]


def _twins(one: Number, two: Number) -> bool:
    """Whether two numbers look as if they were both players' scores: alike, and written alike."""
    if not alike(one, two):
        return False
    if one.unit is ScoreUnit.PERCENT:
        return one.text.endswith("%") == two.text.endswith("%")
    padded = one.text.startswith("0") or two.text.startswith("0")
    return len(one.cells) == len(two.cells) or not padded
