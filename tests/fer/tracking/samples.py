"""People with made-up looks."""

from __future__ import annotations

import numpy as np

from fer.tracking.observation import Appearance
from fer.types import Detections
from tests.samples import make_detections

REGIONS, BINS = 4, 43


def looks(*colours: int, visible: float = 1.0) -> Appearance:
    """Return people who are each of one colour all over."""
    made = np.zeros((len(colours), REGIONS, BINS), np.float32)
    for person, colour in enumerate(colours):
        made[person, :, colour] = 1
    return Appearance(made, np.full((len(colours), REGIONS), visible, np.float32))


def boxes(*centres: float, size: float = 40, y: float = 100) -> Detections:
    """Return faces side by side."""
    return make_detections(*[(x - size / 2, y, x + size / 2, y + size) for x in centres])
