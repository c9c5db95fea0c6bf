"""Finding faces: BlazeFace's back-camera model through LiteRT."""

from __future__ import annotations

import threading
from collections import OrderedDict
from functools import cache
from typing import Protocol

import cv2
import numpy as np

from fer.detection.blazeface_file import SIDE as INPUT_SIZE
from fer.detection.blazeface_file import blazeface_content
from fer.geometry import weighted_nms
from fer.litert import interpreter_of
from fer.types import LANDMARKS, Detections, Floats, Image, check_image

#: Rows and columns of the network's input.
Canvas = tuple[int, int]

#: The network halves its input five times; and its coarsest map is no narrower than this allows.
_STRIDE = 32
_LEAST_SIDE = 128

#: Shapes whose networks are kept, some 10 MB each: the square, and those of a camera held upright
#: and across.
_MOST_SHAPES = 3

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
        fitted: look at no more than the picture, instead of a square around it: a quarter less work
            for 4:3, a third less for 16:9. A network is loaded for each shape that comes, so it is
            for streams, not for photographs of all shapes.
    """

    def __init__(self, *, min_score: float = 0.5, threads: int = 1, fitted: bool = False) -> None:
        self.min_score = min_score
        self._threads = threads
        self._fitted = fitted
        self._networks: OrderedDict[Canvas, _Network] = OrderedDict()
        self._lock = threading.Lock()
        self._network((INPUT_SIZE, INPUT_SIZE))

    def __call__(self, image: Image) -> Detections:
        """Return the faces of `image`, ``(height, width, 3)`` RGB uint8, best first."""
        check_image(image)
        small, scale = _scaled(image)
        canvas = _canvas(small) if self._fitted else (INPUT_SIZE, INPUT_SIZE)
        with self._lock:
            boxes, scores = self._network(canvas)(small)
        found = _decode(boxes, scores, _anchors(canvas), self.min_score)
        return weighted_nms(found, SAME_FACE_IOU).moved(scale=1 / scale)

    def _network(self, canvas: Canvas) -> _Network:
        """Return the network for a shape; those that were not used for long are dropped."""
        if canvas not in self._networks:
            self._networks[canvas] = _Network(canvas, self._threads)
            if len(self._networks) > _MOST_SHAPES:
                self._networks.popitem(last=False)
        self._networks.move_to_end(canvas)
        return self._networks[canvas]


class _Network:
    """BlazeFace's network for one shape of its input."""

    def __init__(self, canvas: Canvas, threads: int) -> None:
        self._interpreter = interpreter_of(blazeface_content(*canvas), threads)
        self._input = self._interpreter.get_input_details()[0]["index"]
        # The order of the outputs differs between converters; their last dimension does not.
        outputs = {o["shape"][-1]: o["index"] for o in self._interpreter.get_output_details()}
        self._boxes, self._scores = outputs[4 + 2 * LANDMARKS], outputs[1]
        self._values = np.zeros((1, *canvas, 3), np.float32)

    def __call__(self, small: Image) -> tuple[Floats, Floats]:
        """Return boxes ``(n, 16)`` and scores ``(n,)``, raw, for a picture in the top left."""
        height, width = small.shape[:2]
        self._values.fill(-1)
        inside = self._values[0, :height, :width]
        np.multiply(small, np.float32(1 / 127.5), out=inside)
        inside -= np.float32(1)
        self._interpreter.set_tensor(self._input, self._values)
        self._interpreter.invoke()
        return (
            self._interpreter.get_tensor(self._boxes)[0],
            self._interpreter.get_tensor(self._scores)[0, :, 0],
        )


def _scaled(image: Image) -> tuple[Image, float]:
    """Return the image with `INPUT_SIZE` as its longer side, and the factor of its scaling."""
    height, width = image.shape[:2]
    scale = INPUT_SIZE / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    # Halving, then a step of less than half, is five times faster than one exact mean over areas,
    # and no pixel of the picture is skipped.
    while max(image.shape[:2]) >= 2 * INPUT_SIZE and min(image.shape[:2]) >= 2:
        half = (image.shape[1] // 2, image.shape[0] // 2)
        image = np.asarray(cv2.resize(image, half, interpolation=cv2.INTER_AREA), np.uint8)
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_LINEAR), np.uint8), scale


def _canvas(small: Image) -> Canvas:
    """Return the smallest shape that the network can take and that holds the picture."""
    rows, columns = (-(-side // _STRIDE) * _STRIDE for side in small.shape[:2])
    return max(rows, _LEAST_SIDE), max(columns, _LEAST_SIDE)


@cache
def _anchors(canvas: Canvas) -> Floats:
    """Return the centres that boxes are relative to, ``(n, 2)`` in pixels of the input."""
    rows, columns = canvas
    grids = []
    for cells, boxes in _ANCHOR_GRIDS:
        pitch = INPUT_SIZE // cells
        x, y = (
            (np.arange(length // pitch, dtype=np.float32) + 0.5) * pitch
            for length in (columns, rows)
        )
        grid = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
        grids.append(np.repeat(grid, boxes, axis=0))
    return np.concatenate(grids)


def _decode(boxes: Floats, logits: Floats, anchors: Floats, min_score: float) -> Detections:
    """Turn the network's raw outputs into detections in pixels of its input.

    Args:
        boxes: ``(n, 16)``: centre x, y, width, height, then six points, relative to the anchor.
        logits: ``(n,)`` scores before the sigmoid.
        anchors: ``(n, 2)`` centres; see `_anchors`.
        min_score: least score to keep, 0…1.
    """
    keep = logits >= _logit(min_score)
    raw, anchor = boxes[keep], anchors[keep]
    centre, half = raw[:, :2] + anchor, raw[:, 2:4] / 2
    points = raw[:, 4:].reshape(-1, LANDMARKS, 2) + anchor[:, None]
    score = (1 / (1 + np.exp(-np.clip(logits[keep], -80, 80)))).astype(np.float32)
    return Detections(np.concatenate([centre - half, centre + half], axis=1), score, points)


def _logit(probability: float) -> float:
    return float(np.log(probability / (1 - probability)))
