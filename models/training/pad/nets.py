"""The network: one pass, no anchors, one map of cells with what each cell sees."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from vision.pad.decode import CHANNELS, STRIDE

layers = tf.keras.layers


def _block(x: Any, filters: int, stride: int = 1, kernel: int = 3) -> Any:
    x = layers.Conv2D(filters, kernel, strides=stride, padding="same", use_bias=False)(x)
    return layers.ReLU(6.0)(layers.BatchNormalization(momentum=0.97)(x))


def _deeper(x: Any) -> Any:
    """`x` plus what two more looks at it add."""
    y = _block(x, x.shape[-1])
    y = layers.Conv2D(x.shape[-1], 3, padding="same", use_bias=False)(y)
    y = layers.BatchNormalization(momentum=0.97, gamma_initializer="zeros")(y)
    return layers.ReLU(6.0)(layers.Add()([x, y]))


def _doubled(x: Any, filters: int) -> Any:
    x = layers.Conv2D(4 * filters, 1)(x)
    return layers.Lambda(lambda deep: tf.nn.depth_to_space(deep, 2))(x)


def pad_net() -> Any:
    """Pictures (n, h, w, 3) in [0, 1] -> (n, h // STRIDE, w // STRIDE, CHANNELS); see `vision.pad.decode`."""
    image = layers.Input((None, None, 3))
    x = _block(image, 12, 2)
    quarter = _block(x, 24, 2)
    eighth = _deeper(_block(quarter, 40, STRIDE // 4))
    sixteenth = _deeper(_block(eighth, 64, 2))
    x = _deeper(_block(sixteenth, 80, 2))
    x = _deeper(x)
    x = _block(layers.Add()([_doubled(x, 64), sixteenth]), 64)
    x = _block(layers.Add()([_doubled(x, 40), eighth]), 48)
    x = _block(x, 48)
    return tf.keras.Model(image, layers.Conv2D(CHANNELS, 1, bias_initializer=_start)(x))


def _start(shape: tuple[int, ...], dtype: Any) -> Any:
    """Bias of the last layer: nothing is anywhere, until something is seen."""
    return tf.cast(tf.concat([tf.fill([3], -4.0), tf.zeros([shape[0] - 3])], axis=0), dtype)
