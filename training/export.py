"""A Keras network as the files that others run, and how near their answers are."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from fer.alignment import FER2013_FRAMING
from fer.atomic_write import atomic_write
from fer.errors import DataError, ModelError
from fer.labels import EXPRESSION_HEAD, FERPLUS_HEAD, FERPLUS_LABELS
from fer.litert import load_interpreter
from fer.model.classifier import ExpressionClassifier, softmax
from fer.model.spec import Head, ModelSpec
from fer.records import file_sha256
from fer.types import Floats
from training.networks import MAP_PREFIX, load_network, with_activation_maps

#: Folder of the package `training`, for a process of its own.
_ROOT = Path(__file__).resolve().parents[1]

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

    Only TensorFlow writes LiteRT files: on another backend, a process with TensorFlow does so.

    Raises:
        ModelError: that process failed.
    """
    directory.mkdir(parents=True, exist_ok=True)
    model.save(directory / KERAS_FILE)
    if keras.backend.backend() == "tensorflow":
        maps = _write_litert(model, directory)
    else:
        maps = _write_litert_with_tensorflow(directory)
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
                activation_map=activation_map if activation_map in maps else "",
            )
            for name in model.output_names
            for activation_map in (f"{MAP_PREFIX}{name}",)
        ),
    )
    spec.save(directory)
    return spec


def _write_litert(model: keras.Model, directory: Path) -> list[str]:
    """Write ``model.tflite`` of a network; return the names of all its outputs."""
    extended = with_activation_maps(model)
    extended.export(directory / LITERT_FILE, format="litert", verbose=False, **half_precision())
    return list(extended.output_names)


#: Program that writes ``model.tflite`` beside the ``model.keras`` of a directory, its argument.
_WRITE_LITERT = """
import json, sys
from training.export import write_litert_of
print(json.dumps(write_litert_of(sys.argv[1])))
"""


def write_litert_of(directory: str) -> list[str]:
    """Write ``model.tflite`` of the ``model.keras`` in a directory; return its output names."""
    folder = Path(directory)
    return _write_litert(load_network(folder / KERAS_FILE, compile=False), folder)


def _write_litert_with_tensorflow(directory: Path) -> list[str]:
    """Do the same in a process of its own, on the processor, with Keras's TensorFlow backend."""
    environment = os.environ | {
        "KERAS_BACKEND": "tensorflow",
        "CUDA_VISIBLE_DEVICES": "-1",  # the training's backend may hold all memory of the GPU
        "PYTHONPATH": os.pathsep.join([str(_ROOT), *filter(None, sys.path)]),
    }
    done = subprocess.run(
        [sys.executable, "-c", _WRITE_LITERT, str(directory)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
        raise ModelError(
            f"the network is trained, but TensorFlow could not export it: {reason}. Repeat the "
            "command with --resume when that is settled; it trains no epoch again."
        )
    names: list[str] = json.loads(done.stdout.splitlines()[-1])
    return names


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
    model, inputs = load_network(file), images.astype(np.float32)
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
