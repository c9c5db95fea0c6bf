"""Detect the faces in a photograph, of all sizes and at any angle.

One rule: places are proposed in views at several scales, and a face is where there is enough
evidence of one.
"""

from __future__ import annotations

from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from fer.detection.blazeface import SAME_FACE_IOU, BlazeFace, FaceDetector
from fer.detection.evidence import MIN_EVIDENCE, Evidence
from fer.detection.face_landmark import FaceLandmark
from fer.detection.pyramid import MIN_SCORE, Pyramid
from fer.detection.views import resized
from fer.geometry import box_area, intersection_matrix, iou_matrix, transform_points
from fer.types import Detections, Floats, Image

#: Least side of a face in pixels. Smaller faces show no recognisable expression.
MIN_FACE = 18

#: Least evidence of a face that needs no search in the turned photograph, and of one found there.
SURE_EVIDENCE = 10.0

#: Least score, in any view, of a place worth a close look.
_LOOK_SCORE = 0.3

#: Fraction of a box inside a larger face from which it is a part of that face, such as an eye.
PART_OF_FACE = 0.5

#: Degrees by which a photograph is turned if no sure face is found in it; the detector itself bears
#: about 90 degrees to either side. And the longer side of the copy that is turned, in pixels.
_TURNS = (180, 90, 270)
_TURNED_SIDE = 640


class Judge(Protocol):
    """Judges places; an `Evidence`, or a fake in tests."""

    def __call__(self, image: Image, detections: Detections, logits: Floats, /) -> Floats:
        """Return the evidence that each place shows a face, ``(n,)``."""


class PhotoScan:
    """Detects faces of all sizes, and at any angle if there are no upright ones.

    Args:
        detector: proposes faces in a view.
        judge: says which of them are.
    """

    def __init__(self, detector: FaceDetector, judge: Judge) -> None:
        self._pyramid = Pyramid(detector)
        self._judge = judge

    @classmethod
    def load(cls, *, threads: int = 1) -> PhotoScan:
        """Load the networks.

        Raises:
            ModelError: the package that carries them is not installed.
        """
        detector = BlazeFace(min_score=MIN_SCORE, threads=threads)
        return cls(detector, Evidence(FaceLandmark(threads=threads)))

    def __call__(self, image: Image) -> Detections:
        """Return the faces in `image`, ``(height, width, 3)`` RGB uint8, largest first."""
        faces, evidence = self._scan(image)
        if evidence.max(initial=-np.inf) >= SURE_EVIDENCE:
            return faces
        # Upside down, a mouth can pass for eyes; so what is doubtful does not end the search.
        turned_faces = self._turned(image)
        return turned_faces if len(turned_faces) else faces

    def _scan(self, image: Image) -> tuple[Detections, Floats]:
        """Return the faces of an image as it is, and the evidence of each, ``(n,)``."""
        proposals = self._pyramid(image)
        accepted, figures = Detections.empty(), []
        for i in np.flatnonzero(proposals.detections.score >= _LOOK_SCORE).tolist():
            face = proposals.detections.take(np.array([i]))
            if _side(face) < MIN_FACE or not is_new(face.xyxy[0], accepted):
                continue
            evidence = float(self._judge(image, face, proposals.logit[i : i + 1])[0])
            if evidence >= MIN_EVIDENCE:
                accepted = Detections.concatenate([accepted, face])
                figures.append(evidence)
        return accepted, np.array(figures, np.float32)

    def _turned(self, image: Image) -> Detections:
        """Look for faces in the photograph upside down and on its side."""
        small = resized(image, min(1.0, _TURNED_SIDE / max(image.shape[:2])))
        for degrees in _TURNS:
            _, evidence = self._scan(turned(small, degrees))
            if evidence.max(initial=-np.inf) >= SURE_EVIDENCE:
                faces, _ = self._scan(turned(image, degrees))
                return turned_back(faces, degrees, image.shape[:2])
        return Detections.empty()


def is_new(box: Floats, accepted: Detections) -> bool:
    """Return whether a box is neither an accepted face nor a part of one."""
    if not len(accepted):
        return True
    inside = intersection_matrix(box[None], accepted.xyxy)[0] / max(box_area(box[None])[0], 1e-6)
    same = iou_matrix(box[None], accepted.xyxy)[0]
    return bool(inside.max() < PART_OF_FACE and same.max() < SAME_FACE_IOU)


def turned(image: Image, degrees: int) -> Image:
    """Return the image turned clockwise by 90, 180 or 270 degrees."""
    codes = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}
    return np.asarray(cv2.rotate(image, codes[degrees]), np.uint8)


def turned_back(faces: Detections, degrees: int, shape: tuple[int, ...]) -> Detections:
    """Return faces of a turned image in pixels of the image as it was.

    Args:
        faces: faces in the turned image.
        degrees: 90, 180 or 270, clockwise.
        shape: height and width of the image before it was turned.
    """
    matrix = _inverse_turn(degrees, shape[0], shape[1])
    corners = transform_points(matrix, faces.xyxy.reshape(-1, 2, 2))
    return Detections(
        np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1).astype(np.float32),
        faces.score,
        transform_points(matrix, faces.landmarks).astype(np.float32),
    )


def _inverse_turn(degrees: int, height: int, width: int) -> NDArray[np.float64]:
    """Return the 2×3 matrix from points of the turned image to those of the original."""
    return {
        90: np.array([[0.0, 1.0, 0.0], [-1.0, 0.0, height]]),
        180: np.array([[-1.0, 0.0, width], [0.0, -1.0, height]]),
        270: np.array([[0.0, -1.0, width], [1.0, 0.0, 0.0]]),
    }[degrees]


def _side(face: Detections) -> float:
    return float(np.max(face.xyxy[0, 2:] - face.xyxy[0, :2]))
