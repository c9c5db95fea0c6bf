"""Portraits of the surest moments of each person in a recording."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from fer.errors import VideoError
from fer.export.moments import surest_moments
from fer.export.stream_rows import StreamRows
from fer.types import Floats, Image
from fer.video.reading import VideoReader

#: Most moments, those of the people seen longest; each costs the decoding of some seconds.
MAX_MOMENTS = 42

#: Side of a portrait in pixels, and of the cropped square in widths of the detector's box, which
#: ends at brow and chin.
_SIDE, _WIDTHS = 160, 1.5

_QUALITY = 85


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
    source: Path, rows: StreamRows, cancelled: Callable[[], bool] = lambda: False
) -> tuple[Moment, ...]:
    """Return the surest moments by person and then by expression, with portraits from the file.

    Args:
        source: the recording.
        rows: its rows.
        cancelled: asked before each portrait; what was found so far is returned then.
    """
    rows = rows.take(_of_the_longest(rows, surest_moments(rows)))
    portraits: dict[int, bytes] = {}
    try:
        with VideoReader(source) as reader:
            for index in np.argsort(rows.seconds, kind="stable").tolist():
                if cancelled():
                    break
                frame = reader.seek(float(rows.seconds[index]))
                if frame is not None:
                    portraits[index] = _portrait(frame.picture(), rows.array["box"][index])
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


def _portrait(image: Image, box: Floats) -> bytes:
    """Return a JPEG of the square around a face, moved or shrunk into the image."""
    height, width = image.shape[:2]
    side = int(np.clip(round(float(np.max(box[2:] - box[:2])) * _WIDTHS), 1, min(height, width)))
    centre_x, centre_y = (float(v) for v in (box[:2] + box[2:]) / 2)
    left = int(np.clip(round(centre_x - side / 2), 0, width - side))
    top = int(np.clip(round(centre_y - side / 2), 0, height - side))
    method = cv2.INTER_AREA if side > _SIDE else cv2.INTER_CUBIC
    square = image[top : top + side, left : left + side, ::-1]
    picture = cv2.resize(square, (_SIDE, _SIDE), interpolation=method)
    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return data.tobytes()
