"""Make the tiny networks that the tests of the runtime run; needs the dependency group `train`.

    python tests/data/make_tiny_networks.py

Both are one 3x3 convolution (1 channel in, 2 out, free height and width): one in float32, one in int8 from end to end.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tensorflow as tf

HERE = Path(__file__).parent


def main() -> None:
    """Write tiny_float.tflite and tiny_int8.tflite beside this script."""
    tf.keras.utils.set_random_seed(5)
    network = tf.keras.Sequential(
        [tf.keras.Input((None, None, 1), batch_size=1), tf.keras.layers.Conv2D(2, 3, padding="same", activation="relu")]
    )
    plain = tf.lite.TFLiteConverter.from_keras_model(network)
    (HERE / "tiny_float.tflite").write_bytes(plain.convert())
    rng = np.random.default_rng(5)
    small = tf.lite.TFLiteConverter.from_keras_model(network)
    small.optimizations = [tf.lite.Optimize.DEFAULT]
    small.representative_dataset = lambda: ([rng.random((1, 8, 12, 1), dtype=np.float32)] for _ in range(32))
    small.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    small.inference_input_type = small.inference_output_type = tf.int8
    (HERE / "tiny_int8.tflite").write_bytes(small.convert())


if __name__ == "__main__":
    main()
