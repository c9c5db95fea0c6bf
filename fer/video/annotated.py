"""Write a recording with every face marked: H.264, with the sound as it was."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any, Self

import av
import av.error
import cv2
import numpy as np

from fer.atomic_write import atomic_write
from fer.drawing.annotate import annotate
from fer.errors import VideoError
from fer.export.stream import NO_FACE, StreamRows
from fer.model.spec import ModelSpec
from fer.types import LANDMARKS, Faces, Image
from fer.video.opening import VideoInfo
from fer.video.reading import Frame, VideoReader, ahead
from fer.video.recording import AHEAD, REPORT_SECONDS, Cancelled, OnProgress, Progress, Recording


class Playback:
    """The faces of a recording over time.

    Boxes move evenly between two analysed frames. Everything else is that of the nearer one, in
    which somebody who is in only one of them is seen. Nobody is seen from one scene in another.
    """

    def __init__(self, rows: StreamRows, cuts: tuple[float, ...], spec: ModelSpec) -> None:
        self._rows, self._spec = rows, spec
        self._cuts = np.array(cuts, np.float64)
        self._times, self._first = np.unique(rows.seconds, return_index=True)
        self._scene = np.searchsorted(self._cuts, self._times, side="right")
        # The frames of one head, one after the other, are often asked for again.
        self._faces = lru_cache(maxsize=2)(self._faces_of)

    def faces_at(self, seconds: float) -> Faces:
        """Return the faces at a time, left to right, in pixels of the upright frame."""
        after = int(np.searchsorted(self._times, seconds, side="right"))
        scene = np.searchsorted(self._cuts, seconds, side="right")
        frames = (i for i in (after - 1, after) if 0 <= i < len(self._times))
        known = [i for i in frames if self._scene[i] == scene]
        if not known:
            return self._nobody()
        faces = self._faces(min(known, key=lambda i: abs(float(self._times[i]) - seconds)))
        if len(known) == 1:
            return faces
        start, end = self._times[known]
        share = float((seconds - start) / (end - start))
        before, later = (
            dict(zip(frame.track_id.tolist(), frame.xyxy, strict=True))
            for frame in map(self._faces, known)
        )
        xyxy = faces.xyxy.copy()
        for face, person in enumerate(faces.track_id.tolist()):
            if person in before and person in later:
                xyxy[face] = (1 - share) * before[person] + share * later[person]
        return replace(faces, xyxy=xyxy)

    def _nobody(self) -> Faces:
        head = self._rows.heads[0]
        return Faces.empty(head.labels, head.name)

    def _faces_of(self, frame: int) -> Faces:
        end = [*self._first[1:].tolist(), len(self._rows)][frame]
        rows = self._rows.take(slice(self._first[frame], end))
        if rows.track[0] == NO_FACE:
            return self._nobody()
        array, head = rows.array, rows.heads[int(rows.array["head"][0])]
        spec = self._spec.head(head.name)
        return Faces(
            array["box"],
            array["score"],
            np.zeros((len(rows), LANDMARKS, 2), np.float32),
            array["probabilities"][:, [rows.labels.index(label) for label in head.labels]],
            head.labels,
            track_id=array["track"].astype(np.int64),
            seconds=float(array["seconds"][0]),
            issues=array["issues"],
            thresholds=spec.thresholds,
            margin=spec.margin,
            head=head.name,
        )


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


class _Mp4:
    """Writes one file: H.264, 4:2:0, its index in front (fast start). A context manager."""

    def __init__(self, out: Path, reader: VideoReader, scale: float) -> None:
        fast = {"movflags": "+faststart"}
        self._container = av.open(str(out), "w", format="mp4", container_options=fast)
        self._picture = self._picture_stream(reader.info, scale)
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
        if self._sound:
            self._sound.add(packet)

    def _picture_stream(self, info: VideoInfo, scale: float) -> Any:
        rate = Fraction(info.frame_rate or 25).limit_denominator(1001)
        options = {"crf": _QUALITY, "preset": _PRESET}
        stream = self._container.add_stream("libx264", rate=rate, options=options)
        sides = (max(1, round(side * scale)) for side in (info.width, info.height))
        stream.width, stream.height = (side + side % 2 for side in sides)
        stream.pix_fmt = "yuv420p"
        codec = stream.codec_context
        stream.time_base = codec.time_base = _TIME_BASE
        codec.colorspace, codec.color_range = _BT601_MATRIX, _BROADCAST_RANGE
        codec.color_primaries = codec.color_trc = _BT709
        return stream


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


#: Longest side of the marked picture in pixels. Few devices play more, and it takes long.
MAX_SIDE = 1920


def write_annotated(
    source: Path,
    recording: Recording,
    out: Path,
    spec: ModelSpec,
    *,
    on_progress: OnProgress = lambda _: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> None:
    """Write an MP4 file with a box and a name on every face, and the sound as it was.

    Every frame keeps its time. The sound is copied packet by packet, or encoded as AAC where
    browsers do not play its codec. The file is there only if all went well. Progress is told
    several times a second.

    Raises:
        VideoError: the recording cannot be read any more, or there is no MP4 file of such times.
        OSError: the file cannot be written.
        Cancelled: `cancelled`, which is asked before each frame, said so.
    """
    try:
        with atomic_write([out]) as [part], _open(source, recording) as reader:
            _write(reader, recording, part, spec, on_progress, cancelled)
    except av.error.FFmpegError as error:
        if isinstance(error, OSError):  # such as a full disk
            raise
        raise VideoError(
            "cannot be written as a marked video: an MP4 file holds no such times or pictures."
        ) from error


def _open(source: Path, recording: Recording) -> VideoReader:
    return VideoReader(source, with_sound=True, turn=recording.turn)


def _write(
    reader: VideoReader,
    recording: Recording,
    out: Path,
    spec: ModelSpec,
    on_progress: OnProgress,
    cancelled: Callable[[], bool],
) -> None:
    playback = Playback(recording.rows, recording.cuts, spec)
    longest = max(reader.info.width, reader.info.height)
    side = min(MAX_SIDE, longest)
    length = max(recording.end - recording.start, 1e-9)
    frames, reported = 0, time.monotonic()
    with _Mp4(out, reader, side / longest) as mp4, ahead(_prepared(reader, side), AHEAD) as items:
        for item in items:
            if cancelled():
                raise Cancelled
            if isinstance(item, av.Packet):
                mp4.add_sound(item)
                continue
            seconds, image = item
            if seconds >= recording.end:  # no more was analysed
                break
            faces = playback.faces_at(seconds).scaled(side / longest)
            mp4.add_picture(annotate(image, faces), seconds)
            frames += 1
            if time.monotonic() - reported >= REPORT_SECONDS:
                reported = time.monotonic()
                share = min(1.0, (seconds - recording.start) / length)
                on_progress(Progress("picture", share, seconds, frames))
    on_progress(Progress("picture", 1.0, recording.end, frames))


def _prepared(reader: VideoReader, side: int) -> Iterator[tuple[float, Image] | av.Packet]:
    for item in reader.items():
        yield (item.seconds, item.picture(side)) if isinstance(item, Frame) else item
