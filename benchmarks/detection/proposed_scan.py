"""Detect the faces in a photograph: proposals at all sizes, each of them looked at closely.

A face is what two networks together take for one: the detector, which sees a whole view, and the
face-landmark network, which sees the place alone. Their evidence is one figure.

Not in use yet: it is to replace `fer.detection.tiled` once accuracy through it was measured.
"""

from __future__ import annotations

from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.detection.pyramid import MIN_SCORE, Pyramid, resized
from fer.detection.blazeface import BlazeFace, FaceDetector
from fer.detection.face_landmark import FaceLandmark
from fer.detection.tiled import MIN_FACE, is_new
from fer.geometry import transform_points
from fer.types import Detections, Floats, Image

#: Weight of the detector's mean logit in the evidence; the presence logit has 1. Fitted by logistic
#: regression (`benchmarks.detection` describes the material).
LOGIT_WEIGHT = 0.75

#: Least evidence of a face.
MIN_EVIDENCE = 1.5

#: Least evidence of a face that needs no search in the turned photograph, and of one found there.
SURE_EVIDENCE = 6.0

#: Least score, in any view, of a place worth a close look.
_LOOK_SCORE = 0.3

#: Degrees by which a photograph is turned if no sure face is found in it; the detector itself bears
#: about 90 degrees to either side. And the longer side of the copy that is turned, in pixels.
_TURNS = (180, 90, 270)
_TURNED_SIDE = 640


class Landmarker(Protocol):
    """Looks closely at places; a `FaceLandmark`, or a fake in tests."""

    def presence(self, image: Image, detections: Detections, /) -> Floats:
        """Return how surely each place shows a face, logits ``(n,)``."""


class ProposedScan:
    """Detects faces of all sizes, and at any angle if there are no upright ones.

    Args:
        detector: proposes faces in a view.
        landmarker: judges them.
    """

    def __init__(self, detector: FaceDetector, landmarker: Landmarker) -> None:
        self._pyramid = Pyramid(detector)
        self._landmarker = landmarker

    @classmethod
    def load(cls, *, threads: int = 1) -> ProposedScan:
        """Load the networks.

        Raises:
            ModelError: the package that carries them is not installed.
        """
        detector = BlazeFace(min_score=MIN_SCORE, threads=threads)
        return cls(detector, FaceLandmark(threads=threads))

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
            presence = float(self._landmarker.presence(image, face)[0])
            evidence = presence + LOGIT_WEIGHT * float(proposals.logit[i])
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
