"""What tests of several modules of `fer` need."""

from __future__ import annotations

import cv2
import numpy as np

from fer.model.class_activation import ClassActivation
from fer.types import Floats


def heat_in_photo(made: ClassActivation, label: str, size_wh: tuple[int, int]) -> Floats:
    """Return a map in the photograph's place, ``(height, width)``; 0 outside the face."""
    side = 192
    back = cv2.invertAffineTransform(made.to_frame * side)
    # OpenCV counts from pixel centres.
    matrix = np.column_stack([back[:, :2], back @ [0.5, 0.5, 1] - 0.5])
    return np.asarray(cv2.warpAffine(made.heatmap(label, side), matrix, size_wh), np.float32)
