"""Decode image files, each within limits of time and memory; see `fer.images`."""

from __future__ import annotations

import io
import json
import logging
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import numpy as np
from PIL import Image as PillowImage
from PIL import ImageFile, UnidentifiedImageError
from PIL.JpegImagePlugin import get_sampling

from fer.errors import ImageError
from fer.types import Image

_log = logging.getLogger(__name__)

#: Pillow's names of the formats that this process decodes; `fer.decode_child` decodes the others.
#: "JPEG" includes the MPO files that some phones write.
_FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF")

#: Least width and height in pixels; a smaller image cannot show a face.
MIN_SIDE = 16

#: Most memory in bytes that decoding a file may take, with the file and the result.
MAX_MEMORY = 440_000_000

#: Most processor time in seconds that decoding a file may take.
MAX_SECONDS = 20

#: Most scans of a JPEG. Progressive files have about ten; each costs as much as a whole image.
_MAX_SCANS = 100

#: Most segments of a JPEG that are read to count its scans.
_MAX_SEGMENTS = 10_000

#: Bytes that a decoder gets at once. The time is checked in between.
_BLOCK_BYTES = 4096

#: Number of pixels that are converted at once; at least one row is.
_STRIP_PIXELS = 2**20

#: EXIF tag of the orientation.
_ORIENTATION = 0x0112


class _TimedFile(io.BytesIO):
    """A file in memory that can be read until this thread has used `MAX_SECONDS` of a processor.

    Pillow reads most formats piece by piece while it decodes, so decoding ends soon after that. It
    reads WebP at once, but the work for a WebP file depends on its size and its pixels only.
    """

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self._end = time.thread_time() + MAX_SECONDS

    def read(self, size: int | None = -1, /) -> bytes:
        """Read bytes, or raise ImageError if the time is over."""
        if time.thread_time() > self._end:
            raise ImageError(_TOO_MUCH_WORK, "work")
        return super().read(size)


def decode_here(data: bytes, max_pixels: int) -> tuple[Image, int]:
    """Return the RGB pixels of a file, not upright, and their EXIF orientation."""
    image, scans = open_image(data)
    with image:
        check_size(*image.size, max_pixels)
        _check_memory(image, len(data), scans)
        image.decodermaxblock = _BLOCK_BYTES
        image.load()
        return to_rgb(image), orientation_of(image)


def open_image(data: bytes) -> tuple[ImageFile.ImageFile, int]:
    """Read the header of a file that this process decodes; return it with its number of scans."""
    scans = _count_scans(data)
    if scans > _MAX_SCANS:
        raise ImageError(_TOO_MANY_SCANS, "work")
    PillowImage.init()
    return PillowImage.open(_TimedFile(data), formats=_FORMATS), scans


def is_jpeg(data: bytes) -> bool:
    """Return whether a file begins like a JPEG."""
    return data.startswith(b"\xff\xd8\xff")


#: Marker of a JPEG that begins a segment; not stuffing, and no restart marker.
_MARKER = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])")

#: Kinds of markers: the first one with a length, start of image, end of image, start of scan.
_SOF0, _SOI, _EOI, _SOS = 0xC0, 0xD8, 0xD9, 0xDA


def _count_scans(data: bytes) -> int:
    """Return the number of scans of a JPEG, or `_MAX_SCANS` + 1 if it has more.

    A file with more than `_MAX_SEGMENTS` counts as one with too many scans, one of another format
    as one without a scan.
    """
    if not is_jpeg(data):
        return 0
    scans = 0
    position = 2
    for _ in range(_MAX_SEGMENTS):
        marker = _MARKER.search(data, position)
        if marker is None or marker[1][0] == _EOI or scans > _MAX_SCANS:
            return scans
        kind = marker[1][0]
        if kind == _SOS:
            scans += 1
        position = marker.end()
        if kind >= _SOF0 and kind != _SOI:
            position += int.from_bytes(data[position : position + 2], "big")
    return _MAX_SCANS + 1


#: Bytes per pixel of the coefficients of a colour JPEG, by its chroma subsampling as Pillow numbers
#: it: 4:4:4, 4:2:2, 4:2:0.
_COEFFICIENTS = {0: 6, 1: 4, 2: 3}


def _check_memory(image: ImageFile.ImageFile, size: int, scans: int) -> None:
    """Raise ImageError if decoding an open file would take more than `MAX_MEMORY`.

    Args:
        image: the open file.
        size: its bytes.
        scans: its number of scans, see `_count_scans`.
    """
    if image.mode in ("1", "L", "P"):
        decoded = 1
    elif image.mode.startswith("I;16"):
        decoded = 2
    else:
        decoded = 4  # also three channels
    kind = str(image.format)
    needed = decoded + 3  # with the result
    if image.format == "WEBP":
        needed = 16  # two canvases, a copy and the image, four bytes each
    elif scans > 1:
        kind = "progressive JPEG"
        coefficients = _COEFFICIENTS.get(get_sampling(image), 2 * len(image.getbands()))
        needed = max(needed, decoded + coefficients)
    most = (MAX_MEMORY - size) // needed
    if image.width * image.height > most:
        found = f"{image.width} × {image.height}"
        raise ImageError(too_many_pixels(most, found, f" of such a {kind} file"), "pixels")


_CHILD = Path(__file__).with_name("decode_child.py")

#: Bytes that the child process may add to its memory. It begins with 27 MB.
_CHILD_MEMORY = MAX_MEMORY - 20_000_000

#: Bytes of a pixel in the modes that the child process sends.
_PIXEL_BYTES = {"RGB": 3, "RGBA": 4, "I": 4}


def is_for_child(data: bytes) -> bool:
    """Return whether a file begins like HEIF, AVIF or TIFF."""
    return data[4:8] == b"ftyp" or data[:2] in (b"II", b"MM")


def decode_in_child(data: bytes, max_pixels: int) -> tuple[Image, int]:
    """Return the RGB pixels of a file, not upright, and their EXIF orientation."""
    limits = [str(MAX_SECONDS), str(_CHILD_MEMORY)]
    # Without it, each thread would count for 64 MB of memory that it does not use.
    environment = {**os.environ, "MALLOC_ARENA_MAX": "1"}
    child = subprocess.Popen(
        [sys.executable, "-P", str(_CHILD), *limits],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    with child:
        try:
            with suppress(BrokenPipeError):  # if it has ended, its output says more
                child.stdin.write(data)
                child.stdin.close()
            width, height = _message(child.stdout)["size"]
            check_size(width, height, max_pixels)
            decoded = _message(child.stdout)
            width, height = decoded["size"]
            check_size(width, height, max_pixels)
            pixels = np.empty((height, width, 3), np.uint8)
            for top, bottom in _strips(width, height):
                size = width, bottom - top
                raw = child.stdout.read(size[0] * size[1] * _PIXEL_BYTES[decoded["mode"]])
                strip = PillowImage.frombytes(decoded["mode"], size, raw)
                pixels[top:bottom] = _strip_to_rgb(strip)
            return pixels, decoded["orientation"]
        finally:
            child.kill()


def _message(stream: IO[bytes]) -> dict[str, Any]:
    """Return the next message of the child process, or raise its error as an ImageError."""
    line = stream.readline()
    if not line:  # one of its limits has ended it
        raise ImageError(_TOO_MUCH_WORK, "work")
    message: dict[str, Any] = json.loads(line)
    match message.get("error"):
        case None:
            return message
        case "format":
            raise UnidentifiedImageError
        case "memory":
            raise ImageError(_TOO_MUCH_WORK, "work")
        case _:
            raise ImageError(
                "cannot be read: it is damaged or cut off, or needs more than "
                f"{MAX_MEMORY // 10**6} MB of memory ({message['text']}).",
                "damaged",
            )


def to_rgb(image: PillowImage.Image) -> Image:
    """Convert a loaded image in strips, since a copy of it all would take 4 bytes a pixel."""
    pixels = np.empty((image.height, image.width, 3), np.uint8)
    for top, bottom in _strips(*image.size):
        pixels[top:bottom] = _strip_to_rgb(image.crop((0, top, image.width, bottom)))
    return pixels


def _strips(width: int, height: int) -> Iterator[tuple[int, int]]:
    """Yield the first row, and the row after the last, of each strip of an image."""
    rows = max(1, _STRIP_PIXELS // width)
    for top in range(0, height, rows):
        yield top, min(top + rows, height)


def _strip_to_rgb(strip: PillowImage.Image) -> Image:
    if strip.mode.startswith("I"):
        return _from_deep_grey(strip)
    if strip.has_transparency_data:
        strip = strip.convert("RGBA")
        background = PillowImage.new("RGBA", strip.size, "white")
        strip = PillowImage.alpha_composite(background, strip)
    return np.asarray(strip.convert("RGB"))


def _from_deep_grey(image: PillowImage.Image) -> Image:
    """Scale greyscale of more than 8 bits; Pillow's own conversion would clip it to white."""
    grey = np.asarray(image, np.float32)
    eight_bit = np.clip(np.round(grey * (255 / 65535)), 0, 255).astype(np.uint8)
    return np.repeat(eight_bit[..., None], 3, axis=2)


def orientation_of(image: PillowImage.Image) -> int:
    """Return the EXIF orientation; 1, which is upright, if there is none."""
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception as error:  # broken EXIF data raises many errors, yet the pixels are good
        _log.info("EXIF data left out: %s", type(error).__name__)
        return 1


def upright(pixels: Image, orientation: int) -> Image:
    """Return an image turned and mirrored by its EXIF orientation; unchanged by an unknown one."""
    match orientation:
        case 2:
            pixels = pixels[:, ::-1]
        case 3:
            pixels = np.rot90(pixels, 2)
        case 4:
            pixels = pixels[::-1]
        case 5:
            pixels = pixels.transpose(1, 0, 2)
        case 6:
            pixels = np.rot90(pixels, 3)
        case 7:
            pixels = np.rot90(pixels, 2).transpose(1, 0, 2)
        case 8:
            pixels = np.rot90(pixels)
    return np.ascontiguousarray(pixels)


def check_size(width: int, height: int, max_pixels: int) -> None:
    """Raise ImageError if an image has more than `max_pixels`, or a side below `MIN_SIDE`."""
    if width * height > max_pixels:
        raise ImageError(too_many_pixels(max_pixels, f"{width} × {height}"), "pixels")
    if min(width, height) < MIN_SIDE:
        raise ImageError(
            f"is {width} × {height} pixels, too small to show a face; "
            f"expected at least {MIN_SIDE} in each direction.",
            "small",
        )


_TOO_MUCH_WORK = (
    f"takes more than {MAX_SECONDS} seconds or {MAX_MEMORY // 10**6} MB of memory to read. Scale "
    "it down, or save it anew as an ordinary JPEG."
)

_TOO_MANY_SCANS = (
    f"is a JPEG with more than {_MAX_SCANS} scans; expected about ten. Save it anew as an ordinary "
    "JPEG."
)


def too_many_pixels(most: int, found: str = "", kind: str = "") -> str:
    """Return the message on an image with more than `most` pixels."""
    has = f"{found} pixels" if found else "more pixels than can be read"
    return f"has {has}; at most {most / 1e6:.0f} million are read{kind}. Scale it down first."
