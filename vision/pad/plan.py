"""Where panels lie on a pad: the three by three cells of all dance games, a cell being the way between two panels."""

from __future__ import annotations

from typing import Final

CELLS: Final[dict[str, tuple[int, int]]] = {
    "up-left": (-1, 1),
    "up": (0, 1),
    "up-right": (1, 1),
    "left": (-1, 0),
    "centre": (0, 0),
    "right": (1, 0),
    "down-left": (-1, -1),
    "down": (0, -1),
    "down-right": (1, -1),
}
"""Cell of each panel: to the right, and forward as the dancer faces the screen."""

NAMES: Final[dict[tuple[int, int], str]] = {cell: name for name, cell in CELLS.items()}

_EDGES: Final = frozenset({"left", "down", "up", "right"})
_CORNERS: Final = frozenset(CELLS) - _EDGES - {"centre"}

PLANS: Final[tuple[frozenset[str], ...]] = (
    _EDGES,
    _CORNERS | {"centre"},
    _EDGES | {"up-left", "up-right"},
    _EDGES | _CORNERS,
    frozenset(CELLS),
)
"""Which panels the kinds of pads have: four, five, six, eight and nine of them."""
