"""Photographs in every format that is read."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pillow_heif
from PIL import Image

from fer.errors import ImageError
from fer.images import MAX_PIXELS, MIN_SIDE, decode, is_animated
from tests.fuzz.mutations import Rng, changed, one
from tests.fuzz.runner import Target, refused


def _drawing(seed: int, mode: str = "RGB") -> Image.Image:
    rng = np.random.default_rng(seed)
    across, down = np.meshgrid(np.arange(48), np.arange(32))
    pixels = np.stack([5 * across, 7 * down, 3 * (across + down)], axis=-1) + rng.integers(0, 20)
    return Image.fromarray(pixels.astype(np.uint8)).convert(mode)


def _saved(picture: Image.Image, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def seeds(folder: Path) -> list[bytes]:
    """Return a small picture of every kind."""
    pillow_heif.register_heif_opener()
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "drawn"
    exif.get_ifd(0x8769)[0x9003] = "2026:01:01 00:00:00"
    frames = [_drawing(seed) for seed in range(3)]
    moving: dict[str, Any] = {"save_all": True, "append_images": frames[1:], "duration": 50}
    deep = Image.fromarray(np.arange(32 * 48, dtype=np.uint16).reshape(32, 48) * 40)
    return [
        _saved(frames[0], "JPEG", exif=exif),
        _saved(frames[0], "JPEG", progressive=True),
        _saved(_drawing(0, "CMYK"), "JPEG"),
        _saved(frames[0], "MPO", save_all=True, append_images=frames[1:]),
        _saved(frames[0], "PNG", exif=exif),
        _saved(_drawing(0, "P"), "PNG", transparency=3),
        _saved(_drawing(0, "RGBA"), "PNG"),
        _saved(_drawing(0, "1"), "PNG"),
        _saved(deep, "PNG"),
        _saved(frames[0], "PNG", **moving),
        _saved(frames[0], "WEBP", exif=exif),
        _saved(_drawing(0, "RGBA"), "WEBP", lossless=True),
        _saved(frames[0], "WEBP", **moving),
        _saved(frames[0], "BMP"),
        _saved(_drawing(0, "P"), "BMP"),
        _saved(frames[0], "HEIF", exif=exif),
        _saved(frames[0], "GIF"),
        _saved(frames[0], "GIF", **moving),
    ]


def change(rng: Rng, pictures: list[bytes]) -> bytes:
    """Change a picture; sums of PNG are often made right again, so that what is inside is read."""
    data = changed(rng, one(rng, pictures), pictures)
    return _with_sums(data) if rng.random() < 0.7 else data


def _with_sums(data: bytes) -> bytes:
    if not data.startswith(b"\x89PNG\r\n\x1a\n"):
        return data
    out, at = bytearray(data), 8
    while at + 12 <= len(out):
        (size,) = struct.unpack_from(">I", out, at)
        end = at + 8 + size
        if end + 4 > len(out):
            break
        out[end : end + 4] = zlib.crc32(out[at + 4 : end]).to_bytes(4, "big")
        at = end + 4
    return bytes(out)


def run(data: bytes, folder: Path) -> None:
    with refused(ImageError):
        image = decode(data)
        assert (image.dtype, image.ndim, image.shape[2]) == (np.uint8, 3, 3)
        assert min(image.shape[:2]) >= MIN_SIDE
        assert image.shape[0] * image.shape[1] <= MAX_PIXELS
        is_animated(data)


#: 52 million pixels take 208 MB with transparency, and three times that while they are converted.
PICTURES = Target("pictures", seeds, change, run)
