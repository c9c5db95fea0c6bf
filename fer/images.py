"""Decode the bytes of a photograph into an upright RGB array, or raise a helpful error."""

from __future__ import annotations

import io
import logging
import warnings
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import PIL
from PIL import Image as PillowImage
from PIL import ImageOps

from fer.errors import ImageError, failures_as
from fer.types import Image

_log = logging.getLogger(__name__)

#: Supported formats by their Pillow names. "JPEG" includes the MPO files that some phones write.
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "HEIF", "GIF", "TIFF")

#: Those of them that may be animations.
_ANIMATIONS = ("GIF", "WEBP", "PNG")

#: File name extensions of those formats, for file pickers.
SUFFIXES = ("jpg", "jpeg", "png", "webp", "bmp", "heic", "heif", "gif", "tif", "tiff")

#: Largest number of pixels to decode: 150 MB as RGB, more than the 50 megapixels of a phone.
MAX_PIXELS = 52_000_000

#: Largest file to read, in bytes.
MAX_BYTES = 64 * 1024 * 1024

#: Least width and height in pixels; a smaller image cannot show a face.
MIN_SIDE = 16


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

    Raises:
        ImageError: the data is empty, not an image, damaged, too large or too small.
    """
    if not data:
        raise ImageError("is empty (0 bytes).", "empty")
    if len(data) > max_bytes:
        raise ImageError(_too_many_bytes(len(data), max_bytes), "bytes")
    max_pixels = min(max_pixels, MAX_PIXELS)
    _prepare_pillow()

    def failure(error: Exception) -> ImageError:
        if isinstance(error, PIL.UnidentifiedImageError):
            expected = "expected JPEG, PNG, WebP, HEIC, BMP or GIF."
            return ImageError(f"is not an image that can be read; {expected}", "format")
        if isinstance(error, PillowImage.DecompressionBombError):
            return ImageError(_too_many_pixels(max_pixels), "pixels")
        return ImageError(f"is damaged or cut off and cannot be read ({error}).", "damaged")

    with failures_as(failure), PillowImage.open(io.BytesIO(data), formats=FORMATS) as image:
        return from_pillow(image, max_pixels=max_pixels)


def from_pillow(image: PillowImage.Image, *, max_pixels: int = MAX_PIXELS) -> Image:
    """Return a Pillow image as `decode` does; ImageError for a too large or too small one."""
    _check_size(*image.size, max_pixels)
    image.load()
    return _to_rgb(_upright(image))


def is_animated(data: bytes) -> bool:
    """Return whether a readable file is an animation, of which `decode` returns the first picture.

    MPO files of phones hold several pictures too, but the others show the same.
    """
    _prepare_pillow()
    try:
        with PillowImage.open(io.BytesIO(data), formats=FORMATS) as image:
            return image.format in _ANIMATIONS and getattr(image, "is_animated", False)
    except Exception as error:  # what follows a good first picture may be damaged in many ways
        _log.info("number of pictures not known: %s", type(error).__name__)
        return False


@cache
def _prepare_pillow() -> None:
    # Not imported at module level, because loading the library takes a tenth of a second.
    import pillow_heif

    PillowImage.init()
    pillow_heif.register_heif_opener()


def ignore_size_warning() -> None:
    """Silence Pillow's warning of large images in this process: `decode` refuses them anyway."""
    warnings.filterwarnings("ignore", category=PillowImage.DecompressionBombWarning)


def _check_size(width: int, height: int, max_pixels: int) -> None:
    if width * height > max_pixels:
        raise ImageError(_too_many_pixels(max_pixels, f"{width} × {height}"), "pixels")
    if min(width, height) < MIN_SIDE:
        raise ImageError(
            f"is {width} × {height} pixels, too small to show a face; "
            f"expected at least {MIN_SIDE} in each direction.",
            "small",
        )


def _too_many_pixels(most: int, found: str = "") -> str:
    has = f"{found} pixels" if found else "more pixels than can be read"
    return f"has {has}; at most {most / 1e6:.0f} million are read. Scale it down first."


def _too_many_bytes(size: int, most: int = MAX_BYTES) -> str:
    return f"is {size / 2**20:.0f} MB large; at most {most // 2**20} MB are read."


def _upright(image: PillowImage.Image) -> PillowImage.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception as error:  # broken EXIF data raises many errors, yet the pixels are good
        _log.info("EXIF data left out: %s", type(error).__name__)
        return image


def _to_rgb(image: PillowImage.Image) -> Image:
    if image.mode.startswith("I"):
        return _from_deep_grey(image)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        background = PillowImage.new("RGBA", image.size, "white")
        image = PillowImage.alpha_composite(background, image)
    return np.array(image.convert("RGB"))


def _from_deep_grey(image: PillowImage.Image) -> Image:
    """Scale greyscale of more than 8 bits; Pillow's own conversion would clip it to white."""
    grey = np.asarray(image, np.float32)
    eight_bit = np.clip(np.round(grey * (255 / 65535)), 0, 255).astype(np.uint8)
    return np.repeat(eight_bit[..., None], 3, axis=2)


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
