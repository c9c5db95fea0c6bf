"""From a recording to what the page shows of it, and the bounds of the work. No Streamlit."""

from __future__ import annotations

import errno
import logging
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from app.core.jobs import Cancelled
from app.core.models.runnable import ModelEntry, entry_of
from app.core.pictures import small_jpeg
from app.core.server.events import log_disk_failure
from app.core.settings import model_dir
from fer.errors import VideoError
from fer.export.stream import StreamRows
from fer.stream import FaceStream
from fer.text import clock, duration
from fer.video.annotated import write_annotated
from fer.video.opening import VideoInfo
from fer.video.recording import (
    DEFAULT_RATE,
    OnProgress,
    Progress,
    Recording,
    VideoOptions,
    analyse,
)
from fer.video.recording import Cancelled as AnalysisCancelled

_log = logging.getLogger(__name__)

#: Least seconds between two pictures.
PICTURE_SECONDS = 1.0

#: Longest side of a picture in pixels, and its JPEG quality.
_PICTURE_SIDE, _QUALITY = 800, 80

#: Most rows that are kept for the page: a timeline of three hours took half a second, each second.
MAX_ROWS = 20_000

#: Seconds that a frame of the marked video takes for each that the analysis of one takes (7.8 for
#: 13.8 ms at 1280 × 720), and where small faces are looked for.
_MARKING, _MARKING_FINE = 0.56, 0.03

#: What a guess of the time that is left must rest on: share of a stage, and seconds.
_KNOWN_SHARE, _KNOWN_SECONDS = 0.02, 1.0

#: Pixels of all frames together that are read of a recording: for each of its bytes (a film of a
#: still picture has 8,000), of any (80 seconds of 1080p), and at most (67 minutes of it).
_PIXELS_A_BYTE, _PIXELS_OF_ANY, _MOST_PIXELS = 20_000, 5_000_000_000, 250_000_000_000

#: Highest frame rate of a header that a recording is refused for; higher ones are often guesses.
_RATE_BELIEVED = 60.0


@dataclass(frozen=True)
class VideoSettings:
    """How a visitor wants a recording to be analysed."""

    #: Frames that are analysed a second; every frame if None.
    rate: float | None = DEFAULT_RATE
    #: Whether to look for small faces too.
    fine: bool = False
    #: Name of the head, and directory of the model; the usual ones if None.
    head: str | None = None
    model: Path | None = None


@dataclass(frozen=True)
class Result:
    """What became of a recording."""

    recording: Recording
    #: The marked video, or why it could not be written.
    marked: Path | None
    note: str = ""
    #: What is known of the model that answered.
    model: ModelEntry | None = None
    #: Whether the visitor stopped the analysis before its end.
    cancelled: bool = False


def read_video(
    source: Path,
    marked: Path,
    settings: VideoSettings,
    on_progress: OnProgress,
    cancelled: Cancelled,
    processor_seconds: float = math.inf,
    stopped: Cancelled = lambda: False,
) -> Result:
    """Analyse a recording, for so long at most, and write it with its faces marked.

    The analysis ends with what it has. Progress is reported several times a second, first of the
    analysis, then of the writing. Once `stopped` returns True, what was analysed so far is the
    result, without a marked video.

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
    breaks_off = False

    def break_off() -> bool:
        nonlocal breaks_off
        breaks_off = stopped()
        return breaks_off

    recording = analyse(
        source, stream, options, on_progress=on_progress, cancelled=cancelled, stopped=break_off
    )
    if breaks_off:
        recording = replace(recording, note=_stopped_note(recording))
    if stopped():
        return Result(recording, None, model=model, cancelled=True)
    spec = stream.spec
    del stream  # its networks take 35 MB, and writing takes as long as the analysis
    try:
        write_annotated(
            source,
            recording,
            marked,
            spec,
            on_progress=on_progress,
            cancelled=lambda: cancelled() or stopped(),
        )
    except AnalysisCancelled:
        if cancelled():
            raise
        return Result(recording, None, model=model, cancelled=True)
    except VideoError as error:
        # All else is there, and took minutes.
        return Result(recording, None, f"The recording {error}", model)
    except OSError as error:
        _log.warning("a marked video could not be written: %s", error.strerror or type(error))
        log_disk_failure(error, "video")
        return Result(recording, None, disk_message(error), model)
    return Result(recording, marked, model=model)


def _stopped_note(recording: Recording) -> str:
    """Return how much of a recording was analysed until the visitor stopped it."""
    length = recording.video.seconds
    of_all = "" if length is None else f" of {clock(length)}"
    return f"Cancelled: only {duration(recording.end - recording.start)}{of_all} were analysed."


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


class VideoProgress:
    """Collects the reports of one analysis. Safe to share between threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, *, fine: bool = False) -> None:
        self._clock, self._marking = clock, _MARKING_FINE if fine else _MARKING
        self._lock = threading.Lock()
        #: The last report, without its rows and picture; None before the first.
        self.newest: Progress | None = None
        #: Frames a second in this stage; 0 if it has only begun.
        self.speed = 0.0
        #: JPEG of the newest marked picture, a new one about once a second; empty before that.
        self.picture = b""
        self._began = self._pictured = -np.inf
        self._rows: list[StreamRows] = []

    def report(self, progress: Progress) -> None:
        """Take a report, on the thread of the analysis."""
        now = self._clock()
        picture = b""
        if progress.picture is not None and now - self._pictured >= PICTURE_SECONDS:
            self._pictured = now
            picture = small_jpeg(progress.picture(), _PICTURE_SIDE, _QUALITY)
        with self._lock:
            if self.newest is None or self.newest.stage != progress.stage:
                self._began, self.speed = now, 0.0
            elif now > self._began:
                self.speed = progress.frames / (now - self._began)
            # A picture can be made only now, and keeps the frame that it would show.
            self.newest = replace(progress, rows=None, picture=None)
            if progress.rows is not None:
                self._rows.append(progress.rows)
            self.picture = picture or self.picture

    @property
    def seconds_left(self) -> float | None:
        """Guess of the seconds until all is done; None while there is none."""
        with self._lock:
            newest, took = self.newest, self._clock() - self._began
        share = newest.share if newest else None
        if share is None or share < _KNOWN_SHARE or took < _KNOWN_SECONDS:
            return None
        left = took * (1 - share) / share
        if newest and newest.stage == "analysis":
            left += took / share * self._marking * newest.frames / max(1, newest.analysed)
        return left

    @property
    def rows(self) -> StreamRows | None:
        """Rows so far, of a long recording those of some frames; None before the first report."""
        with self._lock:
            if not self._rows:
                return None
            array = np.concatenate([rows.array for rows in self._rows])
            rows = StreamRows(array, self._rows[0].heads)
            while len(rows) > MAX_ROWS:
                frame = np.cumsum(np.diff(rows.seconds, prepend=-np.inf) > 0)
                if frame[-1] == 1:
                    break
                rows = rows.take(frame % 2 == 1)
            self._rows = [rows]
            return rows.used()
