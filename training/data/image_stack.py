"""Collect images of any size and colour in one array of square faces."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fer.errors import DataError
from fer.images import as_channels, read, square

Pixels = NDArray[np.uint8]

#: Image side of an empty stack: that of FER2013.
_DEFAULT_SIZE = 48


def read_face(path: Path) -> Pixels:
    """Read one image with the app's decoder, so that training and app see the same pixels.

    Returns:
        ``(height, width, 1)`` if all pixels are grey, else ``(height, width, 3)`` RGB; uint8.

    Raises:
        ImageError: the file cannot be read.
    """
    rgb = read(path)
    red = rgb[..., :1]
    return red if (rgb == red).all() else rgb


def fit_images(images: Pixels, size: int | None, channels: int | None) -> Pixels:
    """Convert ``(n, side, side, channels)`` images to another size or number of channels."""
    size = size or images.shape[1]
    channels = channels or images.shape[3]
    if images.shape[1:] == (size, size, channels):
        return images
    stack = FaceStack(len(images), size, channels)
    for image in images:
        stack.add(image, "")
    return stack.array()


class FaceStack:
    """A preallocated array of faces of one size, filled one by one.

    Stacking a list of images would need twice the memory. Unless `channels` is given, the array is
    converted from grey to RGB when the first colour image is added.
    """

    def __init__(self, capacity: int, size: int | None, channels: int | None) -> None:
        self._capacity = capacity
        self._size = size
        self._channels = channels
        self._images: Pixels | None = None
        self._first_origin = ""
        self._count = 0

    def add(self, image: Pixels, origin: str) -> None:
        """Append ``(height, width, 1 or 3)`` uint8; `origin` is named in the error message.

        Raises:
            DataError: no size was given, and the image is not square or not as large as the first.
        """
        if self._images is None:
            self._images = self._allocated(image)
            self._first_origin = origin
        side = self._images.shape[1]
        if self._size is None and image.shape[:2] != (side, side):
            raise DataError(self._other_size(image, origin))
        if self._channels is None and image.shape[2] > self._images.shape[3]:
            self._images = np.repeat(self._images, 3, axis=3)
        face = square(image, side)
        self._images[self._count] = as_channels(face, self._images.shape[3])
        self._count += 1

    def array(self) -> Pixels:
        """Return ``(n, size, size, channels)``."""
        if self._images is None:
            side = self._size or _DEFAULT_SIZE
            return np.empty((0, side, side, self._channels or 1), np.uint8)
        return self._images[: self._count]

    def _allocated(self, image: Pixels) -> Pixels:
        side = self._size or image.shape[0]
        return np.empty((self._capacity, side, side, self._channels or image.shape[2]), np.uint8)

    def _other_size(self, image: Pixels, origin: str) -> str:
        height, width = image.shape[:2]
        first = ""
        if self._count and self._images is not None:
            side = self._images.shape[1]
            first = f", and {self._first_origin} is {side} × {side}"
        return (
            f"expected square images of one size, but {origin} is {width} × {height} "
            f"pixels{first}. Choose a size (--size 48): the centre square is cut out and scaled."
        )
