"""Propose faces of all sizes in a photograph: views at several scales.

The coarse views show the whole photograph. The fine ones are searched only where there is enough
detail for a face: a wall, the sky or what is out of focus has none, and most of a photograph's
pixels are there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from fer.detection.blazeface import SAME_FACE_IOU, FaceDetector
from fer.detection.tiled import not_cut
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
CLOSE_UP = 0.3

#: Least detail of a place that can show a face: mean deviation from a blurred copy relative to the
#: brightness. 72 faces of 28 pixels had 0.08 and more, in bad light 0.07, out of focus 0.06.
MIN_DETAIL = 0.06

#: Pixels: standard deviation of that blur, side over which detail is averaged (a small face), and
#: distance of the places.
_BLUR, _WINDOW, _STEP = 3.0, 32, 16

#: Width of a tile's margin, in which a face may be cut off.
_MARGIN = 28

#: Least score and height in pixels, in its view, of what is proposed.
MIN_SCORE = 0.25
_MIN_HEIGHT = 14.0


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
    """Proposes faces, most of which are none; `benchmarks.detection.proposed_scan` judges them.

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
            views.append(self._tiled(image, side / longer, everywhere=side <= VIEWS[1]))
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

    def _tiled(self, image: Image, scale: float, *, everywhere: bool) -> _View:
        view = resized(image, scale)
        needed = np.ones_like(detailed(view)) if everywhere else detailed(view)
        parts = []
        for x, y in tiles(needed, view.shape[1], view.shape[0]):
            tile = np.ascontiguousarray(view[y : y + TILE, x : x + TILE])
            found = self._detector(tile)
            whole = not_cut(found.xyxy, (x, y), tile.shape[:2], view.shape[:2])
            fits = found.xyxy[:, 3] - found.xyxy[:, 1] <= SEEN_HEIGHT[1]
            parts.append(found.take(whole & fits).moved(offset=(x, y)))
        found = weighted_nms(Detections.concatenate(parts), SAME_FACE_IOU)
        return _View(found.moved(scale=1 / scale), scale)


def fine_views(longer: int) -> Iterator[int]:
    """Yield the longer sides of the views beyond the first, for a photograph's longer side.

    The last one is as large as `MAX_ENLARGEMENT` permits; none is close to it.
    """
    largest = min(round(MAX_ENLARGEMENT * longer), VIEWS[-1])
    yield from (side for side in VIEWS[1:] if side < 0.8 * largest)
    if largest > MAX_ENLARGEMENT * VIEWS[0]:
        yield largest


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
    clipped = np.clip(scores[seen], 1e-4, 1 - 1e-4)
    logits = np.where(scores[seen] > 0, np.log(clipped / (1 - clipped)), MISSED_LOGIT)
    return float(logits.mean())


def _mean(same: Detections) -> Detections:
    """Return one face from several detections of it; surer ones count more."""
    weight = same.score**2 / np.sum(same.score**2)
    return Detections(
        np.einsum("n,nk->k", weight, same.xyxy)[None].astype(np.float32),
        same.score.max(keepdims=True),
        np.einsum("n,nkd->kd", weight, same.landmarks)[None].astype(np.float32),
    )


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


def _sure(views: list[_View]) -> Iterator[Detections]:
    """Yield what is certainly a face by its score in one view."""
    for view in views:
        sure = view.detections.take(view.detections.score >= 0.8)
        yield from (sure.take(np.array([i])) for i in range(len(sure)))


def _heights(detections: Detections) -> Floats:
    return detections.xyxy[:, 3] - detections.xyxy[:, 1]


def _height(face: Detections) -> float:
    return float(face.xyxy[0, 3] - face.xyxy[0, 1])
