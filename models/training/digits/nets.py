"""The two networks and their int8 forms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from vision.digits import CLASSES, STRIP_HEIGHT

if TYPE_CHECKING:
    from collections.abc import Iterable

layers = tf.keras.layers


def _block(x: Any, filters: int, kernel: tuple[int, int], strides: tuple[int, int], padding: str = "same") -> Any:
    x = layers.Conv2D(filters, kernel, strides=strides, padding=padding, use_bias=False)(x)
    return layers.ReLU(6.0)(layers.BatchNormalization(momentum=0.97)(x))


def _beside(x: Any, kernel: tuple[int, int]) -> Any:
    """`x` plus what a wider look at it, cheap because each channel looks alone, adds; nothing before training."""
    y = layers.DepthwiseConv2D(kernel, padding="same", use_bias=False)(x)
    y = layers.ReLU(6.0)(layers.BatchNormalization(momentum=0.97)(y))
    y = layers.Conv2D(x.shape[-1], 1, use_bias=False)(y)
    y = layers.BatchNormalization(momentum=0.97, gamma_initializer="zeros")(y)
    return layers.ReLU(6.0)(layers.Add()([x, y]))


def _doubled(x: Any, filters: int) -> Any:
    """Twice the size; unlike a resize, this leaves the converted network free to take pictures of any size."""
    x = layers.Conv2D(4 * filters, 1)(x)
    return layers.Lambda(lambda deep: tf.nn.depth_to_space(deep, 2))(x)


def line_net() -> Any:
    """Strips (n, STRIP_HEIGHT, w, 3) in [0, 1] -> logits (n, 1, w // STRIDE, CLASSES)."""
    image = layers.Input((STRIP_HEIGHT, None, 3))
    x = _block(image, 16, (3, 3), (2, 2))
    x = _block(x, 32, (3, 3), (2, 2))
    x = _block(x, 40, (3, 3), (1, 1))
    x = _block(x, 56, (3, 3), (2, 1))
    x = _block(x, 64, (3, 3), (1, 1))
    x = _beside(x, (3, 5))
    x = _block(x, 112, (4, 3), (4, 1))
    x = _block(x, 96, (1, 5), (1, 1))
    for _ in range(3):  # the rest of the line tells what is ink here, and what is not
        x = _beside(x, (1, 9))
    return tf.keras.Model(image, layers.Conv2D(CLASSES, 1)(x))


def locator_net() -> Any:
    """Pictures (n, h, w, 3) in [0, 1] -> (n, h // 4, w // 4, 2): a core's logit, log2(digit height / 8)."""
    image = layers.Input((None, None, 3))
    x = _block(image, 12, (3, 3), (2, 2))
    quarter = _block(_block(x, 24, (3, 3), (2, 2)), 24, (3, 3), (1, 1))
    eighth = _block(_block(quarter, 40, (3, 3), (2, 2)), 40, (3, 3), (1, 1))
    x = _block(_block(eighth, 56, (3, 3), (2, 2)), 56, (3, 3), (1, 1))
    x = _doubled(x, 40)
    x = _block(layers.Add()([x, eighth]), 32, (3, 3), (1, 1))
    x = _doubled(x, 24)
    x = _block(layers.Add()([x, quarter]), 24, (3, 3), (1, 1))
    return tf.keras.Model(image, layers.Conv2D(2, 1)(x))


def to_int8(model: Any, shape: tuple[int, int, int], samples: Iterable[np.ndarray]) -> bytes:
    """Convert to int8 with a float interface.

    Args:
        model: a Keras model.
        shape: (height, width, channels) written into the file; the runtime may resize it.
        samples: pictures (height, width, 3) of bytes from which activation ranges are taken.
    """
    fixed = tf.keras.Input(shape, batch_size=1)
    converter = tf.lite.TFLiteConverter.from_keras_model(tf.keras.Model(fixed, model(fixed)))
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([s[None].astype(np.float32) / 255] for s in samples)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    return bytes(converter.convert())


def masked_loss(ignored: int) -> Any:
    """Softmax cross-entropy over columns, leaving out those labelled `ignored`."""

    def loss(labels: Any, logits: Any) -> Any:
        labels = tf.cast(labels, tf.int32)
        flat = tf.squeeze(logits, axis=1)
        weight = tf.cast(labels != ignored, tf.float32)
        safe = tf.where(labels == ignored, 0, labels)
        each = tf.nn.sparse_softmax_cross_entropy_with_logits(safe, flat)
        return tf.reduce_sum(each * weight) / tf.reduce_sum(weight)

    return loss


def locator_loss(truth: Any, output: Any) -> Any:
    """Focal cross-entropy on the core plus absolute error of the height where a core is.

    `truth` is (n, h, w, 3): core, log height, weight.
    """
    core, height, weight = truth[..., 0], truth[..., 1], truth[..., 2]
    logit = output[..., 0]
    p = tf.sigmoid(logit)
    miss = tf.abs(core - p)
    each = tf.nn.sigmoid_cross_entropy_with_logits(core, logit) * (0.1 + miss**2) * (1 + 3 * core)
    size = tf.abs(output[..., 1] - height) * core
    return tf.reduce_sum(each * weight) / tf.reduce_sum(weight) + tf.reduce_sum(size) / (tf.reduce_sum(core) + 1)
