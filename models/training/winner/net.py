"""The predictor's networks: two players through the same layers, so that exchanging them is exact.

The winner's network answers with a mixture of logistic distributions for what player 1 will still gain on player 2. Its
locations are odd and its widths and weights even under exchange of the players, and the present lead is only ever
added: so the probability is antisymmetric and rises with the lead, whatever the weights are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from models.features import OWN, SHARED, SIGNED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

SHARED_AT = slice(len(SIGNED), len(SIGNED) + len(SHARED))
ONE_AT = slice(SHARED_AT.stop, SHARED_AT.stop + len(OWN))
TWO_AT = slice(ONE_AT.stop, ONE_AT.stop + len(OWN))
QUANTILES = (0.05, 0.5, 0.95)


@dataclass(frozen=True, slots=True)
class Shape:
    """How large the winner's network is."""

    width: int = 64
    depth: int = 2
    bells: int = 3


class Winner(tf.keras.Model):  # type: ignore[misc]  # TensorFlow ships no types
    """Features (b, f) -> locations, log widths and log weights of the mixture, each (b, bells), in sigmas."""

    def __init__(self, shape: Shape, mean: NDArray[np.float32], scale: NDArray[np.float32]) -> None:
        super().__init__()
        self._bells = shape.bells
        self._mean, self._scale = tf.constant(mean), tf.constant(scale)
        self._layers_ = [tf.keras.layers.Dense(shape.width, activation="relu") for _ in range(shape.depth)]
        self._last = tf.keras.layers.Dense(
            3 * shape.bells, kernel_initializer=tf.keras.initializers.RandomNormal(0, 0.02)
        )
        self._widths = tf.Variable(np.linspace(-0.9, 0.3, shape.bells, dtype=np.float32), name="widths")

    def call(self, values: Any) -> tuple[Any, Any, Any]:
        """See the class."""
        scaled = tf.clip_by_value((values - self._mean) * self._scale, -6.0, 6.0)
        foretold = scaled[:, 1:2]
        shared, one, two = scaled[:, SHARED_AT], scaled[:, ONE_AT], scaled[:, TWO_AT]
        here = self._through(tf.concat([foretold, shared, one, two], axis=1))
        there = self._through(tf.concat([-foretold, shared, two, one], axis=1))
        odd, even = here[:, : self._bells] - there[:, : self._bells], here[:, self._bells :] + there[:, self._bells :]
        widths = tf.clip_by_value(even[:, : self._bells] + self._widths, -6.0, 4.0)
        return values[:, 1:2] + odd, widths, tf.nn.log_softmax(even[:, self._bells :])

    def _through(self, values: Any) -> Any:
        for layer in self._layers_:
            values = layer(values)
        return self._last(values)


def together(models: Sequence[Winner], values: Any) -> tuple[Any, Any, Any]:
    """What several networks say, as one mixture in which each has the same weight."""
    at, widths, weights = zip(*(model(values) for model in models), strict=True)
    return tf.concat(at, 1), tf.concat(widths, 1), tf.concat(weights, 1) - float(np.log(len(models)))


def tilt(lead: Any, mixture: tuple[Any, Any, Any]) -> Any:
    """2 p - 1 for a lead in sigmas, (b, 1) -> (b,)."""
    at, widths, weights = mixture
    return tf.reduce_sum(tf.exp(weights) * tf.tanh(0.5 * (lead + at) * tf.exp(-widths)), axis=1)


def surprise(gain: Any, mixture: tuple[Any, Any, Any]) -> Any:
    """The negative log density of what was gained in the end, in sigmas, (b,)."""
    at, widths, weights = mixture
    z = (gain[:, None] - at) * tf.exp(-widths)
    return -tf.reduce_logsumexp(weights - widths - z - 2.0 * tf.nn.softplus(-z), axis=1)


class Outlook(tf.keras.Model):  # type: ignore[misc]  # TensorFlow ships no types
    """One player's features (b, shared + own) -> quantiles of what is still earned, the logit of failing, (b, 4)."""

    def __init__(self, width: int, mean: NDArray[np.float32], scale: NDArray[np.float32]) -> None:
        super().__init__()
        self._mean, self._scale = tf.constant(mean), tf.constant(scale)
        self._first = tf.keras.layers.Dense(width, activation="relu")
        self._second = tf.keras.layers.Dense(width, activation="relu")
        self._last = tf.keras.layers.Dense(len(QUANTILES) + 1)

    def call(self, values: Any) -> Any:
        """See the class; quantiles are in order by construction."""
        scaled = tf.clip_by_value((values - self._mean) * self._scale, -6.0, 6.0)
        raw = self._last(self._second(self._first(scaled)))
        middle = raw[:, 1:2]
        low, high = middle - tf.nn.softplus(raw[:, :1]), middle + tf.nn.softplus(raw[:, 2:3])
        return tf.concat([low, middle, high, raw[:, 3:]], axis=1)


def moments(values: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mean and inverse deviation of each feature, alike for both players, and none for what changes sign."""
    mean, deviation = values.mean(axis=0), values.std(axis=0)
    mean[: len(SIGNED)] = 0.0
    pair = np.concatenate([values[:, ONE_AT], values[:, TWO_AT]])
    mean[ONE_AT] = mean[TWO_AT] = pair.mean(axis=0)
    deviation[ONE_AT] = deviation[TWO_AT] = pair.std(axis=0)
    return mean.astype(np.float32), (1.0 / np.maximum(deviation, 1e-3)).astype(np.float32)
