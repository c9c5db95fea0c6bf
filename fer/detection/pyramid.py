"""Propose faces of all sizes in a photograph: what one detector sees in views at several scales."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fer.detection.blazeface import SAME_FACE_IOU, FaceDetector
from fer.detection.views import (
    TILE,
    VIEWS,
    detailed,
    everywhere,
    fine_views,
    not_cut,
    resized,
    tiles,
)
from fer.geometry import box_area, iou_matrix, weighted_nms
from fer.types import Detections, Floats, Image

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
