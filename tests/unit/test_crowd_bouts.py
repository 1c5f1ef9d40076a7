from __future__ import annotations

from random import Random

import pytest

from contract.ids import Sha256
from contract.messages import ModelAssignment, ModelKind
from kubeddr.crowd.bouts import SAMPLES, Danced, Drawn
from models.bundle import builtin
from models.shaken import shaken

CHALLENGER = ModelAssignment(
    kind=ModelKind.WINNER, name="winner", version="9", sha256=Sha256("a" * 64), size=1, path="/9"
)


@pytest.mark.parametrize("bouts", [Drawn(), Danced(lambda _: b"")])
def test_a_bout_without_a_challenger_compares_nothing(bouts: Drawn | Danced) -> None:
    bout = bouts.play(Random(1), bouts.first, None)  # noqa: S311 - the same bout every time
    assert len(bout.points) == SAMPLES
    assert bout.contenders is None
    assert bout.winner == (0 if bout.p1 == bout.p2 else 1 + (bout.p2 > bout.p1))


def test_a_danced_bout_measures_both_models_on_the_same_match() -> None:
    champion = builtin("winner")
    bundles = {"a" * 64: shaken(champion, "9", 2.0), "b" * 64: shaken(champion, "8", 0.0)}
    danced = Danced(bundles.__getitem__)
    same = CHALLENGER.model_copy(update={"sha256": Sha256("b" * 64)})
    worse = []
    for seed in range(6):
        twins = danced.play(Random(seed), danced.first, same).contenders  # noqa: S311 - the same bouts every time
        assert twins is not None
        assert twins[0].log_loss == twins[1].log_loss
        pair = danced.play(Random(seed), danced.first, CHALLENGER).contenders  # noqa: S311 - the same
        assert pair is not None
        assert pair[0].predictions == pair[1].predictions > SAMPLES
        worse.append((pair[1].log_loss or 0.0) - (pair[0].log_loss or 0.0))
    assert sum(worse) > 0.1
