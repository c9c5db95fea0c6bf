"""Training on several devices with Keras's data parallelism, on its JAX backend."""

from __future__ import annotations

import keras

from fer.errors import DataError


def distribute() -> int:
    """Split every batch over all devices of this process; return the number of devices.

    Raises:
        DataError: the Keras backend is not JAX.
    """
    if keras.backend.backend() != "jax":
        raise DataError(
            "--distribute needs Keras's JAX backend: `pip install -r requirements-jax.txt`, then "
            "set KERAS_BACKEND=jax."
        )
    devices = keras.distribution.list_devices()
    keras.distribution.set_distribution(keras.distribution.DataParallel(devices=devices))
    return len(devices)
