"""Where in a face the network finds an expression: its class activation map, laid over the face.

The network ends in a mean over places and one dense layer, so a logit is the mean of what each
place adds, plus a constant (Zhou et al. 2016): nothing is approximated. Probabilities know logits
only up to what all have in common, so a place counts by how it sets an expression apart from the
mean of all.

A place is a square of the last grid of features, and sees far around it. Where its answers react
most was measured by covering parts of images: for inner squares within 2.5 pixels (of 48) of
their middle, for the outermost about one square further in. So the map is as coarse as it looks.
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
    """What each place of one face adds to each expression.

    Attributes:
        maps: ``(rows, columns, k)`` float32 in units of the logits, from the face's top left
            to its bottom right as aligned; above 0 speaks for the expression, below 0 against it.
            Sums over the ``k`` are 0.
        labels: names of the ``k`` expressions.
        to_frame: 2×3 matrix from pixels of the photograph to the frame, whose sides are 1.
    """

    maps: Floats
    labels: tuple[str, ...]
    to_frame: NDArray[np.float64]

    def heatmap(self, label: str, side: int) -> Floats:
        """Return the map of one expression enlarged to the aligned face, ``(side, side)``.

        It is divided by the largest value of any expression: -1…1, and expressions compare.
        """
        strongest = max(float(np.abs(self.maps).max()), 1e-6)
        places = self.maps[..., self.labels.index(label)] / strongest
        large = cv2.resize(places, (side, side), interpolation=cv2.INTER_CUBIC)
        return np.asarray(np.clip(large, -1, 1), np.float32)

    def face(self, image: Image, side: int) -> Image:
        """Return the aligned face, ``(side, side, 3)``, to lie under `heatmap`."""
        return warp(image, self.to_frame * side, side)


def class_activation(
    found: Detections, maps: Floats, labels: tuple[str, ...], framing: Framing
) -> ClassActivation:
    """Join a face with its class activation map.

    Args:
        found: the one face.
        maps: ``(1, rows, columns, k)`` of that face, see `fer.model.classifier`.
        labels: names of the ``k`` expressions.
        framing: where the network has faces.
    """
    if len(found) != 1 or maps.shape[0] != 1 or maps.shape[3:] != (len(labels),):
        raise ValueError(
            f"expected one face and maps (1, rows, columns, {len(labels)}), "
            f"got {len(found)} and {maps.shape}"
        )
    (places,) = maps
    to_frame = frame_transform(found.landmarks[0], found.xyxy[0], framing) / framing.side
    return ClassActivation(places - places.mean(axis=-1, keepdims=True), labels, to_frame)
