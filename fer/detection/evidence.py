"""How surely is this a face? What two networks see at a place, and whether it has any shading.

The detector sees a whole view, the face-landmark network (Kartynnik et al. 2019) the place alone,
and each is fooled by other things: the second refuses smileys, cups and heads of animals that the
first takes for faces. Both are fooled by drawings; but a drawing is flat where a face has shading.
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
        """Look at each face, turned upright by its eyes, in a crop `scale` times its box."""
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


#: Least evidence of a face. Of 250 drawings, patterns and photographs of things, three had more,
#: a rocket's nose and two sets of rings, and the next one 1.0. A lower limit hardly gains faces.
MIN_EVIDENCE = 1.5

#: Weights of the detector's logit and of the flat share; the presence logit has 1. With the first
#: from 3 to 6, as many faces are found for the same limit in false ones. The second is large enough
#: for drawn portraits, which both networks are sure of. `tools.detection` has the material.
LOGIT_WEIGHT, FLAT_WEIGHT = 4.0, 100.0

#: Side at which shading is looked at, in pixels, and side of the circle as a multiple of the box.
FLAT_SIDE, FLAT_SCALE = 48, 0.9

#: Evidence of the two networks from which a flat place may be an overexposed face. Seven
#: faces at 1.5 and 2 times their brightness had 21 to 30, smileys on white paper up to 9.
OVEREXPOSED_EVIDENCE = 20.0

#: Grey levels up to which, and from which, a picture is clipped: skin in strong light is white.
BLACK, WHITE = 5, 250

#: Largest difference in grey levels of neighbours that is shading, and least share of such pixels
#: in what is not a drawing. Overexposed faces had 0.11 and more, lines on white paper less than
#: 0.07; but lines in a JPEG file may have as much as faces.
SHADING_STEP, SHADED_SHARE = 16, 0.1


#: Scores are kept away from 0 and 1 by this much, so that their logits are finite.
LOGIT_CLIP = 1e-4


def logit(scores: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return the logits of a detector's scores; those of 0 and 1 are large, but finite."""
    clipped = np.clip(scores, LOGIT_CLIP, 1 - LOGIT_CLIP)
    return np.asarray(np.log(clipped / (1 - clipped)))


class Evidence:
    """Weighs what is seen at places, looking at each alone."""

    def __init__(self, landmarker: FaceLandmark) -> None:
        self._landmarker = landmarker

    def __call__(
        self, image: Image, detections: Detections, logits: Floats | None = None
    ) -> Floats:
        """Return the evidence that each of ``n`` places shows a face, ``(n,)``; see `MIN_EVIDENCE`.

        Logits ``(n,)`` of the detector's score are means of several views; those of the detections
        if None.
        """
        if logits is None:
            logits = logit(detections.score)
        seen = self._landmarker.presence(image, detections) + LOGIT_WEIGHT * logits
        overexposed = (seen >= OVEREXPOSED_EVIDENCE).tolist()
        flat = [
            flat_share(image, box, overexposed=maybe)
            for box, maybe in zip(detections.xyxy, overexposed, strict=True)
        ]
        return np.asarray(seen - FLAT_WEIGHT * np.array(flat), np.float32)


def flat_share(image: Image, box: Floats, *, overexposed: bool = False) -> float:
    """Return the share of a box's circle in which neighbouring pixels have exactly one brightness.

    It is looked at in few pixels, so that noise does not hide it and smooth skin is not flat. Of
    20,000 faces of FER2013, 99 % have less than 0.04, and most of those with more than 0.1 are
    drawn; drawings by `tools.drawings` have 0.14 to 0.7. Where the picture may be overexposed, what
    is white or black is left out if the rest is shaded.
    """
    crop, corner = square_crop(image, box, FLAT_SCALE)
    grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)
    if len(grey) > FLAT_SIDE:
        grey = cv2.resize(grey, (FLAT_SIDE, FLAT_SIDE), interpolation=cv2.INTER_AREA)
    counts = _seen(image, corner, len(crop), len(grey))
    window = np.ones((3, 3), np.uint8)
    darkest, lightest = cv2.erode(grey, window), cv2.dilate(grey, window)
    step = lightest - darkest
    shaded = counts & (step > 0) & (step <= SHADING_STEP)
    if overexposed and shaded.sum() >= SHADED_SHARE * counts.sum():
        counts &= (lightest > BLACK) & (darkest < WHITE)
    return float((step == 0)[counts].mean()) if counts.any() else 0.0


def square_crop(image: Image, box: Floats, scale: float) -> tuple[Image, tuple[int, int]]:
    """Crop a square around a box with `scale` times its side; black past the image's border.

    Returns the position ``(x, y)`` of its top left pixel in the image, too.
    """
    centre = (box[:2] + box[2:]) / 2
    side = max(2, round(float(np.max(box[2:] - box[:2])) * scale))
    left, top = (int(v) for v in np.round(centre - side / 2))
    height, full_width = image.shape[:2]
    x0, x1 = np.clip([left, left + side], 0, full_width)
    y0, y1 = np.clip([top, top + side], 0, height)
    crop = np.zeros((side, side, 3), np.uint8)
    crop[y0 - top : y1 - top, x0 - left : x1 - left] = image[y0:y1, x0:x1]
    return crop, (left, top)


def _seen(image: Image, corner: tuple[int, int], crop_side: int, side: int) -> NDArray[np.bool_]:
    """Return which pixels of a square crop, resized to `side`, are in its circle and the image."""
    # What is outside the image is black, and says nothing.
    steps = (np.arange(side) + 0.5) * crop_side / side
    (x, y), (height, width) = (start + steps for start in corner), image.shape[:2]
    across = 2 * steps / crop_side - 1
    rows, columns = (y > 0) & (y < height), (x > 0) & (x < width)
    circle = across[:, None] ** 2 + across**2 <= 1
    return np.asarray(circle & rows[:, None] & columns)
