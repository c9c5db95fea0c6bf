"""Decode the bytes of a photograph into an upright RGB array, or raise a helpful error."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path

import cv2
import numpy as np
import PIL
from PIL import Image as PillowImage

from fer.decoding import MAX_MEMORY as MAX_MEMORY
from fer.decoding import MAX_SECONDS as MAX_SECONDS
from fer.decoding import MIN_SIDE as MIN_SIDE
from fer.decoding import (
    check_size,
    decode_here,
    decode_in_child,
    is_for_child,
    is_jpeg,
    open_image,
    orientation_of,
    to_rgb,
    too_many_pixels,
    upright,
)
from fer.errors import ImageError, failures_as
from fer.types import Image

_log = logging.getLogger(__name__)

#: Supported formats, for messages and help texts.
FORMAT_NAMES = "JPEG, PNG, WebP, HEIC, AVIF, TIFF, BMP or GIF"

#: File name extensions of those formats, for file pickers.
SUFFIXES = ("jpg", "jpeg", "png", "webp", "heic", "heif", "avif", "tif", "tiff", "bmp", "gif")

#: Pillow's names of those that may be animations. AVIF may be one too.
_ANIMATIONS = ("GIF", "WEBP", "PNG")

#: Largest number of pixels to decode: 156 MB as RGB, more than the 50 megapixels of a phone.
MAX_PIXELS = 52_000_000

#: Largest file to read, in bytes.
MAX_BYTES = 64 * 1024 * 1024


def read(path: Path) -> Image:
    """Read a photograph from a file, which may be none; see `decode`."""
    return decode(load(path))


def load(path: Path) -> bytes:
    """Return the bytes of an image file, for `decode`, or raise an ImageError."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ImageError(_too_many_bytes(path.stat().st_size), "bytes")
        return path.read_bytes()
    except OSError as error:
        raise ImageError(f"cannot be opened: {error.strerror or error}.") from error


def decode(data: bytes, *, max_bytes: int = MAX_BYTES, max_pixels: int = MAX_PIXELS) -> Image:
    """Decode the bytes of an image file into ``(height, width, 3)`` RGB uint8, upright.

    The size is checked before any pixel is decoded. The EXIF rotation is applied, transparent
    pixels are composited on white, and 16-bit greyscale is scaled to 8 bits. Of an animation, it is
    the first picture. No more than `MAX_PIXELS` are read, whatever the limit.

    A file may take `MAX_SECONDS` of processor time and `MAX_MEMORY`. This process decodes JPEG,
    PNG, WebP, BMP and GIF; a child process decodes HEIC, AVIF and TIFF.

    Raises:
        ImageError: the data is empty, not an image, damaged, too large, too small, or takes too
            much time or memory.
    """
    if not data:
        raise ImageError("is empty (0 bytes).", "empty")
    if len(data) > max_bytes:
        raise ImageError(_too_many_bytes(len(data), max_bytes), "bytes")
    max_pixels = min(max_pixels, MAX_PIXELS)

    def failure(error: Exception) -> ImageError:
        if isinstance(error, PIL.UnidentifiedImageError):
            expected = f"expected {FORMAT_NAMES}."
            return ImageError(f"is not an image that can be read; {expected}", "format")
        if isinstance(error, PillowImage.DecompressionBombError):
            return ImageError(too_many_pixels(max_pixels), "pixels")
        return ImageError(f"is damaged or cut off and cannot be read ({error}).", "damaged")

    decode_any = decode_in_child if is_for_child(data) else decode_here
    with failures_as(failure):
        pixels, orientation = decode_any(data, max_pixels)
    return upright(pixels, orientation)


def from_pillow(image: PillowImage.Image, *, max_pixels: int = MAX_PIXELS) -> Image:
    """Return a Pillow image as `decode` does; ImageError for a too large or too small one.

    Time and memory to load it are not limited.
    """
    check_size(*image.size, max_pixels)
    image.load()
    return upright(to_rgb(image), orientation_of(image))


def is_animated(data: bytes) -> bool:
    """Return whether a readable file is an animation, of which `decode` returns the first picture.

    MPO files of phones hold several pictures too, but the others show the same.
    """
    if is_for_child(data):
        return data[4:12] == b"ftypavis"
    if is_jpeg(data):
        return False
    try:
        image, _ = open_image(data)
        with image:
            return image.format in _ANIMATIONS and getattr(image, "is_animated", False)
    except Exception as error:  # what follows a good first picture may be damaged in many ways
        _log.info("number of pictures not known: %s", type(error).__name__)
        return False


def ignore_size_warning() -> None:
    """Silence Pillow's warning of large images in this process: `decode` refuses them anyway."""
    warnings.filterwarnings("ignore", category=PillowImage.DecompressionBombWarning)


def _too_many_bytes(size: int, most: int = MAX_BYTES) -> str:
    return f"is {size / 2**20:.0f} MB large; at most {most // 2**20} MB are read."


#: Largest side in pixels of a square image that is taken for a cut-out face without surroundings,
#: as data sets have them: 48 in FER2013, 100 and 112 in others.
CUT_OUT_SIDE = 112


def is_cut_out(image: Image) -> bool:
    """Return whether an image is a small square: a face without its surroundings."""
    height, width = image.shape[:2]
    return height == width <= CUT_OUT_SIDE


def square(image: Image, size: int) -> Image:
    """Crop the centre square of ``(height, width, channels)`` and resize it to a side in pixels."""
    height, width, channels = image.shape
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    face = image[top : top + side, left : left + side]
    if side != size:
        method = cv2.INTER_AREA if size < side else cv2.INTER_LINEAR
        face = np.asarray(cv2.resize(face, (size, size), interpolation=method), np.uint8)
    return face.reshape(size, size, channels)


def as_channels(image: Image, channels: int) -> Image:
    """Convert ``(height, width, 1 or 3)`` to 3 channels (RGB) or 1 (luma)."""
    if image.shape[2] == channels:
        return image
    if channels == 3:
        return np.repeat(image, 3, axis=2)
    return cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[..., None].astype(np.uint8, copy=False)
