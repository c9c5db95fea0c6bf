"""From a recording to all that the page shows of it. Does not use Streamlit."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from app.background.jobs import Cancelled
from app.common.paths import model_dir
from app.video.workspace import failure
from fer import FaceStream
from fer.video.marked import write_marked
from fer.video.recording import DEFAULT_RATE, OnProgress, Recording, VideoOptions, analyse

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class VideoSettings:
    """How a visitor wants a recording to be analysed.

    Attributes:
        rate: frames that are analysed a second; every frame if None.
        fine: whether to look for small faces too.
        head: name of the head to use; the usual one if None.
    """

    rate: float | None = DEFAULT_RATE
    fine: bool = False
    head: str | None = None


@dataclass(frozen=True)
class Result:
    """What became of a recording.

    Attributes:
        recording: what was found in it.
        marked: the marked video; None if it could not be written.
        note: why it could not; empty if it was.
    """

    recording: Recording
    marked: Path | None
    note: str = ""


def read_video(
    source: Path,
    marked: Path,
    settings: VideoSettings,
    on_progress: OnProgress,
    cancelled: Cancelled,
) -> Result:
    """Analyse a recording and write it with its faces marked.

    Args:
        source: the recording.
        marked: file for the marked video.
        settings: how to analyse.
        on_progress: called several times a second, first with the analysis, then with the writing.
        cancelled: asked before each frame whether to stop.

    Raises:
        VideoError: the recording cannot be read.
        ModelError: the model is missing or incomplete.
        Exception: of any kind, after a cancel.
    """
    stream = FaceStream.load(model_dir(), fine=settings.fine)
    options = VideoOptions(settings.rate, settings.head)
    recording = analyse(source, stream, options, on_progress=on_progress, cancelled=cancelled)
    try:
        write_marked(
            source, recording, marked, stream.spec, on_progress=on_progress, cancelled=cancelled
        )
    except OSError as error:
        # All else is there, and took minutes.
        _log.warning("a marked video could not be written: %s", error.strerror or type(error))
        return Result(recording, None, failure(error))
    return Result(recording, marked)
