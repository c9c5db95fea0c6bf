"""Propose faces of all sizes in a photograph: what one detector sees in views at several scales."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from fer.detection.blazeface import SAME_FACE_IOU, FaceDetector
from fer.geometry import box_area, iou_matrix, weighted_nms
from fer.types import Detections, Floats, Image

#: Side of the detector's input, and so of a tile, in pixels.
TILE = 256

#: Longer sides of the views, in pixels. Each shows faces about half as large as the one before, and
#: tiles with their margins fit into it without a rest.
VIEWS = (256, 456, 856, 1656)

#: Longest side of a view as a multiple of the photograph's: enlarging adds no detail, but the
#: detector finds faces of 28 pixels far more often than those of 24.
MAX_ENLARGEMENT = 1.35

#: Least detail of a place that can show a face: mean deviation from a blurred copy relative to the
#: brightness. 72 faces of 28 pixels had 0.08 and more, in bad light 0.07, out of focus 0.06.
MIN_DETAIL = 0.06

#: Pixels: standard deviation of that blur, side over which detail is averaged (a small face), and
#: distance of the places.
_BLUR, _WINDOW, _STEP = 3.0, 32, 16

#: Width of a tile's margin, in which a face may be cut off.
_MARGIN = 28


def fine_views(longer: int) -> Iterator[int]:
    """Yield the longer sides of the views beyond the first, for a photograph's longer side.

    The last one is as large as `MAX_ENLARGEMENT` permits; none is close to it.
    """
    largest = min(round(MAX_ENLARGEMENT * longer), VIEWS[-1])
    yield from (side for side in VIEWS[1:] if side < 0.8 * largest)
    if largest > MAX_ENLARGEMENT * VIEWS[0]:
        yield largest


def resized(image: Image, scale: float) -> Image:
    """Return the image at another scale, at least one pixel wide and high."""
    height, width = image.shape[:2]
    size = max(1, round(width * scale)), max(1, round(height * scale))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, size, interpolation=method), np.uint8)


def detailed(view: Image) -> NDArray[np.bool_]:
    """Return where a view has enough detail for a face, at every 16th pixel."""
    grey = cv2.cvtColor(view, cv2.COLOR_RGB2GRAY)
    deviation = cv2.absdiff(grey, cv2.GaussianBlur(grey, (0, 0), _BLUR))
    detail, light = (
        np.asarray(cv2.boxFilter(part, cv2.CV_32F, (_WINDOW, _WINDOW)))[::_STEP, ::_STEP]
        for part in (deviation, grey)
    )
    return np.asarray(detail >= MIN_DETAIL * (light + 10))


def everywhere(view: Image) -> NDArray[np.bool_]:
    """Return all places of a view, as `detailed` returns those with detail."""
    height, width = view.shape[:2]
    return np.ones((-(-height // _STEP), -(-width // _STEP)), np.bool_)


def tiles(needed: NDArray[np.bool_], width: int, height: int) -> list[tuple[int, int]]:
    """Cover places with tiles, whose margins do not count.

    Args:
        needed: the places; row `i` and column `j` are at ``(16 j, 16 i)``.
        width: width of the view in pixels.
        height: height.

    Returns:
        The top left corners ``(x, y)`` of the tiles.
    """
    corners = []
    open_places = needed.copy()
    while open_places.any():
        top = int(np.flatnonzero(open_places.any(axis=1))[0])
        y, last_row = _place(top, height)
        left = int(np.flatnonzero(open_places[top : last_row + 1].any(axis=0))[0])
        x, last_column = _place(left, width)
        corners.append((x, y))
        open_places[top : last_row + 1, left : last_column + 1] = False
    return corners


def _place(first: int, length: int) -> tuple[int, int]:
    """Return where a tile begins that covers a place, and the last place that it covers."""
    start = int(np.clip(first * _STEP - _MARGIN, 0, max(0, length - TILE)))
    end = length if start + TILE >= length else start + TILE - _MARGIN
    return start, max(first, (end - 1) // _STEP)


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


def square_crop(image: Image, box: Floats, scale: float) -> tuple[Image, tuple[int, int]]:
    """Crop a square around `box` with `scale` times its side; black past the image's border.

    Returns:
        The crop, and the position ``(x, y)`` of its top left pixel in the image.
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


#: Border around the whole photograph in an additional view, as a fraction of its longer side. Faces
#: that touch the border, or fill the photograph, are found with it.
PADDING = 0.25

#: Height of a face in a view that counts for its mean logit: the detector sees smaller ones less
#: often, and larger ones not at all in a tile.
SEEN_HEIGHT = (24.0, 200.0)

#: Logit of a view in which a face should be seen, but is not.
MISSED_LOGIT = float(np.log(0.1 / 0.9))

#: Height of a face, as a fraction of the photograph's longer side, from which the photograph is a
#: close-up. Its finest view is left out: people that far behind are out of focus.
CLOSE_UP = 0.25

#: Least score and height in pixels, in its view, of what is proposed.
MIN_SCORE = 0.25
_MIN_HEIGHT = 14.0

#: Scores are kept away from 0 and 1 by this much, so that their logits are finite.
LOGIT_CLIP = 1e-4

#: Score of what is certainly a face in one view.
_CERTAIN = 0.8


@dataclass(frozen=True)
class Proposals:
    """The ``n`` ≥ 0 places that may be faces, largest first.

    Attributes:
        detections: their boxes, highest scores and landmarks, in pixels of the photograph.
        logit: ``(n,)`` float32, mean logit of the score over the views that should show such a
            face.
    """

    detections: Detections
    logit: Floats

    def __len__(self) -> int:
        return len(self.logit)


@dataclass(frozen=True)
class _View:
    """What was found in one view: detections in pixels of the photograph, and its scale."""

    detections: Detections
    scale: float


class Pyramid:
    """Proposes faces, most of which are none; `fer.detection.photo_scan` judges them.

    Args:
        detector: detects faces in an image of up to `TILE` pixels, from `MIN_SCORE` on.
    """

    def __init__(self, detector: FaceDetector) -> None:
        self._detector = detector

    def __call__(self, image: Image) -> Proposals:
        """Return the proposals for `image`, ``(height, width, 3)`` RGB uint8."""
        longer = max(image.shape[:2])
        views = [self._whole(image), self._padded(image)]
        for side in fine_views(longer):
            largest = max((_height(d) for d in _sure(views)), default=0.0)
            if side > VIEWS[-2] and largest >= CLOSE_UP * longer:
                break
            places = everywhere if side <= VIEWS[1] else detailed
            views.append(self._tiled(image, side / longer, places))
        return merged(views)

    def _whole(self, image: Image) -> _View:
        return _View(self._detector(image), TILE / max(image.shape[:2]))

    def _padded(self, image: Image) -> _View:
        border = round(PADDING * max(image.shape[:2]))
        # Scaled first: a border around many megapixels would be copied for nothing.
        scale = min(1.0, TILE / max(image.shape[:2]))
        small = resized(image, scale)
        width = max(1, round(border * scale))
        padded = np.pad(small, ((width, width), (width, width), (0, 0)))
        found = self._detector(padded).moved(offset=(-width, -width))
        return _View(found.moved(scale=1 / scale), TILE / max(padded.shape[:2]) * scale)

    def _tiled(
        self, image: Image, scale: float, places: Callable[[Image], NDArray[np.bool_]]
    ) -> _View:
        view = resized(image, scale)
        parts = []
        for x, y in tiles(places(view), view.shape[1], view.shape[0]):
            tile = np.ascontiguousarray(view[y : y + TILE, x : x + TILE])
            found = self._detector(tile)
            whole = not_cut(found.xyxy, (x, y), tile.shape[:2], view.shape[:2])
            fits = found.xyxy[:, 3] - found.xyxy[:, 1] <= SEEN_HEIGHT[1]
            parts.append(found.take(whole & fits).moved(offset=(x, y)))
        found = weighted_nms(Detections.concatenate(parts), SAME_FACE_IOU)
        return _View(found.moved(scale=1 / scale), scale)


def merged(views: list[_View]) -> Proposals:
    """Merge what several views show of the same place."""
    kept = [v.detections.take(_heights(v.detections) * v.scale >= _MIN_HEIGHT) for v in views]
    found = Detections.concatenate(kept)
    view_of = np.repeat(np.arange(len(views)), [len(part) for part in kept])
    rest = np.argsort(-found.score, kind="stable")
    faces, logits = [], []
    while len(rest):
        same = iou_matrix(found.xyxy[rest[:1]], found.xyxy[rest])[0] >= SAME_FACE_IOU
        same[0] = True
        group, rest = rest[same], rest[~same]
        face = _mean(found.take(group))
        scores = np.full(len(views), 0.0)
        np.maximum.at(scores, view_of[group], found.score[group])
        faces.append(face)
        logits.append(_mean_logit(scores, np.array([v.scale for v in views]) * _height(face)))
    proposals = Detections.concatenate(faces)
    order = np.argsort(-box_area(proposals.xyxy), kind="stable")
    return Proposals(proposals.take(order), np.array(logits, np.float32)[order])


def _mean_logit(scores: NDArray[np.float64], heights: NDArray[np.float64]) -> float:
    """Return the mean logit over the views that show a face at a good height."""
    seen = (heights >= SEEN_HEIGHT[0]) & (heights <= SEEN_HEIGHT[1])
    if not seen.any():
        seen = scores == scores.max()
    logits = np.where(scores[seen] > 0, logit(scores[seen]), MISSED_LOGIT)
    return float(logits.mean())


def logit(scores: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return the logits of a detector's scores; those of 0 and 1 are large, but finite."""
    clipped = np.clip(scores, LOGIT_CLIP, 1 - LOGIT_CLIP)
    return np.asarray(np.log(clipped / (1 - clipped)))


def _mean(same: Detections) -> Detections:
    """Return one face from several detections of it; surer ones count more."""
    weight = same.score**2 / np.sum(same.score**2)
    return Detections(
        np.einsum("n,nk->k", weight, same.xyxy)[None].astype(np.float32),
        same.score.max(keepdims=True),
        np.einsum("n,nkd->kd", weight, same.landmarks)[None].astype(np.float32),
    )


def _sure(views: list[_View]) -> Iterator[Detections]:
    """Yield what is certainly a face by its score in one view."""
    for view in views:
        sure = view.detections.take(view.detections.score >= _CERTAIN)
        yield from (sure.take(np.array([i])) for i in range(len(sure)))


def _heights(detections: Detections) -> Floats:
    return detections.xyxy[:, 3] - detections.xyxy[:, 1]


def _height(face: Detections) -> float:
    return float(face.xyxy[0, 3] - face.xyxy[0, 1])
