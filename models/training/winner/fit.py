"""Fit the predictor's networks to rows: cosine-decayed AdamW, the outcome and what was gained in the end both teach."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from models.training.winner.net import QUANTILES, Outlook, Shape, Winner, moments, surprise, tilt
from models.winner import OWN_COLUMNS, SHARED_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from models.training.winner.data import Data

    Progress = Callable[[int, int, float], None] | None

ROWS = 1 << 16  # at a time, when a fitted network is asked
FAR = 25.0  # sigmas: what is gained beyond that teaches nothing more


@dataclass(frozen=True, slots=True)
class Plan:
    """How to learn.

    Attributes:
        course_weight: how much the final lead teaches besides the outcome.
        members: how many networks, alike but for their beginnings, speak together in the end.
    """

    epochs: int = 10
    batch: int = 2048
    rate: float = 3e-3
    decay: float = 1e-2
    course_weight: float = 0.3
    shape: Shape = field(default_factory=Shape)
    members: int = 6
    seed: int = 7


def fit_winner(data: Data, plan: Plan, progress: Progress = None) -> Winner:
    """A winner's network fit to all rows of `data`; `progress` hears steps done, steps in all, and the loss."""
    model = Winner(plan.shape, *moments(data.values))
    columns = (data.values, data.outcome, np.clip(data.gain, -FAR, FAR))

    def loss(values: Any, outcome: Any, gain: Any) -> Any:
        mixture = model(values)
        p = tf.clip_by_value(0.5 + 0.5 * tilt(values[:, :1], mixture), 1e-6, 1.0 - 1e-6)
        called = -(outcome * tf.math.log(p) + (1.0 - outcome) * tf.math.log(1.0 - p))
        return tf.reduce_mean(called + plan.course_weight * surprise(gain, mixture))

    _descend(model, loss, columns, plan, progress)
    return model


def fit_winners(data: Data, plan: Plan, progress: Progress = None) -> list[Winner]:
    """All members of a plan."""
    models = []
    for number in range(plan.members):

        def on(done: int, total: int, loss: float, before: int = number) -> None:
            if progress:
                progress(before * total + done, plan.members * total, loss)

        models.append(fit_winner(data, replace(plan, seed=plan.seed + number), on))
    return models


def _descend(
    model: Any,
    loss: Callable[..., Any],
    columns: tuple[NDArray[np.float32], ...],
    plan: Plan,
    progress: Progress,
) -> None:
    tf.keras.utils.set_random_seed(plan.seed)
    model(columns[0][:2])
    rng = np.random.default_rng(plan.seed)
    size = len(columns[0])
    batches = max(1, size // plan.batch)
    total = batches * plan.epochs
    schedule = tf.keras.optimizers.schedules.CosineDecay(plan.rate, total, 1e-2)
    optimiser = tf.keras.optimizers.AdamW(schedule, weight_decay=plan.decay)

    @tf.function  # type: ignore[untyped-decorator]  # TensorFlow ships no types
    def step(*batch: Any) -> Any:
        with tf.GradientTape() as tape:
            value = loss(*batch)
        gradients = tape.gradient(value, model.trainable_variables)
        gradients, _ = tf.clip_by_global_norm(gradients, 5.0)
        optimiser.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return value

    done = 0
    for _ in range(plan.epochs):
        order = rng.permutation(size)
        for index in range(batches):
            chosen = order[index * plan.batch : (index + 1) * plan.batch]
            value = step(*(column[chosen] for column in columns))
            done += 1
            if progress and (done % 50 == 0 or done == total):
                progress(done, total, float(value))


def fit_outlook(data: Data, alone: Data, plan: Plan, width: int, progress: Progress = None) -> Outlook:
    """An outlook's network fit to both players of all rows of `data`, and to those who are alone."""
    sides = [(data, 0), (data, 1), (alone, 0)]
    values = np.concatenate([rows.values[:, [*SHARED_COLUMNS, *OWN_COLUMNS[side]]] for rows, side in sides])
    rest = np.concatenate([rows.rest[:, side] for rows, side in sides])
    failed = np.concatenate([rows.failed[:, side] for rows, side in sides])
    deviation = np.maximum(values.std(axis=0), 1e-3)
    model = Outlook(width, values.mean(axis=0).astype(np.float32), (1.0 / deviation).astype(np.float32))
    quantiles = tf.constant(QUANTILES)

    def loss(values: Any, rest: Any, failed: Any) -> Any:
        said = model(values)
        error = tf.clip_by_value(rest, -3.0, 3.0)[:, None] - said[:, :3]
        pinball = tf.reduce_mean(tf.maximum(quantiles * error, (quantiles - 1.0) * error))
        return 10.0 * pinball + tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(failed, said[:, 3]))

    _descend(model, loss, (values, rest, failed), plan, progress)
    return model


def says(model: Winner, values: NDArray[np.float32]) -> NDArray[np.float64]:
    """The probability that player 1 wins, for each row of features."""
    parts = (tf.constant(values[first : first + ROWS]) for first in range(0, len(values), ROWS))
    return np.concatenate([0.5 + 0.5 * tilt(part[:, :1], model(part)).numpy().astype(np.float64) for part in parts])
