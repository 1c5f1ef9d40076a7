"""What the network is to say about a picture, and how wrong it is.

A cell answers for an object when it lies near the object's middle: a bell around it is the wanted probability, the
cell next to the middle having 1 (after the heat maps of CenterNet, arXiv 1904.07850, with the quality focal loss of
arXiv 2006.04388). Boxes are held to their truth by generalised intersection over union (arXiv 1902.09630).
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from vision.pad.decode import BALL, BOXES, CLASSES, DOWN, LIT, REACH, STRIDE

WIDTH = 0.17  # of the bell, shares of an object's shorter side
NARROWEST, WIDEST = 0.65, 2.0  # cells
WEIGHTS = (0.3, 1.0, 2.5)  # of pads, panels and feet: small things are learned last
ANSWERS = 0.45  # height of the bell above which a cell answers for the box


def pad_loss(tables: Any, output: Any) -> Any:
    """Loss of outputs (n, h, w, CHANNELS) for tables (n, MOST, FIELDS), see `dataset.objects`."""
    shape = tf.shape(output)
    columns = tf.cast(tf.range(shape[2]), tf.float32) + 0.5
    rows = tf.cast(tf.range(shape[1]), tf.float32) + 0.5
    bells = _bells(tables, columns, rows)
    total = 0.0
    for kind in range(len(CLASSES)):
        mine = tf.cast(tables[..., 0] == kind, tf.float32)
        counts = (mine * tables[..., 8])[..., None, None]
        wanted = tf.reduce_max(bells * counts, axis=1)
        masked = tf.reduce_max(bells * (mine * (1 - tables[..., 8]))[..., None, None], axis=1)
        weight = tf.where((masked > 0.1) & (wanted < masked), 0.0, 1.0)
        total += WEIGHTS[kind] * _presence(wanted, weight, output[..., kind])
        owner = tf.argmax(bells * counts, axis=1)  # (n, h, w)
        truth = tf.gather(tables, owner, batch_dims=1)  # (n, h, w, FIELDS)
        answers = tf.where(wanted > ANSWERS, wanted, 0.0)
        total += WEIGHTS[kind] * _details(kind, truth, answers, output, columns, rows)
    return total


def _bells(tables: Any, columns: Any, rows: Any) -> Any:
    """How much each cell answers for each object, (n, MOST, h, w)."""
    x = (tables[..., 1] + tables[..., 3] / 2) / STRIDE
    y = (tables[..., 2] + tables[..., 4] / 2) / STRIDE
    wide, high = (tf.clip_by_value(WIDTH * tables[..., side] / STRIDE, NARROWEST, WIDEST) for side in (3, 4))
    across = ((columns[None, None] - x[..., None]) / wide[..., None]) ** 2
    down = ((rows[None, None] - y[..., None]) / high[..., None]) ** 2
    across -= tf.reduce_min(across, axis=-1, keepdims=True)
    down -= tf.reduce_min(down, axis=-1, keepdims=True)
    return tf.exp(-(down[..., :, None] + across[..., None, :]) / 2)


def _presence(wanted: Any, weight: Any, logit: Any) -> Any:
    off = tf.abs(wanted - tf.sigmoid(logit))
    each = tf.nn.sigmoid_cross_entropy_with_logits(wanted, logit) * off**2 * weight
    return tf.reduce_sum(each) / (tf.reduce_sum(tf.cast(wanted > 0.99, tf.float32)) + 1)


def _details(kind: int, truth: Any, answers: Any, output: Any, columns: Any, rows: Any) -> Any:
    share = tf.reduce_sum(answers) + 1
    middle = tf.stack(tf.meshgrid(columns, rows), axis=-1)[None]
    sides = output[..., BOXES + 4 * kind : BOXES + 4 * kind + 4]
    low, high = truth[..., 1:3] / STRIDE, (truth[..., 1:3] + truth[..., 3:5]) / STRIDE
    wanted = tf.concat([middle - low, high - middle], axis=-1)
    logs = tf.math.log(tf.maximum(wanted, 0.1)) / tf.math.log(2.0)
    far = tf.reduce_mean(tf.abs(sides - logs), axis=-1)
    reach = (
        tf.exp2(tf.clip_by_value(sides, -REACH, REACH))
        if hasattr(tf, "exp2")
        else 2.0 ** tf.clip_by_value(sides, -REACH, REACH)
    )
    shape = 1 - _giou(middle - reach[..., :2], middle + reach[..., 2:], low, high)
    total = tf.reduce_sum((1.5 * shape + 0.3 * far) * answers) / share
    if CLASSES[kind] == "panel":
        lit = tf.nn.sigmoid_cross_entropy_with_logits(truth[..., 5], output[..., LIT])
        total += 0.2 * tf.reduce_sum(lit * answers) / share
    if CLASSES[kind] == "foot":
        down = tf.nn.sigmoid_cross_entropy_with_logits(truth[..., 5], output[..., DOWN])
        ball = tf.reduce_sum(tf.abs(truth[..., 6:8] / STRIDE - middle - output[..., BALL : BALL + 2]), axis=-1)
        total += tf.reduce_sum((0.5 * down + 0.5 * ball) * answers) / share
    return total


def _giou(low: Any, high: Any, true_low: Any, true_high: Any) -> Any:
    shared = tf.reduce_prod(tf.maximum(tf.minimum(high, true_high) - tf.maximum(low, true_low), 0.0), axis=-1)
    one, two = tf.reduce_prod(high - low, axis=-1), tf.reduce_prod(tf.maximum(true_high - true_low, 0.0), axis=-1)
    union = one + two - shared + 1e-6
    around = tf.reduce_prod(tf.maximum(high, true_high) - tf.minimum(low, true_low), axis=-1) + 1e-6
    return shared / union - (around - union) / around
