"""Analyse a recording: a camera whose clock stands in the file."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fer.drawing.annotate import annotate
from fer.export.stream import HeadLabels, StreamResult, StreamRows, labels_of, row_type
from fer.export.table import ExportInfo
from fer.stream import FaceStream
from fer.tracking.following import DEFAULT_SMOOTHING_SECONDS
from fer.types import Faces, Image
from fer.video.moments import Moment, find_moments
from fer.video.opening import VideoInfo
from fer.video.reading import VideoReader, ahead
from fer.video.scene_cuts import SceneCuts

#: A frame may come so much earlier than its turn, in seconds: times in files are rounded.
_ROUNDED = 0.0005


@dataclass(frozen=True)
class PreparedFrame:
    """What the analysis needs of a frame.

    Attributes:
        seconds: time of the frame.
        size: width and height in the recording, in pixels.
        new_scene: whether another scene begins with it.
        image: RGB, perhaps smaller than `size`; None if it is not to be analysed.
        spent: seconds of processor time that this thread took for all frames so far.
    """

    seconds: float
    size: tuple[int, int]
    new_scene: bool
    image: Image | None
    spent: float


def prepared(reader: VideoReader, rate: float | None, side: int | None) -> Iterator[PreparedFrame]:
    """Yield every frame, with a picture of those whose turn it is.

    Args:
        reader: the recording.
        rate: frames that are analysed a second; every frame if None.
        side: longer side in pixels to which larger pictures are reduced; not at all if None.
    """
    is_cut, turn, began = SceneCuts(), 0, time.thread_time()
    for frame in reader.frames():
        image = None
        turns = math.inf if rate is None else (frame.seconds - reader.start + _ROUNDED) * rate
        if turns >= turn:
            image = frame.picture(side)
            turn = 0 if rate is None else math.floor(turns) + 1
        new_scene = is_cut(frame.thumbnail())
        spent = time.thread_time() - began
        yield PreparedFrame(frame.seconds, frame.size, new_scene, image, spent)


class RowLog:
    """Rows in a buffer that doubles when it is full.

    Args:
        heads: the heads that may occur.
    """

    def __init__(self, heads: tuple[HeadLabels, ...]) -> None:
        self._heads = heads
        self._buffer: NDArray[np.void] = np.zeros(1024, row_type(labels_of(heads)))
        self._length = self._told = 0

    def append(self, rows: StreamRows) -> None:
        """Append the rows of a frame."""
        length = self._length + len(rows)
        while length > len(self._buffer):
            self._buffer = np.concatenate([self._buffer, np.zeros_like(self._buffer)])
        self._buffer[self._length : length] = rows.array
        self._length = length

    def newest(self) -> StreamRows:
        """Return the rows since the last call."""
        since, self._told = self._told, self._length
        return StreamRows(self._buffer[since : self._length].copy(), self._heads)

    def all(self) -> StreamRows:
        """Return all rows."""
        return StreamRows(self._buffer[: self._length].copy(), self._heads)


#: Frames that are analysed a second, if nothing else is asked for.
DEFAULT_RATE = 10.0

#: Longer side in pixels to which larger frames are reduced before the analysis. The detector of
#: streams sees far less; it is enough for the faces that it finds.
ANALYSIS_SIDE = 1280

#: Least seconds between two reports of progress.
_REPORT_SECONDS = 0.2

#: Frames that are prepared while another is analysed.
_AHEAD = 4


class Cancelled(Exception):  # noqa: N818 - no error: somebody wished it
    """The caller does not want the rest."""


@dataclass(frozen=True)
class VideoOptions:
    """How to analyse a recording.

    Attributes:
        rate: frames that are analysed a second; every frame if None.
        head: name of the head to use; the usual one if None.
        smoothing_seconds: window over which each person's probabilities are averaged.
        pixels: pixels of all frames together after which no more is read.
        processor_seconds: of the threads that read and analyse, after which no more is read.
    """

    rate: float | None = DEFAULT_RATE
    head: str | None = None
    smoothing_seconds: float = DEFAULT_SMOOTHING_SECONDS
    pixels: float = math.inf
    processor_seconds: float = math.inf

    def __post_init__(self) -> None:
        if self.rate is not None and not (self.rate > 0 and math.isfinite(self.rate)):
            raise ValueError(f"expected a rate above 0, got {self.rate}")


@dataclass(frozen=True)
class Progress:
    """How far a recording is.

    Attributes:
        stage: ``"analysis"``, or ``"picture"`` while the marked video is written.
        share: share of the stage that is done, 0…1; None if the length is not known.
        seconds: place in the recording.
        frames: frames that were read so far in this stage.
        analysed: frames of these that were analysed.
        rows: rows found since the last report; None while the marked video is written.
        picture: returns the newest marked picture, RGB; may be called during the report only.
    """

    stage: str
    share: float | None
    seconds: float
    frames: int
    analysed: int = 0
    rows: StreamRows | None = None
    picture: Callable[[], Image] | None = None


OnProgress = Callable[[Progress], None]


@dataclass(frozen=True)
class Recording:
    """What was found in a recording.

    Attributes:
        video: what its header says.
        rows: a row per face and analysed frame, one per analysed frame without a face. Their
            seconds are the file's own presentation times.
        info: when it was recorded, or analysed if it does not say; model and detector.
        cuts: seconds at which another scene began. Nobody has the same number before and after.
        moments: the surest moments of each person and expression.
        start: second at which its first frame is shown.
        end: second at which its last readable frame ends.
        note: why that is not its whole length; empty if it is.
    """

    video: VideoInfo
    rows: StreamRows
    info: ExportInfo
    cuts: tuple[float, ...]
    moments: tuple[Moment, ...] = field(repr=False)
    start: float
    end: float
    note: str = ""


def analyse(
    source: Path,
    stream: FaceStream,
    options: VideoOptions | None = None,
    *,
    portraits: bool = True,
    on_progress: OnProgress = lambda _: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Recording:
    """Analyse a recording. Memory does not depend on its length, but for 72 bytes a row.

    Args:
        source: the file.
        stream: analyses the frames; is reset.
        options: how; as usual if not given.
        portraits: whether `Recording.moments` are wanted; finding them takes seconds.
        on_progress: called several times a second.
        cancelled: asked before each frame whether to stop.

    Raises:
        VideoError: the file cannot be read; see `VideoReader`.
        ModelError: the model has no such head.
        Cancelled: `cancelled` said so.
    """
    options = options or VideoOptions()
    stream.reset()
    began = time.thread_time()
    with VideoReader(source, pixels=options.pixels) as reader:
        analysis = _Analysis(reader, stream, options, on_progress)
        side = None if stream.is_fine else ANALYSIS_SIDE
        with ahead(prepared(reader, options.rate, side), _AHEAD) as frames:
            for frame in frames:
                if cancelled():
                    raise Cancelled
                analysis.see(frame)
                if frame.spent + time.thread_time() - began > options.processor_seconds:
                    reader.enough = True
                    break
        analysis.report()
        recording = analysis.recording()
    if portraits:
        moments = find_moments(source, recording.rows, options.pixels, cancelled)
        recording = replace(recording, moments=moments)
    if cancelled():
        raise Cancelled
    return recording


class _Analysis:
    """The analysis of one recording, frame after frame."""

    def __init__(
        self, reader: VideoReader, stream: FaceStream, options: VideoOptions, report: OnProgress
    ) -> None:
        self._reader, self._stream, self._options = reader, stream, options
        self._on_progress = report
        stream.spec.head(options.head)
        self._heads = tuple(HeadLabels(head.name, head.labels) for head in stream.spec.heads)
        self._rows = RowLog(self._heads)
        self._cuts: list[float] = []
        self._frames = self._analysed = 0
        self._seconds = reader.start
        self._reported = -math.inf
        self._newest: tuple[Image, Faces] | None = None

    def see(self, frame: PreparedFrame) -> None:
        """Take the next frame."""
        self._frames += 1
        self._seconds = frame.seconds
        if frame.new_scene:
            self._cuts.append(frame.seconds)
            self._stream.new_scene()
        if frame.image is not None:
            self._analyse(frame.image, frame)
            if time.monotonic() - self._reported >= _REPORT_SECONDS:
                self.report()

    def _analyse(self, image: Image, frame: PreparedFrame) -> None:
        options, size = self._options, frame.size
        result = self._stream(
            image, frame.seconds, head=options.head, smoothing_seconds=options.smoothing_seconds
        )
        self._analysed += 1
        self._newest = image, result.faces
        faces = result.faces.scaled(size[0] / image.shape[1])
        self._rows.append(
            StreamRows.of(faces, size, self._heads, smoothing_seconds=options.smoothing_seconds)
        )

    def report(self) -> None:
        """Say how far it is."""
        self._reported = time.monotonic()
        length, passed = self._reader.info.seconds, self._seconds - self._reader.start
        self._on_progress(
            Progress(
                "analysis",
                None if length is None else min(1.0, passed / length),
                self._seconds,
                self._frames,
                self._analysed,
                self._rows.newest(),
                partial(annotate, *self._newest) if self._newest else None,
            )
        )

    def recording(self) -> Recording:
        """Return what was found, once all frames were seen."""
        reader, spec = self._reader, self._stream.spec
        when = reader.info.created or datetime.now(UTC)
        return Recording(
            reader.info,
            self._rows.all(),
            ExportInfo.of(spec, self._stream.detector_version, when),
            tuple(self._cuts),
            (),
            reader.start,
            reader.end,
            reader.note,
        )


def result_of(recording: Recording, name: str) -> StreamResult:
    """Return what was found in a recording, for the files that are made of it.

    Args:
        recording: what was found.
        name: name of its file, without folders.
    """
    video = recording.video
    source = {
        "file": name,
        "width": video.width,
        "height": video.height,
        "frame_rate": video.frame_rate,
        "codec": video.codec,
        "has_sound": video.has_sound,
    }
    return StreamResult(
        recording.rows,
        recording.info,
        recorded=True,
        cuts=recording.cuts,
        end=recording.end,
        note=recording.note,
        source=source,
    )
