"""Finding the small faces of a still photograph: tiles at further scales, then a closer look."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fer.detection.blazeface import SAME_FACE_IOU, FaceDetector
from fer.geometry import box_area, intersection_matrix, iou_matrix, square_tiles, weighted_nms
from fer.types import Detections, Floats, Image

#: Sides of the tiles, as shares of the image's longer side. A face of 8 % of a view is found, so
#: these reach faces of 4, 2 and 1.3 % of the image.
TILE_SHARES = (1 / 2, 1 / 4, 1 / 6)

#: Share of its side that a tile has in common with the next, so that a face up to that size is
#: whole in at least one of them.
TILE_OVERLAP = 0.3

#: Side in pixels under which a face carries no expression. Also the size below which patterns of
#: cloth and leaves begin to pass for faces.
MIN_FACE = 18

#: Score from which a face of the whole view needs no confirmation.
TRUSTED_SCORE = 0.8

#: A doubtful face is looked at again in squares this many times its size. A real face is seen in
#: all of them (mean score 0.74 and more on the photographs tried), while an eye, a letter or a
#: coffee cup that passes for a face in one vanishes in another (0.66 and less).
LOOK_WIDTHS = (2.6, 1.6, 3.5, 2.0)
LOOK_MEAN_SCORE = 0.72

#: Overlap from which a closer look has found the same face again.
LOOK_IOU = 0.35

#: Share of the longer side below which a face of the whole view gains from a closer look.
SMALL_IN_VIEW = 0.25

#: Share of a box inside a larger face from which it is a part of that face: an eye, a mouth.
PART_OF_FACE = 0.5


class PhotoScan:
    """Finds faces of all sizes in a still photograph.

    Every tile is one more chance to see a face where there is none, so what only a tile has seen,
    or the whole view not clearly, must be confirmed at several magnifications.

    Args:
        detector: finds faces in one view.
    """

    def __init__(self, detector: FaceDetector) -> None:
        self._detector = detector

    def __call__(self, image: Image) -> Detections:
        """Return the faces of `image`, ``(height, width, 3)`` RGB uint8, largest first."""
        whole = self._detector(image)
        accepted = [self._checked(image, whole.take(np.array([i]))) for i in range(len(whole))]
        in_tiles = weighted_nms(Detections.concatenate(self._tiles(image)), SAME_FACE_IOU)
        for i in np.argsort(-box_area(in_tiles.xyxy), kind="stable"):
            box = in_tiles.xyxy[i]
            if _is_new(box, Detections.concatenate(accepted)):
                accepted.append(self._confirmed(image, box))
        found = weighted_nms(Detections.concatenate(accepted), SAME_FACE_IOU)
        return found.take(np.argsort(-box_area(found.xyxy), kind="stable"))

    def _tiles(self, image: Image) -> list[Detections]:
        height, width = image.shape[:2]
        found = []
        for side in (round(max(height, width) * share) for share in TILE_SHARES):
            for x, y in square_tiles(width, height, side, TILE_OVERLAP) if side > MIN_FACE else []:
                tile = image[y : y + side, x : x + side]
                faces = self._detector(tile)
                whole = _not_cut(faces.xyxy, (x, y), tile.shape[:2], (height, width))
                found.append(faces.take(whole).moved(offset=(x, y)))
        return found

    def _confirmed(self, image: Image, box: Floats) -> Detections:
        """Return the face at `box` if it is seen at every magnification, else none."""
        looks: list[Detections] = []
        for width in LOOK_WIDTHS:
            look = self._look(image, box, width)
            if not len(look) or _side(look.xyxy[0]) < MIN_FACE:
                return Detections.empty()
            looks.append(look)
        mean = np.mean([look.score[0] for look in looks])
        return looks[0] if mean >= LOOK_MEAN_SCORE else Detections.empty()

    def _checked(self, image: Image, face: Detections) -> Detections:
        """Return a face of the whole view, drawn sharper where it is small; none if in doubt."""
        box = face.xyxy[0]
        if face.score[0] < TRUSTED_SCORE:
            return self._confirmed(image, box)
        if _side(box) >= SMALL_IN_VIEW * max(image.shape[:2]):
            return face
        look = self._look(image, box, LOOK_WIDTHS[0])
        return Detections(look.xyxy, face.score, look.landmarks) if len(look) else face

    def _look(self, image: Image, box: Floats, width: float) -> Detections:
        crop, corner = square_crop(image, box, width)
        faces = self._detector(crop).moved(offset=corner)
        overlap = iou_matrix(box[None], faces.xyxy)[0]
        if overlap.max(initial=0) < LOOK_IOU:
            return Detections.empty()
        return faces.take(np.array([overlap.argmax()]))


def square_crop(image: Image, box: Floats, width: float) -> tuple[Image, tuple[int, int]]:
    """Cut a square `width` times as large as `box` around it; black past the border.

    Returns:
        The crop, and the image position ``(x, y)`` of its top left pixel.
    """
    centre = (box[:2] + box[2:]) / 2
    side = max(2, round(_side(box) * width))
    left, top = (int(v) for v in np.round(centre - side / 2))
    height, full_width = image.shape[:2]
    x0, x1 = np.clip([left, left + side], 0, full_width)
    y0, y1 = np.clip([top, top + side], 0, height)
    crop = np.zeros((side, side, 3), np.uint8)
    crop[y0 - top : y1 - top, x0 - left : x1 - left] = image[y0:y1, x0:x1]
    return crop, (left, top)


def _side(box: Floats) -> float:
    return float(np.max(box[2:] - box[:2]))


def _is_new(box: Floats, accepted: Detections) -> bool:
    """Tell whether a box is neither a face that is known already nor a part of one."""
    if not len(accepted):
        return True
    inside = intersection_matrix(box[None], accepted.xyxy)[0] / max(box_area(box[None])[0], 1e-6)
    same = iou_matrix(box[None], accepted.xyxy)[0]
    return bool(inside.max() < PART_OF_FACE and same.max() < SAME_FACE_IOU)


def _not_cut(
    xyxy: Floats,
    corner: tuple[int, int],
    tile_hw: tuple[int, int],
    image_hw: tuple[int, int],
) -> NDArray[np.bool_]:
    """Tell which boxes of a tile end inside it, or at the border of the image itself."""
    (x, y), (tile_h, tile_w), (image_h, image_w) = corner, tile_hw, image_hw
    left = (xyxy[:, 0] > 0) | (x == 0)
    top = (xyxy[:, 1] > 0) | (y == 0)
    right = (xyxy[:, 2] < tile_w) | (x + tile_w >= image_w)
    bottom = (xyxy[:, 3] < tile_h) | (y + tile_h >= image_h)
    return left & top & right & bottom
