"""How well a face can be seen: too small, blurred, dark or turned for a reliable answer.

Each limit was measured on FER2013's PublicTest (`python -m benchmarks.quality` repeats it): a flaw
is marked from where it costs about two points of accuracy, and what is worse costs more. The limits
were set where the network before this one lost five, so they are on the cautious side.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from fer.types import Detections, Floats

#: Side of the detector's box in pixels. A face of 22 costs 2.4 points, of 20 three, of 14 nine.
MIN_SIDE = 22.0

#: Fine detail over coarse detail in the direction that has least, see `_sharpness`. Gaussian blur
#: of σ = 1 pixel of 48 costs 2.4 points, of 1.3 four and of 2 eleven, motion over 5 pixels seven.
#: Marked are 50, 96, 100 and 93 % of such faces, and 3 in 1000 of faces as they are.
MIN_SHARPNESS = 0.126

#: Grey level that the brightest twentieth of the face reaches. With a sensor's noise of σ = 2 grey
#: levels, 2.2 points are lost at a fifth of the light, all of which is marked, and four at 15 %;
#: without noise none, as the network standardises contrast.
#: Not lower light, and not the mean, decides: dark skin in ordinary light has its highlights well
#: above this.
MIN_LIGHT = 60.0

#: How far the nose stands from the middle between the eyes, in halves of their distance: 0 is
#: frontal, 1 is below one eye; this is about 40 degrees. Beyond it 18 points are lost, and the
#: network is surer than it should be. Nodding up or down cost nothing that could be measured, and
#: tilt is undone by the alignment.
MAX_YAW = 0.8

#: Side of the crops that sharpness and light are measured on: what the network sees.
_SIDE = 48

#: The inside of the face in such a crop, without hair and background: rows, columns.
_INSIDE = (slice(12, 44), slice(10, 38))

#: Gaussian σ in pixels of the crop: below the first is fine detail, between them coarse.
_FINE, _COARSE = 1.0, 2.5

#: Added to energies (grey levels squared): a blank face is not sharp by its rounding.
_FLOOR = 1.0


def _line_kernel(sigma: float, step: tuple[int, int]) -> Floats:
    """Return a Gaussian along a line, ``(n, n)``, n odd, that sums to 1; `step` is right, down."""
    reach = round(3 * sigma)
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
    for i in range(-reach, reach + 1):
        distance = i * np.hypot(*step)
        kernel[reach + i * step[1], reach + i * step[0]] = np.exp(-((distance / sigma) ** 2) / 2)
    return np.asarray(kernel / kernel.sum(), np.float32)


#: Of fine and of coarse detail, in four directions.
_KERNELS = tuple(
    (_line_kernel(_FINE, step), _line_kernel(_COARSE, step))
    for step in ((1, 0), (1, 1), (0, 1), (-1, 1))
)


@dataclass(frozen=True)
class Quality:
    """What was measured about the pictures of ``n`` faces, all ``(n,)`` float32.

    Attributes:
        side: of the detector's box, in pixels.
        sharpness: fine detail over coarse detail.
        light: grey level that the brightest twentieth of the face reaches, 0…255.
        yaw: how far the nose is from the middle between the eyes, in halves of their distance.
    """

    side: Floats
    sharpness: Floats
    light: Floats
    yaw: Floats

    @property
    def flaws(self) -> NDArray[np.bool_]:
        """What is wrong, ``(n, 4)``; columns are `fer.types.FLAWS`."""
        small = self.side < MIN_SIDE
        # Enlarging makes a small face soft; one reason is enough.
        blurred = (self.sharpness < MIN_SHARPNESS) & ~small
        return np.stack([small, blurred, self.light < MIN_LIGHT, self.yaw > MAX_YAW], axis=1)


def measure(found: Detections, crops: NDArray[np.uint8]) -> Quality:
    """Measure how well faces can be seen.

    Args:
        found: the faces, in pixels of the picture.
        crops: the same faces aligned, ``(n, size, size, channels)`` uint8, see `fer.alignment`.
    """
    seen = [_grey(crop) for crop in crops]
    return Quality(
        side=(found.xyxy[:, 2:] - found.xyxy[:, :2]).max(axis=1).astype(np.float32),
        sharpness=np.array([_sharpness(face) for face in seen], np.float32),
        light=np.array([_light(face) for face in seen], np.float32),
        yaw=yaw(found.landmarks),
    )


def yaw(landmarks: Floats) -> Floats:
    """Return how far faces are turned to a side, ``(n,)``: 0 frontal, 1 nose below an eye.

    Args:
        landmarks: ``(n, 6, 2)`` points, see `fer.types.LANDMARKS`; tilt and size do not matter.
    """
    right, left, nose = landmarks[:, 0], landmarks[:, 1], landmarks[:, 2]
    axis = left - right
    # In a full profile the eyes fall together; that is as turned as can be, not an error.
    squared = np.maximum((axis**2).sum(axis=1), 1e-6)
    along = ((nose - (left + right) / 2) * axis).sum(axis=1) / squared
    return np.abs(2 * along).astype(np.float32)


def _grey(crop: NDArray[np.uint8]) -> Floats:
    """Return a crop as the network sees it, ``(48, 48)`` in grey levels."""
    grey = crop[..., 0] if crop.shape[2] == 1 else cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)
    if len(grey) != _SIDE:
        grey = cv2.resize(grey, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(grey, np.float32)


def _sharpness(face: Floats) -> float:
    """Return the energy of fine detail over that of coarse detail, in the direction with least.

    Both shrink alike with contrast and light, so only blur changes their ratio: the variance of the
    Laplacian, the usual measure, took three times as many small faces for blurred ones. A moving
    head or camera blurs in one direction only.
    """
    ratios = []
    for fine_kernel, coarse_kernel in _KERNELS:
        soft, softer = cv2.filter2D(face, -1, fine_kernel), cv2.filter2D(face, -1, coarse_kernel)
        fine, coarse = (face - soft)[_INSIDE].var(), (soft - softer)[_INSIDE].var()
        ratios.append((fine + _FLOOR * MIN_SHARPNESS) / (coarse + _FLOOR))
    return float(min(ratios))


def _light(face: Floats) -> float:
    return float(np.percentile(face[_INSIDE], 95))
