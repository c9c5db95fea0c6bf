"""Detect faces that are too small, blurred, dark or turned to be classified reliably.

The limits were measured on FER2013's PublicTest (`python -m tools.quality` repeats this). At
its limit, an issue costs one to two points of accuracy; beyond it, more. The limits are cautious:
they were set where an earlier network lost five points, and that of blur follows the sharper crops.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from fer.types import Detections, Floats

#: Least side of the detector's box in pixels. Accuracy falls by two points at a side of 22, by
#: three at 20 and by nine at 14.
MIN_SIDE = 22.0

#: Least ratio of fine to coarse detail, see `_sharpness`. Gaussian blur with σ = 1 of 48 pixels
#: costs 1.5 points of accuracy, σ = 1.3 two and a half and σ = 2 ten; motion blur over 5 pixels
#: costs eight. This limit marks 73, 99, 100 and 94 % of such faces, and 3 in 1000 uncorrupted ones;
#: at a side of 24, where every picture is soft, 12 in 100.
MIN_SHARPNESS = 0.152

#: Least 95th percentile of the grey levels in the face. With sensor noise of σ = 2 grey levels, a
#: fifth of the light costs 1.8 points of accuracy (all such faces are marked) and 15 % two and a
#: half. Without noise, low light costs nothing, because the network standardises contrast. A
#: percentile is used instead of the mean, because dark skin in ordinary light has highlights well
#: above it.
MIN_LIGHT = 60.0

#: Which percentile that is.
LIGHT_PERCENTILE = 95

#: Largest distance of the nose from the midpoint of the eyes, in half eye distances: at 0 the face
#: is frontal, at 1 the nose is below one eye. The limit is about 40 degrees of yaw. Beyond it,
#: accuracy is 17 points lower and the network is overconfident. Pitch had no measurable cost, and
#: roll is removed by the alignment. The points of the face mesh, or its depth, tell no better which
#: faces will be wrong: among as many most turned faces, 54 to 55 % are right instead of 54 %.
MAX_YAW = 0.8

#: Share of a face's last frames with an issue from which it is marked in a stream.
MARKED_SHARE = 0.5

#: Side in pixels of the crops on which sharpness and light are measured; the network sees the same.
CROP_SIDE = 48

#: Rows and columns of such a crop that show the face, without hair and background.
INSIDE = (slice(12, 44), slice(10, 38))

#: Gaussian σ in crop pixels. Detail below the first scale is fine; between the two it is coarse.
FINE_SIGMA, COARSE_SIGMA = 1.0, 2.5

#: Lines along which detail is measured, pixels ``(right, down)``.
DIRECTIONS = ((1, 0), (1, 1), (0, 1), (-1, 1))

#: Added to energies (grey levels squared), so that rounding does not make a blank face look sharp.
ENERGY_FLOOR = 1.0


def _line_kernel(sigma: float, step: tuple[int, int]) -> Floats:
    """Return a normalised Gaussian along a line ``(right, down)`` as an ``(n, n)`` kernel."""
    reach = round(3 * sigma)
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
    for i in range(-reach, reach + 1):
        distance = i * np.hypot(*step)
        kernel[reach + i * step[1], reach + i * step[0]] = np.exp(-((distance / sigma) ** 2) / 2)
    return np.asarray(kernel / kernel.sum(), np.float32)


#: Kernels for fine and coarse detail in four directions.
_KERNELS = tuple(
    (_line_kernel(FINE_SIGMA, step), _line_kernel(COARSE_SIGMA, step)) for step in DIRECTIONS
)


@dataclass(frozen=True)
class Quality:
    """Image quality of ``n`` faces; every attribute is ``(n,)`` float32.

    Attributes:
        sharpness: ratio of fine to coarse detail.
        light: 95th percentile of the grey levels in the face, 0…255.
    """

    side: Floats
    sharpness: Floats
    light: Floats
    yaw: Floats

    @property
    def issues(self) -> NDArray[np.bool_]:
        """Whether each face has each issue, ``(n, 4)``; columns are `fer.types.ISSUES`."""
        small = self.side < MIN_SIDE
        # Enlarging blurs a small face, so it is marked as small only.
        blurred = (self.sharpness < MIN_SHARPNESS) & ~small
        return np.stack([small, blurred, self.light < MIN_LIGHT, self.yaw > MAX_YAW], axis=1)


def measure(detections: Detections, crops: NDArray[np.uint8]) -> Quality:
    """Measure the image quality of ``n`` faces from their aligned crops, see `fer.alignment`."""
    grey_crops = [_grey(crop) for crop in crops]
    return Quality(
        side=(detections.xyxy[:, 2:] - detections.xyxy[:, :2]).max(axis=1).astype(np.float32),
        sharpness=np.array([_sharpness(face) for face in grey_crops], np.float32),
        light=np.array(
            [np.percentile(face[INSIDE], LIGHT_PERCENTILE) for face in grey_crops], np.float32
        ),
        yaw=yaw(detections.landmarks),
    )


def yaw(landmarks: Floats) -> Floats:
    """Return the unsigned yaw of faces, ``(n,)``: 0 is frontal, at 1 the nose is below an eye.

    It does not depend on roll or scale.
    """
    right, left, nose = landmarks[:, 0], landmarks[:, 1], landmarks[:, 2]
    axis = left - right
    # In full profile the eyes coincide. That is the largest yaw, not an error.
    squared = np.maximum((axis**2).sum(axis=1), 1e-6)
    along = ((nose - (left + right) / 2) * axis).sum(axis=1) / squared
    return np.abs(2 * along).astype(np.float32)


def _grey(crop: NDArray[np.uint8]) -> Floats:
    grey = crop[..., 0] if crop.shape[2] == 1 else cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)
    if len(grey) != CROP_SIDE:
        grey = cv2.resize(grey, (CROP_SIDE, CROP_SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(grey, np.float32)


def _sharpness(face: Floats) -> float:
    """Return the least ratio, over four directions, of fine-detail to coarse-detail energy.

    Contrast and light scale both energies alike, so only blur changes the ratio. The usual measure,
    the variance of the Laplacian, marked three times as many small faces as blurred. The minimum
    over directions is taken because a moving head or camera blurs in one direction only.
    """
    ratios = []
    for fine_kernel, coarse_kernel in _KERNELS:
        soft, softer = cv2.filter2D(face, -1, fine_kernel), cv2.filter2D(face, -1, coarse_kernel)
        fine, coarse = (face - soft)[INSIDE].var(), (soft - softer)[INSIDE].var()
        ratios.append((fine + ENERGY_FLOOR * MIN_SHARPNESS) / (coarse + ENERGY_FLOOR))
    return float(min(ratios))
