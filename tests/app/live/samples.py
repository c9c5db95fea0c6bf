"""Rows of a session, for tests of what is made of them."""

from __future__ import annotations

import numpy as np

from fer.export.sessions import NO_FACE, HeadLabels, StreamRows, row_type
from tests.app.samples import LABELS

HEADS = (HeadLabels("expression", LABELS),)

HAPPY, SAD = (0.8, 0.1, 0.1), (0.2, 0.7, 0.1)

#: Seconds, person, probabilities.
Seen = tuple[float, int, tuple[float, float, float]]


def rows(*seen: Seen) -> StreamRows:
    array = np.zeros(len(seen), row_type(LABELS))
    for row, (seconds, track, probabilities) in zip(array, seen, strict=True):
        row["seconds"], row["track"], row["probabilities"] = seconds, track, probabilities
    return StreamRows(array, HEADS)


NOBODY = (0.0, 0.0, 0.0)
TWO = rows((0.0, 1, HAPPY), (0.1, 1, SAD), (0.1, 2, SAD), (0.6, 2, HAPPY), (1.2, NO_FACE, NOBODY))
