"""What a prediction costs, and what it is worth beside the baselines that learn in a few seconds; one core."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

import numpy as np

from bench.figure import Figure
from game.rules import RULES
from models import metrics
from models.checks import follow
from models.features import NAMES
from models.matches import simulate as dance
from models.stern import NoteBudgetStern
from models.training.winner.compare import compare
from models.training.winner.contenders import baselines
from models.training.winner.data import (
    LEFT_OUT_FAMILIES,
    LEFT_OUT_KINDS,
    MARKS,
    TRAIN_FAMILIES,
    TRAIN_KINDS,
    simulate,
)
from models.winner import trained

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NETWORK = 50.0  # microseconds, one match at a time
LEARN, JUDGE, LOOKS = 6_000, 6_000, 4  # matches, and rows of each that baselines learn from
CALLS = 2_000
OWN, REFERENCE = "kubeddr", "4 note-budget stern, told all"


def figures() -> Iterator[Figure]:
    """Every figure, as it comes."""
    predictor = trained()
    row = np.zeros((1, len(NAMES)), np.float32)
    match = dance(RULES["stepmania"], random.Random(1))  # noqa: S311 - the same match every time
    states = list(follow(match))
    state, stern = states[len(states) // 2], NoteBudgetStern()
    said, otherwise = _micros(lambda: predictor.predict(state)), _micros(lambda: stern.predict(state))
    network = _micros(lambda: predictor.winner(row))
    yield Figure("the network, one match at a time", network, "us", NETWORK, otherwise)
    yield Figure("a prediction, features and both networks", said, "us", None, otherwise)

    began = time.process_time()
    learn = simulate([31, 1], TRAIN_FAMILIES, TRAIN_KINDS, LEARN, LOOKS)
    each = (time.process_time() - began) / LEARN
    yield Figure("a hundred thousand simulated matches, looked at", each * 100_000 / 60.0, "min")
    judge = simulate([31, 2], LEFT_OUT_FAMILIES, LEFT_OUT_KINDS, JUDGE, MARKS)
    words = {name: contender(judge) for name, contender in baselines(learn, boosted=False) if contender}
    words[OWN] = 0.5 + 0.5 * predictor.winner(judge.values)[:, 0].astype(np.float64)
    rows = compare(judge, words, OWN, REFERENCE)
    for mark in MARKS:
        losses = {row.name: row.figures["log_loss"] for row in rows if row.mark == mark}
        best = min(loss for name, loss in losses.items() if name != OWN)
        yield Figure(f"log loss at {mark:.0%} of the budget, left out of training", losses[OWN], "nats", best, best)
    outcome = judge.outcome.astype(np.float64)
    yield Figure("calibration error, left out of training", metrics.ece(words[OWN], outcome), "")


def _micros(call: Callable[[], object]) -> float:
    """Processor time of one call, the best of five rounds."""
    call()
    rounds = []
    for _ in range(5):
        began = time.process_time()
        for _ in range(CALLS // 5):
            call()
        rounds.append((time.process_time() - began) / (CALLS // 5))
    return 1e6 * min(rounds)
