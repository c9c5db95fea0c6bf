"""Detect the faces in a photograph, of all sizes and at any angle.

One rule: places are proposed in views at several scales, and a face is where there is enough
evidence of one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from fer.detection.blazeface import SAME_FACE_IOU, BlazeFace, FaceDetector
from fer.detection.evidence import MIN_EVIDENCE, Evidence, FaceLandmark, logit
from fer.geometry import (
    box_area,
    intersection_matrix,
    iou_matrix,
    transform_points,
    weighted_mean,
    weighted_nms,
)
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
_MIN_DETAIL = 0.06

#: Pixels: standard deviation of that blur, side over which detail is averaged (a small face), and
#: distance of the places.
_BLUR, _WINDOW, _STEP = 3.0, 32, 16

#: Width of a tile's margin, in which a face may be cut off.
_MARGIN = 28

#: Border around the whole photograph in an additional view, as a fraction of its longer side. Faces
#: that touch the border, or fill the photograph, are found with it.
_PADDING = 0.25

#: Height of a face in a view that counts for its mean logit: the detector sees smaller ones less
#: often, and larger ones not at all in a tile.
_SEEN_HEIGHT = (24.0, 200.0)

#: Logit of a view in which a face should be seen, but is not.
MISSED_LOGIT = float(np.log(0.1 / 0.9))

#: Height of a face, as a fraction of the photograph's longer side, from which the photograph is a
#: close-up. Its finest view is left out: people that far behind are out of focus.
_CLOSE_UP = 0.25

#: Least score and height in pixels, in its view, of what is proposed.
MIN_SCORE = 0.25
_MIN_HEIGHT = 14.0

#: Score of what is certainly a face in one view.
_CERTAIN = 0.8


class Proposals(NamedTuple):
    """The ``n`` ≥ 0 places that may be faces, largest first.

    Attributes:
        logit: ``(n,)`` float32, mean logit of the score over the views that should show such a
            face.
    """

    detections: Detections
    logit: Floats


class _View(NamedTuple):
    """What was found in one view: detections in pixels of the photograph, and its scale."""

    detections: Detections
    scale: float


def propose(image: Image, detector: FaceDetector) -> Proposals:
    """Return places that may be faces, most of which are none.

    The detector finds them in images of up to `TILE` pixels, from `MIN_SCORE` on.
    """
    longer = max(image.shape[:2])
    views = [_View(detector(image), TILE / longer), _padded(image, detector)]
    for side in fine_views(longer):
        if side > VIEWS[-2] and _largest_sure(views) >= _CLOSE_UP * longer:
            break
        places = _everywhere if side <= VIEWS[1] else detailed
        views.append(_tiled(image, detector, side / longer, places))
    return _merged(views)


def _largest_sure(views: list[_View]) -> float:
    sure = (v.detections.take(v.detections.score >= _CERTAIN) for v in views)
    return float(_heights(Detections.concatenate([*sure])).max(initial=0.0))


def fine_views(longer: int) -> Iterator[int]:
    """Yield the longer sides of the views beyond the first, for a photograph's longer side.

    The last one is as large as `MAX_ENLARGEMENT` permits; none is close to it.
    """
    largest = min(round(MAX_ENLARGEMENT * longer), VIEWS[-1])
    yield from (side for side in VIEWS[1:] if side < 0.8 * largest)
    if largest > MAX_ENLARGEMENT * VIEWS[0]:
        yield largest


def _padded(image: Image, detector: FaceDetector) -> _View:
    border = round(_PADDING * max(image.shape[:2]))
    # Scaled first: a border around many megapixels would be copied for nothing.
    scale = min(1.0, TILE / max(image.shape[:2]))
    width = max(1, round(border * scale))
    padded = np.pad(_resized(image, scale), ((width, width), (width, width), (0, 0)))
    found = detector(padded).moved(offset=(-width, -width))
    return _View(found.moved(scale=1 / scale), TILE / max(padded.shape[:2]) * scale)


def _tiled(
    image: Image, detector: FaceDetector, scale: float, places: Callable[[Image], NDArray[np.bool_]]
) -> _View:
    view = _resized(image, scale)
    parts = []
    for x, y in tiles(places(view), view.shape[1], view.shape[0]):
        tile = np.ascontiguousarray(view[y : y + TILE, x : x + TILE])
        found = detector(tile)
        whole = not_cut(found.xyxy, (x, y), tile.shape[:2], view.shape[:2])
        parts.append(found.take(whole & (_heights(found) <= _SEEN_HEIGHT[1])).moved(offset=(x, y)))
    found = weighted_nms(Detections.concatenate(parts), SAME_FACE_IOU)
    return _View(found.moved(scale=1 / scale), scale)


def _resized(image: Image, scale: float) -> Image:
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
    return np.asarray(detail >= _MIN_DETAIL * (light + 10))


def _everywhere(view: Image) -> NDArray[np.bool_]:
    height, width = view.shape[:2]
    return np.ones((-(-height // _STEP), -(-width // _STEP)), np.bool_)


def tiles(needed: NDArray[np.bool_], width: int, height: int) -> list[tuple[int, int]]:
    """Cover places of a view with tiles, whose margins do not count; return their corners (x, y).

    Row `i` and column `j` of the places are at ``(16 j, 16 i)``; the view has a width and height in
    pixels.
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
    xyxy: Floats, corner: tuple[int, int], tile_hw: tuple[int, int], view_hw: tuple[int, int]
) -> NDArray[np.bool_]:
    """Return which boxes are not cut by their tile, except at the border of the view itself."""
    (x, y), (tile_h, tile_w), (view_h, view_w) = corner, tile_hw, view_hw
    left = (xyxy[:, 0] > 0) | (x == 0)
    top = (xyxy[:, 1] > 0) | (y == 0)
    right = (xyxy[:, 2] < tile_w) | (x + tile_w >= view_w)
    bottom = (xyxy[:, 3] < tile_h) | (y + tile_h >= view_h)
    return left & top & right & bottom


def _merged(views: list[_View]) -> Proposals:
    kept = [v.detections.take(_heights(v.detections) * v.scale >= _MIN_HEIGHT) for v in views]
    found = Detections.concatenate(kept)
    view_of = np.repeat(np.arange(len(views)), [len(part) for part in kept])
    scales = np.array([view.scale for view in views])
    rest = np.argsort(-found.score, kind="stable")
    faces, logits = [], []
    while len(rest):
        same = iou_matrix(found.xyxy[rest[:1]], found.xyxy[rest])[0] >= SAME_FACE_IOU
        same[0] = True
        group, rest = rest[same], rest[~same]
        same_face = found.take(group)
        face = weighted_mean(same_face, same_face.score**2)  # surer ones count more
        scores = np.zeros(len(views))
        np.maximum.at(scores, view_of[group], found.score[group])
        faces.append(face)
        logits.append(_mean_logit(scores, scales * _heights(face)))
    proposals = Detections.concatenate(faces)
    order = np.argsort(-box_area(proposals.xyxy), kind="stable")
    return Proposals(proposals.take(order), np.array(logits, np.float32)[order])


def _mean_logit(scores: NDArray[np.float64], heights: NDArray[np.float64]) -> float:
    """Return the mean logit over the views that show a face at a good height."""
    seen = (heights >= _SEEN_HEIGHT[0]) & (heights <= _SEEN_HEIGHT[1])
    if not seen.any():
        seen = scores == scores.max()
    return float(np.where(scores[seen] > 0, logit(scores[seen]), MISSED_LOGIT).mean())


def _heights(detections: Detections) -> Floats:
    return detections.xyxy[:, 3] - detections.xyxy[:, 1]


#: Least side of a face in pixels. Smaller faces show no recognisable expression.
MIN_FACE = 18

#: Least evidence of a face that needs no search in the turned photograph, and of one found there.
SURE_EVIDENCE = 10.0

#: Least score, in any view, of a place worth a close look.
_LOOK_SCORE = 0.35

#: Fraction of a box inside a larger face from which it is a part of that face, such as an eye.
_PART_OF_FACE = 0.5

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

#: Gives the evidence ``(n,)`` that each place shows a face, from its mean logits; an `Evidence`.
Judge = Callable[[Image, Detections, Floats], Floats]


class PhotoScan:
    """Detects faces of all sizes, and at any angle if there are no upright ones.

    A detector proposes faces in a view, and a judge says which of them are.
    """

    def __init__(self, detector: FaceDetector, judge: Judge) -> None:
        self._detector, self._judge = detector, judge

    @classmethod
    def load(cls, *, threads: int = 1) -> PhotoScan:
        """Load the networks, or raise a ModelError that says what to install."""
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
        both = Detections.concatenate([found, faces.take(others)])
        return both.take(np.argsort(-box_area(both.xyxy), kind="stable"))

    def _scan(self, image: Image) -> tuple[Detections, Floats]:
        """Return the faces of an image as it is, and the evidence of each, ``(n,)``."""
        proposals = propose(image, self._detector)
        accepted, figures = Detections.empty(), []
        for i in np.flatnonzero(proposals.detections.score >= _LOOK_SCORE).tolist():
            face = proposals.detections.take(np.array([i]))
            side = float(np.max(face.xyxy[0, 2:] - face.xyxy[0, :2]))
            if side < MIN_FACE or not _is_new(face.xyxy, accepted):
                continue
            evidence = float(self._judge(image, face, proposals.logit[i : i + 1])[0])
            if evidence >= MIN_EVIDENCE:
                accepted = Detections.concatenate([accepted, face])
                figures.append(evidence)
        return accepted, np.array(figures, np.float32)

    def _turned(self, image: Image, turns: tuple[int, ...]) -> Detections:
        """Return the faces of the photograph at the first angle at which one is sure."""
        small = _resized(image, min(1.0, _TURNED_SIDE / max(image.shape[:2])))
        for degrees in turns:
            _, evidence = self._scan(turned(small, degrees))
            if evidence.max(initial=-np.inf) >= SURE_EVIDENCE:
                scale = min(1.0, _LARGEST_SIDE / max(image.shape[:2]))
                large = _resized(image, scale)
                faces, _ = self._scan(turned(large, degrees))
                return turned_back(faces, degrees, large.shape[:2]).moved(scale=1 / scale)
        return Detections.empty()


def _is_new(box: Floats, accepted: Detections) -> bool:
    """Return whether a box ``(1, 4)`` is neither an accepted face nor a part of one."""
    inside = intersection_matrix(box, accepted.xyxy)[0] / max(box_area(box)[0], 1e-6)
    same = iou_matrix(box, accepted.xyxy)[0]
    return bool(inside.max(initial=0) < _PART_OF_FACE and same.max(initial=0) < SAME_FACE_IOU)


def turned(image: Image, degrees: float) -> Image:
    """Return the image turned clockwise about its middle; it grows, and is black around it."""
    matrix, size = _turn(image.shape, degrees)
    # OpenCV's pixels are points in the middle of squares.
    matrix[:, 2] += matrix[:, :2] @ (0.5, 0.5) - 0.5
    return np.asarray(cv2.warpAffine(image, matrix, size, flags=cv2.INTER_LINEAR), np.uint8)


def turned_back(faces: Detections, degrees: float, shape: tuple[int, ...]) -> Detections:
    """Return faces of an image that was turned clockwise in pixels of the image as it was.

    The shape is its height and width before it was turned.
    """
    back = cv2.invertAffineTransform(_turn(shape, degrees)[0])
    # A detector's box is upright, and about as large around a turned face as around an upright one.
    middles = transform_points(back, (faces.xyxy[:, :2] + faces.xyxy[:, 2:]) / 2)
    half = (faces.xyxy[:, 2:] - faces.xyxy[:, :2]) / 2
    return Detections(
        np.concatenate([middles - half, middles + half], axis=1).astype(np.float32),
        faces.score,
        transform_points(back, faces.landmarks).astype(np.float32),
    )


def _turn(shape: tuple[int, ...], degrees: float) -> tuple[NDArray[np.float64], tuple[int, int]]:
    """Return the 2×3 matrix that turns an image clockwise, and its width and height then."""
    height, width = shape[:2]
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    linear = np.array([[cosine, -sine], [sine, cosine]])
    new_width, new_height = np.round(np.abs(linear) @ (width, height)).astype(int).tolist()
    offset = np.array([new_width, new_height]) / 2 - linear @ (width / 2, height / 2)
    return np.column_stack([linear, offset]), (new_width, new_height)
