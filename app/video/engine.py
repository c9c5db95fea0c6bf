"""From a recording to what the page shows of it, and the bounds of the work. No Streamlit."""

from __future__ import annotations

import errno
import logging
import math
from dataclasses import dataclass, replace
from pathlib import Path

from app.core.jobs import Cancelled
from app.core.models.runnable import ModelEntry, entry_of
from app.core.server.events import log_disk_failure
from app.core.settings import model_dir
from fer.errors import VideoError
from fer.stream import FaceStream
from fer.video.annotated import write_annotated
from fer.video.opening import VideoInfo
from fer.video.recording import DEFAULT_RATE, OnProgress, Recording, VideoOptions, analyse

_log = logging.getLogger(__name__)

#: Pixels of all frames together that are read of a recording: for each of its bytes, of any, and
#: at most. A film of a still picture with its sound has 8,000 a byte. Read of any are 80 seconds of
#: 1080p at 30 frames a second, and at most are 67 minutes of it.
_PIXELS_A_BYTE, _PIXELS_OF_ANY, _MOST_PIXELS = 20_000, 5_000_000_000, 250_000_000_000

#: Highest frame rate of a header that a recording is refused for; higher ones are often guesses.
_RATE_BELIEVED = 60.0


@dataclass(frozen=True)
class VideoSettings:
    """How a visitor wants a recording to be analysed.

    Attributes:
        rate: frames that are analysed a second; every frame if None.
        fine: whether to look for small faces too.
        head: name of the head to use; the usual one if None.
        model: directory of the model; the configured one if None.
    """

    rate: float | None = DEFAULT_RATE
    fine: bool = False
    head: str | None = None
    model: Path | None = None


@dataclass(frozen=True)
class Result:
    """What became of a recording.

    Attributes:
        recording: what was found in it.
        marked: the marked video; None if it could not be written.
        note: why it could not; empty if it was.
        model: what is known of the model that answered; None if nothing is.
    """

    recording: Recording
    marked: Path | None
    note: str = ""
    model: ModelEntry | None = None


def read_video(
    source: Path,
    marked: Path,
    settings: VideoSettings,
    on_progress: OnProgress,
    cancelled: Cancelled,
    processor_seconds: float = math.inf,
) -> Result:
    """Analyse a recording and write it with its faces marked.

    Args:
        source: the recording.
        marked: file for the marked video.
        settings: how to analyse.
        on_progress: called several times a second, first with the analysis, then with the writing.
        cancelled: asked before each frame whether to stop.
        processor_seconds: after which the analysis ends with what it has.

    Raises:
        VideoError: the recording cannot be read.
        ModelError: the model is missing or incomplete.
        Exception: of any kind, after a cancel.
    """
    if settings.model and not entry_of(settings.model):  # it went while the job waited
        settings = replace(settings, model=None, head=None)
    directory = settings.model or model_dir()
    stream = FaceStream.load(directory, fine=settings.fine)
    model = entry_of(directory)
    options = VideoOptions(
        settings.rate,
        settings.head,
        pixels=most_pixels(source.stat().st_size),
        processor_seconds=processor_seconds,
    )
    recording = analyse(source, stream, options, on_progress=on_progress, cancelled=cancelled)
    spec = stream.spec
    del stream  # its networks take 35 MB, and writing takes as long as the analysis
    try:
        write_annotated(
            source, recording, marked, spec, on_progress=on_progress, cancelled=cancelled
        )
    except VideoError as error:
        # All else is there, and took minutes.
        return Result(recording, None, f"The recording {error}", model)
    except OSError as error:
        _log.warning("a marked video could not be written: %s", error.strerror or type(error))
        log_disk_failure(error, "video")
        return Result(recording, None, disk_message(error), model)
    return Result(recording, marked, model=model)


def most_pixels(size: int) -> int:
    """Return how many pixels of all frames together are read of a file of so many bytes."""
    return min(_MOST_PIXELS, _PIXELS_OF_ANY + _PIXELS_A_BYTE * size)


def check_work(video: VideoInfo, size: int) -> None:
    """Raise VideoError if a header says that a file of so many bytes is too much work."""
    frames = (video.seconds or 0) * min(video.frame_rate or 0, _RATE_BELIEVED)
    most = most_pixels(size) / (video.width * video.height)
    if frames > most:
        raise VideoError(
            f"is too much work: about {frames:,.0f} frames of {video.width} × {video.height} "
            f"pixels; of such a file, {most:,.0f} are analysed. Cut it into parts, or make its "
            "picture smaller."
        )


def disk_message(error: OSError) -> str:
    """Return what to tell a visitor when a file could not be written."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return (
            "The disk of this server is full. Try again later, or with a shorter or smaller "
            "recording."
        )
    return "This server could not write it to its disk. Try again later."
