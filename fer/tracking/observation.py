"""What is seen in one frame of a stream, wherever it is looked at: here, or on another device."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fer.tracking.appearance import Appearance
from fer.types import FLAWS, Detections, Floats


@dataclass(frozen=True)
class Observation:
    """What was seen in one frame, before anybody is told apart.

    Attributes:
        size: width and height of the frame in pixels, to which boxes and points refer.
        detections: the ``n`` ≥ 0 faces, also those of which it is not known yet whether they are.
        looks: how they look, relative to the light; see `fer.tracking.Appearance`.
        flaws: ``(n, 4)`` bool, quality flaws of each face; columns are `FLAWS`.
        logits: ``(n, k)`` float32 scores of each output of the network, by the output's name.
        evidence: ``(n,)`` float32, evidence that each is a face (see `fer.detection.evidence`);
            NaN where nobody looked closely.

    Raises:
        ValueError: the arrays are not about the same faces.
    """

    size: tuple[int, int]
    detections: Detections
    looks: Appearance
    flaws: NDArray[np.bool_]
    logits: Mapping[str, Floats]
    evidence: Floats

    def __post_init__(self) -> None:
        n = len(self.detections)
        lengths = {
            "looks": len(self.looks),
            "flaws": len(self.flaws),
            "evidence": len(self.evidence),
            **{name: len(scores) for name, scores in self.logits.items()},
        }
        for name, length in lengths.items():
            if length != n:
                raise ValueError(f"{name}: expected {n} faces, got {length}")
        if self.flaws.shape != (n, len(FLAWS)):
            raise ValueError(f"flaws: expected shape {(n, len(FLAWS))}, got {self.flaws.shape}")

    def __len__(self) -> int:
        return len(self.detections)
