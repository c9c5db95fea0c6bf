"""The face-landmark network (Kartynnik et al. 2019): is this a face, and where are its points?

It looks closely at one face, where the detector looks at a whole view, so it refuses much that the
detector takes for a face: drawn smileys, cups, heads of animals.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from fer.alignment import warp
from fer.detection.blazeface import packaged_file
from fer.geometry import iou_matrix, transform_points
from fer.litert import load_interpreter
from fer.types import Detections, Floats, Image, check_image

#: Side of the network's input, in pixels.
INPUT_SIZE = 192

#: Highest value of a pixel, which the network takes as 1.
PIXEL_RANGE = 255

#: Points of the face mesh, in MediaPipe's order.
MESH_POINTS = 468

#: Range of the presence logits; the network's own reach far beyond it, and say no more.
PRESENCE_RANGE = (-10.0, 20.0)

#: Side of the crop as a multiple of the detector's box (MediaPipe's value).
CROP_SCALE = 1.5

#: Sides of the two crops that must both show a face.
PRESENCE_SCALES = (1.5, 1.75)

#: Presence at which a second look is spared: of 770 faces none had less, of 1,600 other places that
#: the detector proposed nine in ten.
HOPELESS = -3.0

#: Least IoU of the mesh's extent with the box. It was 0.66 and more for faces, tilted ones too.
COVER_IOU = 0.4


@dataclass(frozen=True)
class FaceMeshes:
    """What the network sees in ``n`` boxes.

    Attributes:
        presence: ``(n,)`` float32, logit of the box holding a face, within `PRESENCE_RANGE`.
        points: ``(n, 468, 2)`` float32, the points of the face mesh in pixels of the image; only
            meaningful where there is a face.
    """

    presence: Floats
    points: Floats


class FaceLandmark:
    """Finds the points of faces, and says whether there is a face.

    Thread-safe: concurrent calls run one after another.

    Raises:
        ModelError: the package that carries the network is not installed.
    """

    def __init__(self, *, threads: int = 1) -> None:
        self._interpreter = load_interpreter(packaged_file("face_landmark.tflite"), threads)
        self._input = self._interpreter.get_input_details()[0]["index"]
        outputs = {o["shape"][-1]: o["index"] for o in self._interpreter.get_output_details()}
        self._points, self._presence = outputs[3 * MESH_POINTS], outputs[1]
        self._lock = threading.Lock()

    def __call__(
        self, image: Image, detections: Detections, *, scale: float = CROP_SCALE
    ) -> FaceMeshes:
        """Look at each detected face, turned upright by its eyes.

        The side of the crop is `scale` times that of the box.
        """
        check_image(image)
        presence = np.zeros(len(detections), np.float32)
        points = np.zeros((len(detections), MESH_POINTS, 2), np.float32)
        for i in range(len(detections)):
            matrix = _crop_transform(detections.xyxy[i], detections.landmarks[i], scale)
            presence[i], mesh = self._look(warp(image, matrix, INPUT_SIZE, oversampling=1))
            points[i] = transform_points(cv2.invertAffineTransform(matrix), mesh)
        return FaceMeshes(np.clip(presence, *PRESENCE_RANGE), points)

    def presence(self, image: Image, detections: Detections) -> Floats:
        """Return how surely each detection is a face, a logit ``(n,)`` within `PRESENCE_RANGE`.

        It is the lower one of two looks at crops of different sizes, at both of which few drawings
        and objects look like a face; and the least possible where the mesh does not lie over the
        box, since the network then saw something else.
        """
        lowest = np.full(len(detections), PRESENCE_RANGE[1], np.float32)
        for scale in PRESENCE_SCALES:
            again = np.flatnonzero(lowest >= HOPELESS)
            places = detections.take(again)
            meshes = self(image, places, scale=scale)
            low, high = meshes.points.min(axis=1), meshes.points.max(axis=1)
            ious = np.diag(iou_matrix(np.concatenate([low, high], axis=1), places.xyxy))
            seen = np.where(ious >= COVER_IOU, meshes.presence, -np.inf)
            lowest[again] = np.minimum(lowest[again], seen)
        return np.maximum(lowest, PRESENCE_RANGE[0])

    def _look(self, crop: Image) -> tuple[float, Floats]:
        """Return the presence logit and the points in pixels of the crop."""
        values = crop[None].astype(np.float32) / np.float32(PIXEL_RANGE)
        with self._lock:
            self._interpreter.set_tensor(self._input, values)
            self._interpreter.invoke()
            mesh = self._interpreter.get_tensor(self._points).reshape(MESH_POINTS, 3)
            return float(self._interpreter.get_tensor(self._presence).item()), mesh[:, :2]


def _crop_transform(xyxy: Floats, landmarks: Floats, scale: float) -> NDArray[np.float64]:
    """Return the 2×3 matrix from image pixels to the crop, in which the eyes are level."""
    right_eye, left_eye = landmarks[:2].astype(np.float64)
    across = left_eye - right_eye
    length = float(np.hypot(*across))
    cosine, sine = across / length if length > 0 else (1.0, 0.0)
    side = scale * max(float(np.max(xyxy[2:] - xyxy[:2])), 1.0)
    linear = np.array([[cosine, sine], [-sine, cosine]]) * (INPUT_SIZE / side)
    centre = (xyxy[:2].astype(np.float64) + xyxy[2:]) / 2
    return np.column_stack([linear, INPUT_SIZE / 2 - linear @ centre])
