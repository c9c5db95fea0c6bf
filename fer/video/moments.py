"""Portraits of the surest moments of each person in a recording."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from fer.drawing.pictures import encoded, portrait
from fer.errors import VideoError
from fer.export.stream import StreamRows
from fer.export.summary import surest_moments
from fer.video.reading import VideoReader

#: Most moments, those of the people seen longest; each costs the decoding of some seconds.
MAX_MOMENTS = 42

#: Side of a portrait in pixels, and its JPEG quality.
_SIDE, _QUALITY = 160, 85


@dataclass(frozen=True)
class Moment:
    """A moment at which a person showed an expression most surely.

    Attributes:
        seconds: when, on the recording's clock.
        person: number of the person.
        expression: label of the answer.
        confidence: its probability, 0…1.
        portrait: a square JPEG of the face.
    """

    seconds: float
    person: int
    expression: str
    confidence: float
    portrait: bytes = field(repr=False)


def find_moments(
    source: Path,
    rows: StreamRows,
    pixels: float = math.inf,
    cancelled: Callable[[], bool] = lambda: False,
) -> tuple[Moment, ...]:
    """Return the surest moments by person and then by expression, with portraits from the file.

    Args:
        source: the recording.
        rows: its rows.
        pixels: pixels of all frames together after which no more are looked for.
        cancelled: asked before each portrait; what was found so far is returned then.
    """
    rows = rows.take(_of_the_longest(rows, surest_moments(rows)))
    portraits: dict[int, bytes] = {}
    try:
        with VideoReader(source, pixels=pixels) as reader:
            for index in np.argsort(rows.seconds, kind="stable").tolist():
                if cancelled():
                    break
                frame = reader.seek(float(rows.seconds[index]))
                if frame is not None:
                    face = portrait(frame.picture(), rows.array["box"][index], _SIDE)
                    portraits[index] = encoded(face, ".jpg", _QUALITY)
    except VideoError:  # it could be read before
        return ()
    return tuple(_moment(rows, index, portraits[index]) for index in sorted(portraits))


def _of_the_longest(rows: StreamRows, index: np.ndarray) -> np.ndarray:
    """Return the moments of the people who were seen longest, in the same order."""
    people, frames = np.unique(rows.track[rows.has_face], return_counts=True)
    seen = dict(zip(people.tolist(), frames.tolist(), strict=True))
    order = sorted(range(len(index)), key=lambda i: -seen[int(rows.track[index[i]])])
    return index[sorted(order[:MAX_MOMENTS])]


def _moment(rows: StreamRows, index: int, portrait: bytes) -> Moment:
    probabilities = rows.probabilities[index]
    best = int(probabilities.argmax())
    return Moment(
        float(rows.seconds[index]),
        int(rows.track[index]),
        rows.labels[best],
        float(probabilities[best]),
        portrait,
    )
