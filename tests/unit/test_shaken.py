from __future__ import annotations

import random

import numpy as np

from game.rules import RULES
from models.bundle import builtin, decode
from models.checks import check_antisymmetry, check_range, follow
from models.matches import simulate
from models.shaken import shaken
from models.winner import TrainedWinner


def test_a_shaken_model_holds_what_its_bundle_promises_and_answers_otherwise() -> None:
    champion = builtin("winner")
    bundle = decode(shaken(champion, "9.9.9", 0.5))
    bundle.self_test()
    assert (bundle.manifest.name, bundle.manifest.version) == (champion.manifest.name, "9.9.9")
    given = next(golden.given for golden in champion.goldens if golden.role == "winner")
    assert np.abs(bundle.network("winner")(given) - champion.network("winner")(given)).max() > 0.01
    states = list(follow(simulate(RULES["stepmania"], random.Random(3))))  # noqa: S311 - the same match every time
    for check in (check_range, check_antisymmetry):
        check(TrainedWinner.of(bundle), states)


def test_shaken_by_nothing_it_is_the_same_model() -> None:
    champion = builtin("winner")
    same = decode(shaken(champion, "9.9.9", 0.0))
    for role in champion.roles:
        assert same.members[f"{role}.tflite"] == champion.members[f"{role}.tflite"]
