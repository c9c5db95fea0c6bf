"""Short recordings, made by the tests that need them."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from fer.types import Image

SIZE = (320, 240)  # width, height


def scene(astronaut: Image, left: int, size: tuple[int, int] = SIZE) -> Image:
    """Return a picture with the astronaut's face, so many pixels from the left."""
    width, height = size
    face = astronaut[0:height, 130 : 130 + height]
    picture = np.full((height, width, 3), 120, np.uint8)
    picture[:, left : left + height] = face[:, : width - left]
    return picture


def write_clip(file: Path, pictures: list[Image], rate: int = 10) -> Path:
    """Write pictures of one size as a recording."""
    with av.open(str(file), "w") as out:
        stream = out.add_stream("libx264", rate=rate, options={"crf": "20", "preset": "ultrafast"})
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        for i, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = i, Fraction(1, rate)
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
    return file


def astronaut_clip(file: Path, astronaut: Image, seconds: float = 2.0, rate: int = 10) -> Path:
    """Write a recording of the astronaut, who moves to the right and back."""
    count = round(seconds * rate)
    lefts = [round(40 + 30 * np.sin(2 * np.pi * i / count)) for i in range(count)]
    return write_clip(file, [scene(astronaut, left) for left in lefts], rate)
