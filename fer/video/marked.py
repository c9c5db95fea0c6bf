"""Write a recording with every face marked: H.264, with the sound as it was."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import av.error

from fer.drawing.annotate import annotate
from fer.errors import VideoError
from fer.model.spec import ModelSpec
from fer.types import Image
from fer.video.ahead import ahead
from fer.video.frame import Frame
from fer.video.mp4 import Mp4
from fer.video.playback import Playback
from fer.video.reading import VideoReader
from fer.video.recording import Cancelled, OnProgress, Progress, Recording
from fer.whole_files import whole_files

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
