"""A Keras network as the files that others run, and how near their answers are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from fer.alignment import FER2013_FRAMING
from fer.atomic_write import atomic_write
from fer.errors import DataError
from fer.labels import EXPRESSION_HEAD, FERPLUS_HEAD, FERPLUS_LABELS
from fer.litert import load_interpreter
from fer.model.classifier import ExpressionClassifier, softmax
from fer.model.spec import Head, ModelSpec
from fer.records import file_sha256
from fer.types import Floats
from training.networks import MAP_PREFIX, with_activation_maps

#: Names of the files in a model directory.
KERAS_FILE = "model.keras"
LITERT_FILE = "model.tflite"

#: Meaning of each head's probabilities, for users.
_MEANINGS = {
    EXPRESSION_HEAD: "How probable each label of the training data is for this face.",
    FERPLUS_HEAD: "How probable it is that most of ten people would say so (FER+).",
}


def keras_file(directory: Path, needed_for: str) -> Path:
    """Return a directory's Keras file; a DataError without ends with what it is needed for."""
    file = directory / KERAS_FILE
    if not file.is_file():
        raise DataError(f"{file} is missing; {needed_for}.")
    return file


def export(model: keras.Model, directory: Path, *, class_names: tuple[str, ...]) -> ModelSpec:
    """Write ``model.keras``, ``model.tflite`` and ``spec.json`` of a network in float32.

    The LiteRT file stores weights in float16, which halves its size, and computes in float32. Its
    additional outputs are the class activation maps. The directory's name is that of the model.
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
                activation_map=activation_map if activation_map in extended.output_names else "",
            )
            for name in model.output_names
            for activation_map in (f"{MAP_PREFIX}{name}",)
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


def parity(
    model: keras.Model, classifier: ExpressionClassifier, images: NDArray[np.uint8]
) -> float:
    """Return the largest difference of any probability of a network and its exported file."""
    keras_logits = model.predict(images.astype(np.float32), verbose=0)
    litert_logits = classifier.logits(images)
    differences = [
        softmax(np.asarray(keras_logits[head.output])) - softmax(litert_logits[head.name])
        for head in classifier.spec.network_heads
    ]
    return max(float(np.abs(difference).max()) for difference in differences)


Images = NDArray[np.uint8]

#: Formats of `export_format`.
FORMATS = ("float32", "float16", "int8", "onnx")


def export_format(
    name: str, model_dir: Path, out: Path, images: Images
) -> tuple[Path, float, float]:
    """Write one file in one of `FORMATS` and compare it with the Keras model.

    Images ``(n, size, size, channels)`` uint8 are for that, and for int8 calibration. Returns the
    file, the largest absolute difference of any probability, and the fraction of images with the
    same most probable expression; DataError if the model or a package is missing.
    """
    file = keras_file(model_dir, "only a model with its Keras file can be exported")
    model, inputs = keras.models.load_model(file), images.astype(np.float32)
    target = exported_file(name, ModelSpec.load(model_dir), out)
    with atomic_write([target]) as [part]:
        outputs = (_onnx if name == "onnx" else _litert)(name, model, part, inputs)
    exported, expected = (
        softmax(np.asarray(found[EXPRESSION_HEAD]))
        for found in (outputs, model.predict(inputs, verbose=0))
    )
    agreement = exported.argmax(axis=1) == expected.argmax(axis=1)
    return target, float(np.abs(exported - expected).max()), float(agreement.mean())


def exported_file(name: str, spec: ModelSpec, out: Path) -> Path:
    """Return the file of a model in a format, see `export_format`."""
    return out / (f"{spec.name}.onnx" if name == "onnx" else f"{spec.name}-{name}.tflite")


def _litert(name: str, model: keras.Model, target: Path, images: Floats) -> dict[str, Any]:
    """Write a LiteRT file, and return what it says of images, by output."""
    import tensorflow as tf

    settings: dict[str, Any] = half_precision() if name == "float16" else {}
    if name == "int8":
        settings = {
            "optimizations": [tf.lite.Optimize.DEFAULT],
            "representative_dataset": lambda: ([image[None]] for image in images),
        }
    model.export(target, format="litert", verbose=False, **settings)
    answers: dict[str, Any] = load_interpreter(target).get_signature_runner()(image=images)
    return answers


def _onnx(name: str, model: keras.Model, target: Path, images: Floats) -> dict[str, Any]:
    """Write an ONNX file, and return what it says of images, by output."""
    try:
        import onnx.reference

        model(images[:1])  # Keras exports only called models to ONNX
        model.export(target, format="onnx", verbose=False)
    except ImportError as error:
        raise DataError(
            "ONNX needs further packages: `pip install -r requirements-train.txt`."
        ) from error
    session = onnx.reference.ReferenceEvaluator(str(target))
    outputs = session.run(None, {session.input_names[0]: images})
    return dict(zip(session.output_names, outputs, strict=True))
