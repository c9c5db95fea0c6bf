"""Write a recording with every face marked: H.264, with the sound as it was."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Self

import av
import av.error
import cv2
import numpy as np

from fer.drawing.annotate import annotate
from fer.errors import VideoError
from fer.export.stream import NO_FACE, StreamRows
from fer.model.spec import ModelSpec
from fer.types import LANDMARKS, Faces, Floats, Image
from fer.video.frame import Frame
from fer.video.reading import VideoReader, ahead
from fer.video.recording import Cancelled, OnProgress, Progress, Recording
from fer.whole_files import whole_files


class Playback:
    """The faces of a recording over time.

    Boxes move evenly between two analysed frames. Everything else is that of the nearer one, in
    which somebody who is in only one of them is seen.

    Args:
        rows: rows of the recording.
        cuts: seconds at which another scene begins; nobody is seen from one scene in another.
        spec: describes the model that the rows are of.
    """

    def __init__(self, rows: StreamRows, cuts: tuple[float, ...], spec: ModelSpec) -> None:
        self._rows, self._spec = rows, spec
        self._times, self._first = np.unique(rows.seconds, return_index=True)
        self._cuts = np.array(cuts, np.float64)
        # The frames of one head, one after the other, are often asked for again.
        self._cached: dict[int, Faces] = {}

    def faces_at(self, seconds: float) -> Faces:
        """Return the faces at a time, left to right, in pixels of the upright frame."""
        after = int(np.searchsorted(self._times, seconds, side="right"))
        before = after - 1
        known = [i for i in (before, after) if self._is_near(i, seconds)]
        if not known:
            return self._nobody()
        nearest = min(known, key=lambda i: abs(float(self._times[i]) - seconds))
        faces = self._faces(nearest)
        if len(known) == 2:
            start, end = self._times[[before, after]]
            share = float((seconds - start) / (end - start))
            faces = _between(faces, self._faces(before), self._faces(after), share)
        return faces

    def _is_near(self, frame: int, seconds: float) -> bool:
        """Return whether an analysed frame tells of a time: there is one, and no cut between."""
        if not 0 <= frame < len(self._times):
            return False
        time = float(self._times[frame])
        first, last = min(time, seconds), max(time, seconds)
        return not ((self._cuts > first) & (self._cuts <= last)).any()

    def _nobody(self) -> Faces:
        head = self._rows.heads[0]
        return Faces.empty(head.labels, head.name)

    def _faces(self, frame: int) -> Faces:
        """Return the faces of an analysed frame."""
        if frame not in self._cached:
            # Two frames at a time are needed.
            self._cached = {i: f for i, f in self._cached.items() if i == frame - 1}
            end = [*self._first[1:].tolist(), len(self._rows)][frame]
            self._cached[frame] = self._made(self._rows.take(slice(self._first[frame], end)))
        return self._cached[frame]

    def _made(self, rows: StreamRows) -> Faces:
        if rows.track[0] == NO_FACE:
            return self._nobody()
        array, head = rows.array, rows.heads[int(rows.array["head"][0])]
        spec = self._spec.head(head.name)
        columns = [rows.labels.index(label) for label in head.labels]
        return Faces(
            array["box"],
            array["score"],
            np.zeros((len(rows), LANDMARKS, 2), np.float32),
            array["probabilities"][:, columns],
            head.labels,
            track_id=array["track"].astype(np.int64),
            seconds=float(array["seconds"][0]),
            flaws=array["flaws"],
            thresholds=spec.thresholds,
            margin=spec.margin,
            head=head.name,
        )


def _between(nearest: Faces, before: Faces, after: Faces, share: float) -> Faces:
    """Return the nearest frame's faces, moved to where they are at a share of the way."""
    boxes = [dict(zip(f.track_id.tolist(), f.xyxy, strict=True)) for f in (before, after)]
    xyxy = nearest.xyxy.copy()
    for face, person in enumerate(nearest.track_id.tolist()):
        if all(person in known for known in boxes):
            xyxy[face] = _blended(boxes[0][person], boxes[1][person], share)
    return replace(nearest, xyxy=xyxy)


def _blended(one: Floats, other: Floats, share: float) -> Floats:
    return np.asarray((1 - share) * one + share * other, np.float32)


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


#: Longest side of the marked picture in pixels. Few devices play more, and it takes long.
MAX_SIDE = 1920

#: Frames that are prepared while another is drawn.
_AHEAD = 4

#: Least seconds between two reports of progress.
_REPORT_SECONDS = 0.2


def write_marked(
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
    browsers do not play its codec.

    Args:
        source: the recording.
        recording: what was found in it.
        out: file to write; it is there only if all went well.
        spec: describes the model.
        on_progress: called several times a second.
        cancelled: asked before each frame whether to stop.

    Raises:
        VideoError: the recording cannot be read any more, or there is no MP4 file of such times.
        OSError: the file cannot be written.
        Cancelled: `cancelled` said so.
    """
    try:
        with whole_files([out]) as [part], VideoReader(source, with_sound=True) as reader:
            _write(reader, recording, part, spec, on_progress, cancelled)
    except av.error.FFmpegError as error:
        if isinstance(error, OSError):  # such as a full disk
            raise
        raise VideoError(
            "cannot be written as a marked video: an MP4 file holds no such times or pictures."
        ) from error


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
    with Mp4(out, reader, side / longest) as mp4, ahead(_prepared(reader, side), _AHEAD) as items:
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
            if time.monotonic() - reported >= _REPORT_SECONDS:
                reported = time.monotonic()
                share = min(1.0, (seconds - recording.start) / length)
                on_progress(Progress("picture", share, seconds, frames))
    on_progress(Progress("picture", 1.0, recording.end, frames))


def _prepared(reader: VideoReader, side: int) -> Iterator[tuple[float, Image] | av.Packet]:
    """Yield the time and the picture of every frame, and the packets of the sound in between."""
    for item in reader.items():
        yield (item.seconds, item.picture(side)) if isinstance(item, Frame) else item
