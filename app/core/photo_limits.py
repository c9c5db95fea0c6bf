"""How large photographs may be, and how many of their faces are read. Does not use Streamlit."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from app.core.memory import MB
from app.core.settings import (
    MAX_FACES,
    MAX_PHOTO_MB,
    MAX_PHOTO_MEGAPIXELS,
    MAX_PHOTOS,
    MAX_PHOTOS_TOTAL_MB,
)
from fer import Detections, decode_image
from fer.detection.blazeface import FaceDetector
from fer.geometry import box_area
from fer.images import MAX_BYTES, MAX_PIXELS
from fer.types import Image


@dataclass(frozen=True)
class PhotoLimits:
    """The limits of photographs.

    Attributes:
        bytes: of a file.
        pixels: of a picture.
        faces: of a picture that are read, the largest.
        number: of photographs on the Photo page of one session.
        total_bytes: of their files.
    """

    bytes: int
    pixels: int
    faces: int
    number: int
    total_bytes: int

    @classmethod
    def of(cls, settings: Mapping[str, str]) -> PhotoLimits:
        """Return the limits that are set; those of `fer.images` are never exceeded.

        Raises:
            ValueError: a setting is not a whole number of at least 0.
        """
        return cls(
            min(MB * MAX_PHOTO_MB.number(settings), MAX_BYTES),
            min(1_000_000 * MAX_PHOTO_MEGAPIXELS.number(settings), MAX_PIXELS),
            MAX_FACES.number(settings),
            MAX_PHOTOS.number(settings),
            MB * MAX_PHOTOS_TOTAL_MB.number(settings),
        )


def photo_limits() -> PhotoLimits:
    """Return the limits of this server, in whose environment the secrets are, too."""
    return PhotoLimits.of(os.environ)


def decode_photo(data: bytes) -> Image:
    """Decode a visitor's file within the limits of this server; see `fer.images.decode`.

    Raises:
        ImageError: it is empty, not an image, damaged, too large or too small.
    """
    limits = photo_limits()
    return decode_image(data, max_bytes=limits.bytes, max_pixels=limits.pixels)


class LargestFaces:
    """A `FaceDetector` that finds so many faces of a photograph, the largest.

    Args:
        detector: finds all.
    """

    def __init__(self, detector: FaceDetector) -> None:
        self._detector = detector

    def __call__(self, image: Image) -> Detections:
        """See `FaceDetector`."""
        found, most = self._detector(image), photo_limits().faces
        if len(found) <= most:
            return found
        largest = np.argsort(-box_area(found.xyxy), kind="stable")[:most]
        return found.take(np.sort(largest))
