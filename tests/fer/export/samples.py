"""Rows of a session, for tests of what is made of them."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from fer.export.stream import CAMERA_OFF, NO_FACE, HeadLabels, StreamRows, row_type
from fer.export.table import ExportInfo

LABELS = ("happy", "sad", "neutral")
HEADS = (HeadLabels("expression", LABELS),)

HAPPY, SAD = (0.8, 0.1, 0.1), (0.2, 0.7, 0.1)
NOBODY = (0.0, 0.0, 0.0)

INFO = ExportInfo(
    datetime(2026, 3, 1, 23, 59, 59, tzinfo=UTC),
    "compact",
    "ab" * 32,
    "stream-1 (nets 2.0)",
    {head.name: head.labels for head in HEADS},
)

#: Seconds, person, probabilities.
Seen = tuple[float, int, tuple[float, float, float]]


def rows(*seen: Seen) -> StreamRows:
    """Return rows of one head."""
    array = np.zeros(len(seen), row_type(LABELS))
    for row, (seconds, track, probabilities) in zip(array, seen, strict=True):
        row["seconds"], row["track"], row["probabilities"] = seconds, track, probabilities
    return StreamRows(array, HEADS)


def steady(script: str, rate: float = 10.0, start: float = 0.0) -> StreamRows:
    """Return rows of a script, so many frames a second.

    For each frame, h: person 1 is happy; s: sad; u: uncertain; ``.``: nobody; o: the camera is off;
    ``_``: nothing is analysed.
    """
    kinds = {"h": (1, HAPPY), "s": (1, SAD), "u": (1, HAPPY), ".": (NO_FACE, NOBODY)}
    kinds["o"] = (CAMERA_OFF, NOBODY)
    seen = [(start + i / rate, *kinds[sign]) for i, sign in enumerate(script) if sign != "_"]
    found = rows(*seen)
    found.array["uncertain"] = [sign == "u" for sign in script if sign != "_"]
    return found


#: Two people, one after the other and together, and a frame of nobody.
TWO = rows((0.0, 1, HAPPY), (0.1, 1, SAD), (0.1, 2, SAD), (0.6, 2, HAPPY), (1.2, NO_FACE, NOBODY))
