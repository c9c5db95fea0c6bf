"""From a recording to all that the page shows of it. Does not use Streamlit."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass, replace
from pathlib import Path

from app.core.jobs import Cancelled
from app.core.models.runnable import ModelEntry, entry_of
from app.core.paths import model_dir
from app.core.server.events import log_disk_failure
from app.video.room import most_pixels
from app.video.workspace import failure
from fer import FaceStream
from fer.errors import VideoError
from fer.video.annotated import write_marked
from fer.video.recording import DEFAULT_RATE, OnProgress, Recording, VideoOptions, analyse

_log = logging.getLogger(__name__)


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
    settings = _possible(settings)
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
        write_marked(source, recording, marked, spec, on_progress=on_progress, cancelled=cancelled)
    except VideoError as error:
        # All else is there, and took minutes.
        return Result(recording, None, f"The recording {error}", model)
    except OSError as error:
        _log.warning("a marked video could not be written: %s", error.strerror or type(error))
        log_disk_failure(error, "video")
        return Result(recording, None, failure(error), model)
    return Result(recording, marked, model=model)


def _possible(settings: VideoSettings) -> VideoSettings:
    """Return the settings, with the configured model if theirs went while the job waited."""
    if settings.model is None or entry_of(settings.model):
        return settings
    return replace(settings, model=None, head=None)
