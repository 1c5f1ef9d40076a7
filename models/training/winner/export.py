"""Networks as .tflite files, and golden answers beside them."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from models.bundle import Golden
from models.runtime import Network
from models.training.winner.net import Outlook, Winner, tilt, together

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

TOLERANCE = 1e-4  # of 2 p - 1 and of a rate; float32 on another processor is far closer


def winner_bytes(models: Sequence[Winner], width: int) -> bytes:
    """One network of all, from features (b, width) to 2 p - 1, (b, 1)."""
    return _convert(lambda values: tilt(values[:, :1], together(models, values))[:, None], width)


def outlook_bytes(model: Outlook, width: int) -> bytes:
    """A network from one player's features (b, width) to quantiles and the logit of failing, (b, 4)."""
    return _convert(model, width)


def _convert(run: Callable[[Any], Any], width: int) -> bytes:
    given = tf.keras.Input((width,))
    converter = tf.lite.TFLiteConverter.from_keras_model(tf.keras.Model(given, tf.keras.layers.Lambda(run)(given)))
    with contextlib.redirect_stdout(sys.stderr):  # the converter is talkative
        return bytes(converter.convert())


def golden(role: str, network: bytes, given: NDArray[np.float32]) -> Golden:
    """What a network answers to `given` here and now."""
    return Golden(role, np.ascontiguousarray(given), Network(network)(given), TOLERANCE)
