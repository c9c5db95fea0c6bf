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
from fer.detection.pyramid import MIN_SCORE, Pyramid, resized
from fer.geometry import box_area, intersection_matrix, iou_matrix, transform_points
from fer.types import Detections, Floats, Image

#: Least side of a face in pixels. Smaller faces show no recognisable expression.
MIN_FACE = 18

#: Least evidence of a face that needs no search in the turned photograph, and of one found there.
SURE_EVIDENCE = 10.0

#: Least score, in any view, of a place worth a close look.
_LOOK_SCORE = 0.35

#: Fraction of a box inside a larger face from which it is a part of that face, such as an eye.
PART_OF_FACE = 0.5

#: Degrees by which a photograph is turned if no sure face is found in it, and the longer side of
#: the copy that is turned, in pixels. The detector itself bears about 90 degrees to either side;
#: the network that looks closely, less. Where there is a doubtful face already, the angles between
#: are left out.
_TURNS = (180, 90, 270)
_TURNS_BETWEEN = (45, 315, 135, 225)
_TURNED_SIDE = 456

#: Longest side of a photograph that is turned as a whole, in pixels: a panorama turned by 45° has
#: many times its pixels, and OpenCV turns nothing as long as 32,767. It is four times that of the
#: finest view.
_LARGEST_SIDE = 6624


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
        turns = _TURNS if len(faces) else (*_TURNS, *_TURNS_BETWEEN)
        found = self._turned(image, turns)
        # What touches one of these was a part of it.
        others = intersection_matrix(faces.xyxy, found.xyxy).sum(axis=1) == 0
        return _largest_first(Detections.concatenate([found, faces.take(others)]))

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

    def _turned(self, image: Image, turns: tuple[int, ...]) -> Detections:
        """Return the faces of the photograph at the first angle at which one is sure."""
        small = resized(image, min(1.0, _TURNED_SIDE / max(image.shape[:2])))
        for degrees in turns:
            _, evidence = self._scan(turned(small, degrees))
            if evidence.max(initial=-np.inf) >= SURE_EVIDENCE:
                scale = min(1.0, _LARGEST_SIDE / max(image.shape[:2]))
                large = resized(image, scale)
                faces, _ = self._scan(turned(large, degrees))
                return turned_back(faces, degrees, large.shape[:2]).moved(scale=1 / scale)
        return Detections.empty()


def is_new(box: Floats, accepted: Detections) -> bool:
    """Return whether a box is neither an accepted face nor a part of one."""
    if not len(accepted):
        return True
    inside = intersection_matrix(box[None], accepted.xyxy)[0] / max(box_area(box[None])[0], 1e-6)
    same = iou_matrix(box[None], accepted.xyxy)[0]
    return bool(inside.max() < PART_OF_FACE and same.max() < SAME_FACE_IOU)


def turned(image: Image, degrees: float) -> Image:
    """Return the image turned clockwise about its middle; it grows, and is black around it."""
    matrix, size = turn(image.shape, degrees)
    # OpenCV's pixels are points in the middle of squares.
    matrix[:, 2] += matrix[:, :2] @ (0.5, 0.5) - 0.5
    return np.asarray(cv2.warpAffine(image, matrix, size, flags=cv2.INTER_LINEAR), np.uint8)


def turned_back(faces: Detections, degrees: float, shape: tuple[int, ...]) -> Detections:
    """Return faces of a turned image in pixels of the image as it was.

    Args:
        faces: faces in the turned image.
        degrees: by how much it was turned, clockwise.
        shape: height and width of the image before it was turned.
    """
    back = cv2.invertAffineTransform(turn(shape, degrees)[0])
    # A detector's box is upright, and about as large around a turned face as around an upright one.
    middles = transform_points(back, (faces.xyxy[:, :2] + faces.xyxy[:, 2:]) / 2)
    half = (faces.xyxy[:, 2:] - faces.xyxy[:, :2]) / 2
    return Detections(
        np.concatenate([middles - half, middles + half], axis=1).astype(np.float32),
        faces.score,
        transform_points(back, faces.landmarks).astype(np.float32),
    )


def turn(shape: tuple[int, ...], degrees: float) -> tuple[NDArray[np.float64], tuple[int, int]]:
    """Return the 2×3 matrix that turns an image, and the width and height that it then has.

    Args:
        shape: height and width of the image.
        degrees: clockwise.
    """
    height, width = shape[:2]
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    linear = np.array([[cosine, -sine], [sine, cosine]])
    new_width, new_height = np.round(np.abs(linear) @ (width, height)).astype(int).tolist()
    offset = np.array([new_width, new_height]) / 2 - linear @ (width / 2, height / 2)
    return np.column_stack([linear, offset]), (new_width, new_height)


def _largest_first(faces: Detections) -> Detections:
    return faces.take(np.argsort(-box_area(faces.xyxy), kind="stable"))


def _side(face: Detections) -> float:
    return float(np.max(face.xyxy[0, 2:] - face.xyxy[0, :2]))
