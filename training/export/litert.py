"""Export a Keras model to the LiteRT file that the app runs, and measure their parity."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from fer.alignment import FER2013_FRAMING
from fer.errors import DataError
from fer.labels import EXPRESSION_HEAD, FERPLUS_HEAD, FERPLUS_LABELS
from fer.model.classifier import ExpressionClassifier
from fer.model.heads import softmax
from fer.model.spec import Abstention, Head, ModelSpec
from fer.records import file_sha256
from training.networks.class_activation import MAP_PREFIX, with_activation_maps

#: Names of the files in a model directory.
KERAS_FILE = "model.keras"
LITERT_FILE = "model.tflite"

#: Meaning of each head's probabilities, for users.
_MEANINGS = {
    EXPRESSION_HEAD: "How probable each label of the training data is for this face.",
    FERPLUS_HEAD: "How probable it is that most of ten people would say so (FER+).",
}


def keras_file(directory: Path, needed_for: str) -> Path:
    """Return the path of the Keras file in a model directory.

    Args:
        directory: the model directory.
        needed_for: end of the error message, which says what the file is needed for.

    Raises:
        DataError: the file is missing.
    """
    file = directory / KERAS_FILE
    if not file.is_file():
        raise DataError(f"{file} is missing; {needed_for}.")
    return file


def export(
    model: keras.Model,
    directory: Path,
    *,
    class_names: tuple[str, ...],
) -> ModelSpec:
    """Write ``model.keras``, ``model.tflite`` and ``spec.json``.

    The LiteRT file stores weights in float16, which halves its size, and computes in float32. Its
    additional outputs are the class activation maps.

    Args:
        model: a network of `training.networks`, in float32.
        directory: the model directory; its last part is the model's name.
        class_names: class names of the expression head.

    Returns:
        The specification that was written.
    """
    directory.mkdir(parents=True, exist_ok=True)
    model.save(directory / KERAS_FILE)
    extended = with_activation_maps(model)
    extended.export(directory / LITERT_FILE, format="litert", verbose=False, **half_precision())
    _, size, _, channels = model.input_shape
    labels = {EXPRESSION_HEAD: class_names, FERPLUS_HEAD: FERPLUS_LABELS}
    spec = ModelSpec(
        name=directory.name,
        file=LITERT_FILE,
        sha256=file_sha256(directory / LITERT_FILE),
        input_size=size,
        channels=channels,
        framing=FER2013_FRAMING,
        heads=tuple(
            Head(
                name=name,
                labels=labels[name],
                output=name,
                meaning=_MEANINGS[name],
                activation_map=_map_of(name, extended),
            )
            for name in model.output_names
        ),
    )
    spec.save(directory)
    return spec


def half_precision() -> dict[str, Any]:
    """Return the settings with which TensorFlow's converter stores weights as float16."""
    import tensorflow as tf

    return {
        "optimizations": [tf.lite.Optimize.DEFAULT],
        "target_spec": {"supported_types": [tf.float16]},
    }


def _map_of(head: str, model: keras.Model) -> str:
    name = f"{MAP_PREFIX}{head}"
    return name if name in model.output_names else ""


def update_heads(
    directory: Path,
    *,
    temperatures: Mapping[str, float] | None = None,
    abstentions: Mapping[str, Abstention] | None = None,
) -> ModelSpec:
    """Write temperatures and thresholds into ``spec.json``, by head; others are not changed."""
    spec = ModelSpec.load(directory)
    changes: dict[str, dict[str, object]] = {name: {} for name in spec.head_names}
    for name, temperature in (temperatures or {}).items():
        changes[name]["temperature"] = temperature
    for name, abstention in (abstentions or {}).items():
        changes[name]["abstention"] = abstention
    heads = tuple(head.model_copy(update=changes[head.name]) for head in spec.heads)
    spec = spec.model_copy(update={"heads": heads})
    spec.save(directory)
    return spec


def parity(
    model: keras.Model, classifier: ExpressionClassifier, images: NDArray[np.uint8]
) -> float:
    """Return the largest difference between the probabilities of Keras and LiteRT.

    Args:
        model: the model that was exported.
        classifier: the app's classifier with the exported file.
        images: ``(n, size, size, channels)`` uint8.
    """
    keras_logits = model.predict(images.astype(np.float32), verbose=0)
    litert_logits = classifier.logits(images)
    return max(
        float(
            np.abs(
                softmax(np.asarray(keras_logits[h.output])) - softmax(litert_logits[h.name])
            ).max()
        )
        for h in classifier.spec.network_heads
    )
