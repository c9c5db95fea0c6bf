"""Class activation maps: which regions of a face contribute to each expression.

The network ends in global average pooling and one dense layer, so a logit is exactly the mean of
the contributions of all cells of the last feature grid, plus a bias (Zhou et al. 2016). Softmax
ignores a constant that is added to all logits, so each cell's mean over the expressions is
subtracted from its contributions.

A cell of the grid has a large receptive field. Its most sensitive region was measured by occluding
parts of images. For inner cells, it lies within 2.5 of 48 pixels of the cell's centre; for the
outermost cells, about one cell further in. So the map is as coarse as it looks.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from fer.alignment import Framing, frame_transform, warp
from fer.types import Detections, Floats, Image


@dataclass(frozen=True)
class ClassActivation:
    """Contribution of each region of one face to each expression.

    Attributes:
        maps: ``(rows, columns, k)`` float32 in logit units, from the top left to the bottom right
            of the aligned face. Values above 0 support the expression, values below 0 oppose it.
            The sum over the ``k`` expressions is 0.
        labels: names of the ``k`` expressions.
        to_frame: 2×3 matrix from image pixels to the frame of the aligned face, whose side is 1.
    """

    maps: Floats
    labels: tuple[str, ...]
    to_frame: NDArray[np.float64]

    def heatmap(self, label: str, side: int) -> Floats:
        """Return the map of one expression at the size of the aligned face, ``(side, side)``.

        Values are divided by the largest magnitude over all expressions, so they lie in -1…1 and
        can be compared between expressions.
        """
        strongest = max(float(np.abs(self.maps).max()), 1e-6)
        grid = self.maps[..., self.labels.index(label)] / strongest
        large = cv2.resize(grid, (side, side), interpolation=cv2.INTER_CUBIC)
        return np.asarray(np.clip(large, -1, 1), np.float32)

    def face(self, image: Image, side: int) -> Image:
        """Return the aligned face, ``(side, side, 3)``, over which `heatmap` is drawn."""
        return warp(image, self.to_frame * side, side)


def class_activation(
    detections: Detections, maps: Floats, labels: tuple[str, ...], framing: Framing
) -> ClassActivation:
    """Combine exactly one face with its maps, ``(1, rows, columns, k)``, of a head's labels."""
    if len(detections) != 1 or maps.shape[0] != 1 or maps.shape[3:] != (len(labels),):
        raise ValueError(
            f"expected one face and maps (1, rows, columns, {len(labels)}), "
            f"got {len(detections)} and {maps.shape}"
        )
    (grid,) = maps
    to_frame = frame_transform(detections.landmarks[0], detections.xyxy[0], framing) / framing.side
    return ClassActivation(grid - grid.mean(axis=-1, keepdims=True), labels, to_frame)
