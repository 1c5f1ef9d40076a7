"""Fit a network to rendered samples: cosine-decayed AdamW, colour changes on the fly, held-out fonts for the score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from models.training.digits.ink import LUMA

if TYPE_CHECKING:
    from collections.abc import Callable

    from vision.frame import Floats, Image


EXCHANGED = 0.5


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


def recoloured(rng: np.random.Generator, pictures: Image, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A batch in other colours, see `recolour`."""
    return recolour(rng, pictures), truth


def fit(
    model: Any,
    loss: Callable[[Any, Any], Any],
    samples: Samples,
    plan: Plan,
    progress: Callable[[int, int, float], None],
    vary: Callable[[np.random.Generator, Image, np.ndarray], tuple[np.ndarray, np.ndarray]] = recoloured,
) -> None:
    """Fit `model` in place; `progress` hears of every step with the steps in all and the loss.

    `vary` changes every batch before it is learned from.
    """
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
            pictures, truth = vary(rng, samples.pictures[chosen], samples.truth[chosen])
            value = step(pictures, truth.astype(np.float32))
            done += 1
            progress(done, total, float(value))


def recolour(rng: np.random.Generator, pictures: Image) -> np.ndarray:
    """The same pictures as float32, at times with channels exchanged, inverted, told apart by hue, or in another light.

    Channels are not always exchanged: what video does to colour, it does to red, green and blue unlike.
    """
    order = rng.permutation(3) if rng.random() < EXCHANGED else np.arange(3)
    changed = pictures[..., order].astype(np.float32)
    if rng.random() < 0.3:
        changed = 255 - changed
    if rng.random() < 0.25:
        changed = _by_hue(changed, rng.uniform(0.15, 0.9), rng.uniform(1.0, 3.0))
    if rng.random() < 0.3:
        changed = np.clip(changed * rng.uniform(0.5, 1.3) + rng.uniform(-20, 20), 0, 255).astype(np.float32)
    return changed


def _by_hue(pictures: Floats, damped: float, spread: float) -> Floats:
    """The pictures with less contrast in brightness and more in colour, about each picture's mean."""
    luma = pictures @ LUMA
    mean = luma.mean(axis=(1, 2), keepdims=True)
    colours = pictures - luma[..., None]
    centre = colours.mean(axis=(1, 2), keepdims=True)
    hued = (mean + np.float32(damped) * (luma - mean))[..., None] + centre + np.float32(spread) * (colours - centre)
    return np.asarray(np.clip(hued, 0, 255), dtype=np.float32)
