"""Boxes and planar transforms. Boxes are ``xyxy`` in pixels; points are ``(x, y)``."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fer.types import Detections, Floats


def box_area(xyxy: Floats) -> Floats:
    """Return the areas ``(n,)`` of ``(n, 4)`` boxes; 0 for a box whose corners are swapped."""
    return np.prod(np.maximum(xyxy[:, 2:] - xyxy[:, :2], 0), axis=1)


def intersection_matrix(a: Floats, b: Floats) -> Floats:
    """Return the intersection area of each box in `a` with each box in `b`, ``(n, m)``."""
    top_left = np.maximum(a[:, None, :2], b[None, :, :2])
    bottom_right = np.minimum(a[:, None, 2:], b[None, :, 2:])
    return np.prod(np.maximum(bottom_right - top_left, 0), axis=2)


def iou_matrix(a: Floats, b: Floats) -> Floats:
    """Return the intersection over union (IoU) of each box in `a` and `b`, ``(n, m)`` in 0…1."""
    overlap = intersection_matrix(a, b)
    union = box_area(a)[:, None] + box_area(b)[None] - overlap
    return np.divide(overlap, union, out=np.zeros_like(overlap), where=union > 0)


def weighted_nms(detections: Detections, iou: float) -> Detections:
    """Merge detections of the same face (at least this IoU) into their mean, weighted by score.

    This is the weighted non-maximum suppression of BlazeFace (Bazarevsky et al. 2019, section 3.3),
    whose boxes jitter less from frame to frame than the single best ones. Highest scores come
    first.
    """
    rest = detections.take(np.argsort(-detections.score, kind="stable"))
    merged = []
    while len(rest):
        same = iou_matrix(rest.xyxy[:1], rest.xyxy)[0] >= iou
        same[0] = True  # a box without area has an IoU of 0 even with itself
        group, rest = rest.take(same), rest.take(~same)
        merged.append(weighted_mean(group, group.score))
    return Detections.concatenate(merged)


def weighted_mean(group: Detections, weight: Floats) -> Detections:
    """Return one detection from several of one face, the highest score of which is the first."""
    share = weight / np.sum(weight)
    return Detections(
        np.einsum("n,nk->k", share, group.xyxy)[None],
        group.score[:1],
        np.einsum("n,nkd->kd", share, group.landmarks)[None],
    )


def similarity(source: NDArray, target: NDArray) -> NDArray[np.float64]:
    """Fit the rotation, scale and translation that map ``(n, 2)`` points, n ≥ 2, to others.

    This is the closed-form least-squares solution without reflection. With points written as
    complex numbers, the map is ``z → a z + b``, and `a` is a ratio of two inner products. The 2×3
    matrix is applied to columns ``(x, y, 1)``. ValueError if all source points coincide.
    """
    z = source.astype(np.float64) @ np.array([1, 1j])
    w = target.astype(np.float64) @ np.array([1, 1j])
    z_mean, w_mean = z.mean(), w.mean()
    spread = np.sum(np.abs(z - z_mean) ** 2)
    if spread < 1e-12:
        raise ValueError("expected at least two different points, got all in one place")
    a = np.sum(np.conj(z - z_mean) * (w - w_mean)) / spread
    b = w_mean - a * z_mean
    return np.array([[a.real, -a.imag, b.real], [a.imag, a.real, b.imag]])


def transform_points(matrix: NDArray, points: NDArray) -> NDArray:
    """Apply a 2×3 matrix to ``(..., 2)`` points."""
    return points @ matrix[:, :2].T + matrix[:, 2]


def transform_scale(matrix: NDArray) -> float:
    """Return the scale factor of a 2×3 similarity matrix."""
    return float(np.hypot(matrix[0, 0], matrix[1, 0]))
