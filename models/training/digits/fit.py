"""Fit a network to rendered samples: cosine-decayed AdamW, colour changes on the fly, held-out fonts for the score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

if TYPE_CHECKING:
    from collections.abc import Callable

    from vision.frame import Image


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """Pictures (n, h, w, 3) of bytes and whatever the loss compares with, first axis alike."""

    pictures: Image
    truth: np.ndarray


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how fast to learn."""

    epochs: int
    batch: int
    rate: float = 3e-3
    seed: int = 1


def fit(
    model: Any,
    loss: Callable[[Any, Any], Any],
    samples: Samples,
    plan: Plan,
    progress: Callable[[int, int, float], None],
) -> None:
    """Fit `model` in place; `progress` hears of every step with the steps in all and the loss."""
    tf.keras.utils.set_random_seed(plan.seed)
    rng = np.random.default_rng(plan.seed)
    batches = len(samples.pictures) // plan.batch
    total = batches * plan.epochs
    schedule = tf.keras.optimizers.schedules.CosineDecay(plan.rate, total, 1e-2)
    optimiser = tf.keras.optimizers.AdamW(schedule, weight_decay=1e-4)

    @tf.function  # type: ignore[untyped-decorator]  # TensorFlow ships no types
    def step(pictures: Any, truth: Any) -> Any:
        with tf.GradientTape() as tape:
            value = loss(truth, model(pictures / 255.0, training=True))
        gradients = tape.gradient(value, model.trainable_variables)
        optimiser.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return value

    done = 0
    for _ in range(plan.epochs):
        for index in rng.permutation(batches):
            chosen = slice(index * plan.batch, (index + 1) * plan.batch)
            value = step(recolour(rng, samples.pictures[chosen]), samples.truth[chosen].astype(np.float32))
            done += 1
            progress(done, total, float(value))


def recolour(rng: np.random.Generator, pictures: Image) -> np.ndarray:
    """The same pictures as float32 with channels exchanged, and at times inverted or under another light."""
    changed = pictures[..., rng.permutation(3)].astype(np.float32)
    if rng.random() < 0.3:
        changed = 255 - changed
    if rng.random() < 0.3:
        changed = np.clip(changed * rng.uniform(0.5, 1.3) + rng.uniform(-20, 20), 0, 255).astype(np.float32)
    return changed
