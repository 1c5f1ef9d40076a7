"""The scoring rules of dance games, one family a module."""

from __future__ import annotations

from typing import TYPE_CHECKING

from game.rules.counted import EX, ITG, STEPMANIA_PERCENT
from game.rules.million import SUPERNOVA2, A
from game.rules.rule import Growth, Rule, Tally, decided
from game.rules.stepmania import StepManiaDefault
from game.rules.supernova import SuperNova
from game.rules.triangular import DDR_3RD, ddr_extreme

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["EX", "ITG", "RULES", "STEPMANIA_PERCENT", "Growth", "Rule", "Tally", "ddr_extreme", "decided"]

_ALL: tuple[Rule, ...] = (
    StepManiaDefault(),
    STEPMANIA_PERCENT,
    DDR_3RD,
    ddr_extreme(10),
    SuperNova(),
    SUPERNOVA2,
    A,
    EX,
    ITG,
)
RULES: Mapping[str, Rule] = {rule.name: rule for rule in _ALL}
"""Every rule by name; EXTREME stands for a chart of ten feet, `ddr_extreme` makes the others."""
