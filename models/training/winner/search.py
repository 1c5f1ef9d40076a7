"""Which network to train: a search over shapes and plans, each judged by cross-validation, split by match."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from models import metrics
from models.training.winner.fit import Plan, fit_winner, says
from models.training.winner.net import Shape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from models.training.winner.data import Data


def folds(match: NDArray[np.int64], number: int, seed: int) -> Iterator[tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
    """Rows to learn from and rows to judge by, `number` times; all rows of a match are on one side."""
    names = np.unique(match)
    part = np.random.default_rng(seed).integers(number, size=int(names.max()) + 1)
    for fold in range(number):
        held = part[match] == fold
        yield ~held, held


def cross_validate(data: Data, plan: Plan, number: int) -> list[float]:
    """The log loss on each of `number` held-out parts."""
    losses = []
    for mine, held in folds(data.match, number, plan.seed):
        model = fit_winner(data.take(mine), plan)
        judged = data.take(held)
        losses.append(metrics.log_loss(says(model, judged.values), judged.outcome.astype(np.float64)))
    return losses


def search(data: Data, plan: Plan, trials: int, told: Callable[[int, Plan, float], None]) -> Plan:
    """The best plan of `trials`, each judged on one held-out third of `data`; the same arguments find the same plan.

    Args:
        data: rows, as few as will do.
        plan: where to start, and the seed.
        trials: how many plans to try; with none, `plan` it is.
        told: hears of each trial, its plan and its log loss.
    """
    if not trials:
        return plan
    import optuna  # noqa: PLC0415 - of the training's requirements

    optuna.logging.set_verbosity(logging.WARNING)
    mine, held = next(folds(data.match, 3, plan.seed))
    learn, judge = data.take(mine), data.take(held)

    def objective(trial: optuna.Trial) -> float:
        tried = _suggest(trial, plan)
        model = fit_winner(learn, tried)
        loss = metrics.log_loss(says(model, judge.values), judge.outcome.astype(np.float64))
        told(trial.number, tried, loss)
        return loss

    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=plan.seed))
    study.enqueue_trial({"width": 64, "bells": 3, "rate": plan.rate, "decay": plan.decay, "course": plan.course_weight})
    study.optimize(objective, n_trials=trials)
    return _suggest(optuna.trial.FixedTrial(study.best_params), plan)


def _suggest(trial: object, plan: Plan) -> Plan:
    shape = Shape(
        width=trial.suggest_categorical("width", [32, 64, 96]),  # type: ignore[attr-defined]
        bells=trial.suggest_int("bells", 2, 4),  # type: ignore[attr-defined]
    )
    return replace(
        plan,
        shape=shape,
        rate=trial.suggest_float("rate", 1e-3, 8e-3, log=True),  # type: ignore[attr-defined]
        decay=trial.suggest_float("decay", 1e-4, 3e-2, log=True),  # type: ignore[attr-defined]
        course_weight=trial.suggest_float("course", 0.05, 1.0, log=True),  # type: ignore[attr-defined]
    )
