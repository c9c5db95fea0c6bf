"""Export a trained model to other formats: other LiteRT precisions, and ONNX."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from fer.errors import DataError
from fer.labels import EXPRESSION_HEAD
from fer.litert import load_interpreter
from fer.model.heads import softmax
from fer.model.spec import ModelSpec
from fer.whole_files import whole_files
from training.export.litert import half_precision, keras_file

Images = NDArray[np.uint8]


@dataclass(frozen=True)
class Exported:
    """An exported file and its parity with the Keras model.

    Attributes:
        file: the file that was written.
        difference: largest absolute difference of any probability.
        same_answer: fraction of images with the same most probable expression.
    """

    file: Path
    difference: float
    same_answer: float


def export_format(name: str, model_dir: Path, out: Path, images: Images) -> Exported:
    """Write one file and compare it with the Keras model.

    Args:
        name: a key of `FORMATS`.
        model_dir: directory with ``model.keras`` and ``spec.json``.
        out: folder to write into.
        images: ``(n, size, size, channels)`` uint8, for parity and for int8 calibration.

    Raises:
        DataError: the model or a package is missing.
    """
    file = keras_file(model_dir, "only a model with its Keras file can be exported")
    model = keras.models.load_model(file)
    target = exported_file(name, ModelSpec.load(model_dir), out)
    with whole_files([target]) as [part]:
        exported = softmax(FORMATS[name](model, part, images)(images))
    expected = softmax(
        np.asarray(model.predict(images.astype(np.float32), verbose=0)[EXPRESSION_HEAD])
    )
    agreement = exported.argmax(axis=1) == expected.argmax(axis=1)
    return Exported(target, float(np.abs(exported - expected).max()), float(agreement.mean()))


def exported_file(name: str, spec: ModelSpec, out: Path) -> Path:
    """Return the file of a model in a format, see `export_format`."""
    return out / (f"{spec.name}.onnx" if name == "onnx" else f"{spec.name}-{name}.tflite")


#: Function from images to logits of the expression head.
Predictor = Callable[[Images], NDArray[np.float32]]


def _litert(settings: Callable[[Images], dict[str, Any]]) -> Callable[..., Predictor]:
    """Return a function that writes LiteRT files with given settings of TensorFlow's converter."""

    def write(model: keras.Model, target: Path, images: Images) -> Predictor:
        model.export(target, format="litert", verbose=False, **settings(images))
        runner = load_interpreter(target).get_signature_runner()

        def predict(images: Images) -> NDArray[np.float32]:
            return np.asarray(runner(image=images.astype(np.float32))[EXPRESSION_HEAD])

        return predict

    return write


def _int8(images: Images) -> dict[str, Any]:
    import tensorflow as tf

    def samples() -> Iterator[list[NDArray[np.float32]]]:
        for image in images:
            yield [image[None].astype(np.float32)]

    return {"optimizations": [tf.lite.Optimize.DEFAULT], "representative_dataset": samples}


def _onnx(model: keras.Model, target: Path, images: Images) -> Predictor:
    try:
        import onnx.reference

        model(images[:1].astype(np.float32))  # Keras exports only called models to ONNX
        model.export(target, format="onnx", verbose=False)
    except ImportError as error:
        raise DataError(
            "ONNX needs further packages: `pip install -r requirements-train.txt`."
        ) from error
    session = onnx.reference.ReferenceEvaluator(str(target))

    def predict(images: Images) -> NDArray[np.float32]:
        outputs = session.run(None, {session.input_names[0]: images.astype(np.float32)})
        by_name = dict(zip(session.output_names, outputs, strict=True))
        return np.asarray(by_name[EXPRESSION_HEAD])

    return predict


#: Format name → function that writes the file and returns a predictor that runs it.
FORMATS: dict[str, Callable[..., Predictor]] = {
    "float32": _litert(lambda images: {}),
    "float16": _litert(lambda images: half_precision()),
    "int8": _litert(_int8),
    "onnx": _onnx,
}
