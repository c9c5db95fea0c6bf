"""An MP4 file that any browser plays, written frame by frame."""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path
from typing import Any, Self

import av
import av.error
import cv2

from fer.types import Image
from fer.video.reading import VideoReader

#: Quality of the picture (x264's constant rate factor, where 18 is hardly told from the original),
#: and how much time is spent on making the file small.
_QUALITY, _PRESET = "21", "veryfast"

#: Unit of the picture's times. It holds those of all usual frame rates exactly, and others within
#: 6 microseconds.
_TIME_BASE = Fraction(1, 90_000)

#: Codecs of sound that stand in an MP4 file and that browsers play; others become AAC.
_COPIED = frozenset({"aac", "mp3", "opus", "flac"})

#: Bits a second of AAC that is made here.
_AAC_BITS = 160_000

#: FFmpeg's numbers of the colours: OpenCV makes luma and chroma of RGB as BT.601 says, in the range
#: of broadcasts (16 to 235). What red, green and blue are stays BT.709, as on any screen.
_BT601_MATRIX, _BT709, _BROADCAST_RANGE = 6, 1, 1


class Mp4:
    """Writes one file: H.264, 4:2:0, its index in front (fast start). A context manager.

    Args:
        out: the file.
        reader: the recording that it is of, opened with its sound.
        scale: size of the pictures in sizes of the recording's.

    Raises:
        OSError: the file cannot be written.
    """

    def __init__(self, out: Path, reader: VideoReader, scale: float) -> None:
        fast = {"movflags": "+faststart"}
        self._container = av.open(str(out), "w", format="mp4", container_options=fast)
        self._picture = self._picture_stream(reader, scale)
        self._sound = _Sound(self._container, reader.sound) if reader.sound else None
        self._newest = -math.inf

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        try:
            if kind is None:
                self._container.mux(self._picture.encode())
                if self._sound:
                    self._sound.finish()
        finally:
            self._container.close()

    def add_picture(self, image: Image, seconds: float) -> None:
        """Append a picture, ``(height, width, 3)`` RGB uint8, that is shown from a time on."""
        height, width = image.shape[:2]
        if height % 2 or width % 2:  # 4:2:0 knows even sides only
            image = cv2.copyMakeBorder(image, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)  # type: ignore[assignment]
        # OpenCV takes a fifth of FFmpeg's time for this.
        planes = cv2.cvtColor(image, cv2.COLOR_RGB2YUV_I420)
        frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
        self._newest = max(round(seconds / _TIME_BASE), self._newest + 1)
        frame.pts, frame.time_base = int(self._newest), _TIME_BASE
        self._container.mux(self._picture.encode(frame))

    def add_sound(self, packet: av.Packet) -> None:
        """Append a packet of the recording's sound."""
        if self._sound:
            self._sound.add(packet)

    def _picture_stream(self, reader: VideoReader, scale: float) -> Any:
        info = reader.info
        rate = Fraction(info.frame_rate or 25).limit_denominator(1001)
        options = {"crf": _QUALITY, "preset": _PRESET}
        stream = self._container.add_stream("libx264", rate=rate, options=options)
        stream.width, stream.height = (_even(side * scale) for side in (info.width, info.height))
        stream.pix_fmt = "yuv420p"
        codec = stream.codec_context
        stream.time_base = codec.time_base = _TIME_BASE
        codec.colorspace, codec.color_range = _BT601_MATRIX, _BROADCAST_RANGE
        codec.color_primaries = codec.color_trc = _BT709
        return stream


def _even(side: float) -> int:
    whole = max(1, round(side))
    return whole + whole % 2


class _Sound:
    """The sound of the file: copied where that can be played, encoded anew where not."""

    def __init__(self, container: Any, source: Any) -> None:
        self._container, self._source = container, source
        self._copied = source.codec_context.codec.canonical_name in _COPIED
        if self._copied:
            self._stream = container.add_stream_from_template(source)
        else:
            self._stream = container.add_stream("aac", rate=source.codec_context.sample_rate)
            self._stream.bit_rate = _AAC_BITS
            self._resampler = av.AudioResampler("fltp", "stereo", self._stream.rate)

    def add(self, packet: av.Packet) -> None:
        if packet.dts is None or packet.is_discard:
            return
        try:
            if self._copied:
                packet.stream = self._stream
                self._container.mux(packet)
            else:
                self._encode(packet.decode())
        except (av.error.InvalidDataError, av.error.ArgumentError):
            pass  # a damaged packet; the others keep their times

    def finish(self) -> None:
        if not self._copied:
            self._encode([None])
            self._container.mux(self._stream.encode())

    def _encode(self, frames: list[Any]) -> None:
        for frame in frames:
            for resampled in self._resampler.resample(frame):
                self._container.mux(self._stream.encode(resampled))
