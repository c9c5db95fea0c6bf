"""Small recordings that tests make, and a detector for what is drawn in them."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from fer.model.spec import ModelSpec
from fer.stream import FaceStream
from fer.types import Detections, Floats, Image
from tests.samples import make_detections

#: Unit of the frames' times.
TICK = Fraction(1, 1000)

#: Samples a second of the sound.
SOUND_RATE = 48_000

Draw = Callable[[float], Image]

#: Codecs that know no times but those of their frame rate, 30 a second.
_OWN_TIMES = frozenset({"gif", "mpeg1video", "mpeg2video"})


def even(count: int, rate: float = 10, start: float = 0.0) -> list[float]:
    """Return the times of frames that follow each other evenly."""
    return [start + i / rate for i in range(count)]


def plain(size: tuple[int, int] = (96, 64)) -> Draw:
    """Draw the same in every frame: grey, with a dark corner at the top left."""

    def draw(seconds: float) -> Image:
        picture = np.full((size[1], size[0], 3), 130, np.uint8)
        picture[: size[1] // 3, : size[0] // 4] = 10
        return picture

    return draw


def beacon(
    left: Callable[[float], float], *, size: tuple[int, int] = (160, 96), side: int = 32
) -> Draw:
    """Draw a red square at a height of 32, whose left edge is a function of the time."""

    def draw(seconds: float) -> Image:
        across = np.linspace(30, 90, size[0], dtype=np.uint8)
        picture = np.repeat(np.tile(across, (size[1], 1))[:, :, None], 3, axis=2)
        x = round(left(seconds))
        if x >= 0:
            picture[32 : 32 + side, x : x + side] = (255, 0, 0)
        return picture

    return draw


def find_red(image: Image) -> Detections:
    """Detect the box of all that is red."""
    red = (image[..., 0] > 160) & (image[..., 1] < 90) & (image[..., 2] < 90)
    rows, columns = np.nonzero(red)
    if not len(rows):
        return Detections.empty()
    box = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    return make_detections(tuple(float(v) for v in box))  # type: ignore[arg-type]


def red_stream(spec: ModelSpec) -> FaceStream:
    """Return a stream in which what is red is a face."""
    return FaceStream(find_red, _all_happy, spec, detector_version="red-1")  # type: ignore[arg-type]


def _all_happy(crops: np.ndarray, head: str) -> Floats:
    return np.tile(np.eye(3, dtype=np.float32)[0], (len(crops), 1))


def write_clip(
    file: Path,
    times: Sequence[float],
    draw: Draw | None = None,
    *,
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    rotation: int = 0,
    pixel_aspect: Fraction = Fraction(1),
    sound: str = "",
    loud: Callable[[float], bool] = lambda seconds: True,
    tracks: int = 1,
    fast_start: bool = False,
    movflags: str = "",
    created: str = "",
    **options: str,
) -> Path:
    """Write a recording, whose container its ending says, of frames at some seconds.

    A player turns it by a rotation in degrees, counter-clockwise, and shows pixels so many times as
    wide as high. Its sound, if a codec is named, is as long as the picture. The index comes first
    for a fast start. Options are the codec's.
    """
    draw = draw or plain()
    if fast_start:
        movflags = "+faststart"
    flags = {"movflags": movflags} if movflags else {}
    with av.open(str(file), "w", container_options=flags) as container:
        if created:
            container.metadata["creation_time"] = created
        stream = _picture_stream(container, codec, draw(times[0]), pix_fmt, rotation, options)
        if pixel_aspect != 1:
            stream.codec_context.sample_aspect_ratio = pixel_aspect
        sounds = [
            container.add_stream(sound, rate=SOUND_RATE, layout="mono")
            for _ in range(tracks if sound else 0)
        ]
        for seconds in times:
            frame = av.VideoFrame.from_ndarray(draw(seconds), format="rgb24").reformat(
                format=pix_fmt
            )
            frame.pts, frame.time_base = round(seconds / TICK), TICK
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
        for track in sounds:
            _write_tone(container, track, times[0], times[-1] + 0.1, loud)
    return file


def dotted_gif(file: Path, size: tuple[int, int], frames: int) -> Path:
    """Write an animation of which each frame changes one pixel: 23 bytes, ten a second."""
    frame = b"\x21\xf9\x04\x04\x0a\0\0\0\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0)
    header = b"GIF89a" + struct.pack("<HHBBB", *size, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    file.write_bytes(header + (frame + b"\x02\x02\x44\x01\0") * frames + b";")
    return file


def _picture_stream(
    container: Any, codec: str, first: Image, pix_fmt: str, rotation: int, options: dict[str, str]
) -> Any:
    stream = container.add_stream(codec, rate=30, options=options)
    stream.height, stream.width = first.shape[:2]
    stream.pix_fmt = pix_fmt
    if codec not in _OWN_TIMES:
        stream.time_base = stream.codec_context.time_base = TICK
    if rotation:
        stream.set_display_rotation(rotation)
    return stream


def _write_tone(
    container: Any, track: Any, start: float, end: float, loud: Callable[[float], bool]
) -> None:
    count = track.codec_context.frame_size or 1024
    kind = track.codec_context.format.name
    for first in range(round(start * SOUND_RATE), round(end * SOUND_RATE), count):
        at = (first + np.arange(count)) / SOUND_RATE
        wave = np.sin(2 * np.pi * 1000 * at) * [0.5 * loud(float(t)) for t in at]
        samples = wave.astype(np.float32)[None]
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = SOUND_RATE, first, Fraction(1, SOUND_RATE)
        for converted in av.AudioResampler(kind, "mono", SOUND_RATE).resample(frame):
            container.mux(track.encode(converted))
    container.mux(track.encode())
