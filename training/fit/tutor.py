"""Teachers that look at the very picture a student sees, but before it was made poor."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np

from fer.model.classifier import softmax
from fer.model.spec import EXPRESSION_HEAD, ModelSpec
from fer.types import Floats
from training.export.litert import KERAS_FILE

#: Layers that stay in float32: the grey levels that come in, the scores that come out.
_PRECISE = (keras.layers.LayerNormalization, keras.layers.Dense)


class Tutor:
    """Answers for each changed picture, in the place of one answer per face.

    A teacher knows the faces it was trained on by heart, labels and all; of a picture that was
    turned, moved and scaled anew it says what it has understood (Beyer et al. 2022). Dark, blurred
    and covered faces are shown to the student alone, so it learns to see there what its teachers
    see in a good picture.

    Args:
        directories: model directories with their Keras files.
        weight: share of the teachers in the target, 0…1.
        precision: Keras dtype policy to run them in.
    """

    def __init__(self, directories: Sequence[Path], weight: float, precision: str) -> None:
        self._weight = weight
        found = [keras.models.load_model(one / KERAS_FILE, compile=False) for one in directories]
        self._networks = [_in_precision(network, precision) for network in found]
        heads = [ModelSpec.load(one).head(EXPRESSION_HEAD) for one in directories]
        self._temperatures = [np.float32(head.temperature) for head in heads]

    def mixed(self, shares: Floats, images: Floats, rng: np.random.Generator) -> Floats:
        """Return what is to be learnt of a batch, ``(n, k)``.

        Each teacher sees the pictures or their mirror images, as chance will have it: over the
        epochs that is the mean of both, which is better than either, at half the cost.

        Args:
            shares: ``(n, k)`` of the labels.
            images: ``(n, size, size, channels)`` float32, 0…255.
            rng: the source of chance.
        """
        answers = [
            self._probabilities(network, temperature, images, mirror=rng.random() < 0.5)
            for network, temperature in zip(self._networks, self._temperatures, strict=True)
        ]
        taught = np.mean(answers, axis=0)
        return np.asarray((1 - self._weight) * shares + self._weight * taught, np.float32)

    @staticmethod
    def _probabilities(
        network: keras.Model, temperature: np.float32, images: Floats, *, mirror: bool
    ) -> Floats:
        seen = np.ascontiguousarray(images[:, :, ::-1]) if mirror else images
        scores = network.predict_on_batch(seen)[EXPRESSION_HEAD]
        return softmax(np.asarray(scores, np.float32) / temperature)


def _in_precision(network: keras.Model, precision: str) -> keras.Model:
    """Return the network with what costs time in another precision; a nested one stays as it is."""

    def converted(layer: keras.layers.Layer) -> keras.layers.Layer:
        settings = layer.get_config()
        if not isinstance(layer, _PRECISE):
            settings["dtype"] = precision
        return layer.__class__.from_config(settings)

    changed = keras.models.clone_model(network, clone_function=converted)
    changed.set_weights(network.get_weights())
    return changed
