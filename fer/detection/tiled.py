"""Detect small faces in a photograph: tiles at several scales, then confirmation at higher zoom."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fer.detection.blazeface import SAME_FACE_IOU, FaceDetector
from fer.geometry import box_area, intersection_matrix, iou_matrix, square_tiles, weighted_nms
from fer.types import Detections, Floats, Image

#: Sides of the tiles, as fractions of the image's longer side. The detector finds faces from 8 % of
#: its input's side, so these tiles reach faces of 4, 2 and 1.3 % of the image.
TILE_SHARES = (1 / 2, 1 / 4, 1 / 6)

#: Overlap of neighbouring tiles, as a fraction of their side. A face up to that size is completely
#: inside at least one tile.
TILE_OVERLAP = 0.3

#: Least side of a face in pixels. Smaller faces show no recognisable expression, and patterns in
#: cloth and leaves begin to look like faces.
MIN_FACE = 18

#: Score from which a face detected in the whole image needs no confirmation.
TRUSTED_SCORE = 0.8

#: To confirm a doubtful face, the detector runs again on square crops of these multiples of its
#: side. A real face is detected in all of them (mean score of 0.74 and more on the photographs
#: tried). A false detection, such as an eye, a letter or a coffee cup, is missed in some of them
#: (0.66 and less).
CONFIRMATION_SCALES = (2.6, 1.6, 3.5, 2.0)
CONFIRMATION_MEAN_SCORE = 0.72

#: Least IoU at which a detection in such a crop is the same face.
CONFIRMATION_IOU = 0.35

#: Fraction of the image's longer side below which detecting a face again in a crop improves its
#: box.
SMALL_IN_VIEW = 0.25

#: Fraction of a box inside a larger face from which it is a part of that face, such as an eye.
PART_OF_FACE = 0.5


class PhotoScan:
    """Detects faces of all sizes in a still photograph.

    Every tile is another opportunity for a false positive. Therefore faces that are detected only
    in a tile, or with a low score in the whole image, must be confirmed at several magnifications.

    Args:
        detector: detects faces in a single pass.
    """

    def __init__(self, detector: FaceDetector) -> None:
        self._detector = detector

    def __call__(self, image: Image) -> Detections:
        """Return the faces in `image`, ``(height, width, 3)`` RGB uint8, largest first."""
        whole = self._detector(image)
        accepted = [self._refined(image, whole.take(np.array([i]))) for i in range(len(whole))]
        in_tiles = weighted_nms(Detections.concatenate(self._tiles(image)), SAME_FACE_IOU)
        for i in np.argsort(-box_area(in_tiles.xyxy), kind="stable"):
            box = in_tiles.xyxy[i]
            if is_new(box, Detections.concatenate(accepted)):
                accepted.append(self._confirmed(image, box))
        detections = weighted_nms(Detections.concatenate(accepted), SAME_FACE_IOU)
        return detections.take(np.argsort(-box_area(detections.xyxy), kind="stable"))

    def _tiles(self, image: Image) -> list[Detections]:
        height, width = image.shape[:2]
        detections = []
        for side in (round(max(height, width) * share) for share in TILE_SHARES):
            for x, y in square_tiles(width, height, side, TILE_OVERLAP) if side > MIN_FACE else []:
                tile = image[y : y + side, x : x + side]
                faces = self._detector(tile)
                whole = not_cut(faces.xyxy, (x, y), tile.shape[:2], (height, width))
                detections.append(faces.take(whole).moved(offset=(x, y)))
        return detections

    def _confirmed(self, image: Image, box: Floats) -> Detections:
        """Return the face at `box` if it is detected at every magnification, else no face."""
        matches: list[Detections] = []
        for scale in CONFIRMATION_SCALES:
            match = self._redetect(image, box, scale)
            if not len(match) or _side(match.xyxy[0]) < MIN_FACE:
                return Detections.empty()
            matches.append(match)
        mean = np.mean([match.score[0] for match in matches])
        return matches[0] if mean >= CONFIRMATION_MEAN_SCORE else Detections.empty()

    def _refined(self, image: Image, face: Detections) -> Detections:
        """Confirm a doubtful face, or refine the box of a small one."""
        box = face.xyxy[0]
        if face.score[0] < TRUSTED_SCORE:
            return self._confirmed(image, box)
        if _side(box) >= SMALL_IN_VIEW * max(image.shape[:2]):
            return face
        match = self._redetect(image, box, CONFIRMATION_SCALES[0])
        return Detections(match.xyxy, face.score, match.landmarks) if len(match) else face

    def _redetect(self, image: Image, box: Floats, scale: float) -> Detections:
        crop, corner = square_crop(image, box, scale)
        faces = self._detector(crop).moved(offset=corner)
        overlap = iou_matrix(box[None], faces.xyxy)[0]
        if overlap.max(initial=0) < CONFIRMATION_IOU:
            return Detections.empty()
        return faces.take(np.array([overlap.argmax()]))


def square_crop(image: Image, box: Floats, scale: float) -> tuple[Image, tuple[int, int]]:
    """Crop a square around `box` with `scale` times its side; black past the image's border.

    Returns:
        The crop, and the position ``(x, y)`` of its top left pixel in the image.
    """
    centre = (box[:2] + box[2:]) / 2
    side = max(2, round(_side(box) * scale))
    left, top = (int(v) for v in np.round(centre - side / 2))
    height, full_width = image.shape[:2]
    x0, x1 = np.clip([left, left + side], 0, full_width)
    y0, y1 = np.clip([top, top + side], 0, height)
    crop = np.zeros((side, side, 3), np.uint8)
    crop[y0 - top : y1 - top, x0 - left : x1 - left] = image[y0:y1, x0:x1]
    return crop, (left, top)


def _side(box: Floats) -> float:
    return float(np.max(box[2:] - box[:2]))


def is_new(box: Floats, accepted: Detections) -> bool:
    """Return whether a box is neither an accepted face nor a part of one."""
    if not len(accepted):
        return True
    inside = intersection_matrix(box[None], accepted.xyxy)[0] / max(box_area(box[None])[0], 1e-6)
    same = iou_matrix(box[None], accepted.xyxy)[0]
    return bool(inside.max() < PART_OF_FACE and same.max() < SAME_FACE_IOU)


def not_cut(
    xyxy: Floats,
    corner: tuple[int, int],
    tile_hw: tuple[int, int],
    image_hw: tuple[int, int],
) -> NDArray[np.bool_]:
    """Return which boxes are not cut by their tile, except at the border of the image itself."""
    (x, y), (tile_h, tile_w), (image_h, image_w) = corner, tile_hw, image_hw
    left = (xyxy[:, 0] > 0) | (x == 0)
    top = (xyxy[:, 1] > 0) | (y == 0)
    right = (xyxy[:, 2] < tile_w) | (x + tile_w >= image_w)
    bottom = (xyxy[:, 3] < tile_h) | (y + tile_h >= image_h)
    return left & top & right & bottom
