"""Decode an HEIF, AVIF or TIFF file from standard input. `fer.images` runs this script.

Their libraries decode a file in one call, which nothing in the same process can interrupt, and a
small file can ask them for hours of work. So this process limits itself. Usage::

    python -P decode_child.py SECONDS BYTES < file

It may use `SECONDS` of processor time and `BYTES` of memory beyond what it starts with. Windows
has neither limit, macOS only the first.

Standard output has a line of JSON with the size in pixels before decoding, another with the size,
mode and EXIF orientation after it, then the rows of the image as raw bytes. A line with the key
``error`` comes instead of either if the file cannot be read. The script imports nothing of
this project, because NumPy and OpenCV would take longer to load than most images to decode.
"""

from __future__ import annotations

import io
import json
import sys
from typing import Any

import pillow_heif
from PIL import AvifImagePlugin, Image, UnidentifiedImageError

#: Supported formats by their Pillow names.
FORMATS = ("HEIF", "AVIF", "TIFF")

#: Number of an image's pixels that are converted at once, at least one row.
_STRIP_PIXELS = 2**20

#: EXIF tag of the orientation.
_ORIENTATION = 0x0112


def main() -> None:
    """Decode standard input to standard output."""
    limit_process(int(sys.argv[1]), int(sys.argv[2]))
    Image.MAX_IMAGE_PIXELS = None  # the parent process checks the size
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    pillow_heif.register_heif_opener(decode_threads=1, thumbnails=False)
    try:
        decode(sys.stdin.buffer.read())
    except MemoryError:
        send({"error": "memory"})
    except UnidentifiedImageError:
        send({"error": "format"})
    except Exception as error:  # what libraries raise for a damaged file is in no list
        send({"error": "damaged", "text": str(error)})


def limit_process(seconds: int, memory: int) -> None:
    """Limit the processor seconds of this process, and the bytes that it adds to its memory."""
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    if sys.platform == "linux":
        with open("/proc/self/statm", encoding="ascii") as file:
            pages = int(file.read().split()[0])
        most = pages * resource.getpagesize() + memory
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def decode(data: bytes) -> None:
    """Send the size, and then the pixels as RGB, RGBA or 32-bit grey levels."""
    with Image.open(io.BytesIO(data), formats=FORMATS) as image:
        send({"size": image.size})
        image.load()
        if image.mode == "F":
            raise ValueError("its grey levels are floating-point numbers")
        mode = "RGBA" if image.has_transparency_data else "RGB"
        if image.mode.startswith("I"):
            mode = "I"
        send({"size": image.size, "mode": mode, "orientation": _orientation(image)})
        rows = max(1, _STRIP_PIXELS // image.width)
        for top in range(0, image.height, rows):
            strip = image.crop((0, top, image.width, min(top + rows, image.height)))
            sys.stdout.buffer.write(strip.convert(mode).tobytes())


def send(message: dict[str, Any]) -> None:
    """Write a message as a line, at once."""
    sys.stdout.buffer.write(json.dumps(message).encode() + b"\n")
    sys.stdout.buffer.flush()


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # broken EXIF data raises many errors, yet the pixels are good
        return 1


if __name__ == "__main__":
    main()
