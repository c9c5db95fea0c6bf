"""Analyse a recording: a camera whose clock stands in the file."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fer.drawing.annotate import annotate
from fer.drawing.pictures import encoded, portrait
from fer.errors import VideoError
from fer.export.sessions import surest_moments
from fer.export.stream import HeadLabels, StreamResult, StreamRows, labels_of, row_type
from fer.export.table import ExportInfo
from fer.stream import DEFAULT_SMOOTHING_SECONDS, FaceStream
from fer.types import Faces, Image
from fer.video.opening import VideoInfo
from fer.video.reading import VideoReader, ahead
from fer.video.scene_cuts import SceneCuts

#: Frames that are analysed a second, if nothing else is asked for.
DEFAULT_RATE = 10.0

#: Longer side in pixels to which larger frames are reduced before the analysis. The detector of
#: streams sees far less; it is enough for the faces that it finds.
_ANALYSIS_SIDE = 1280

#: A frame may come so much earlier than its turn, in seconds: times in files are rounded.
_ROUNDED = 0.0005

#: Least seconds between two reports of progress, and frames prepared while another is analysed.
REPORT_SECONDS, AHEAD = 0.2, 4

#: Degrees that right a picture which is upside down; frames in which faces are looked for so if
#: nobody is found, and in how many of them somebody must be.
_UPSIDE_DOWN, _TURNED_FRAMES, _LEAST_TURNED = 180, 8, 2

#: Most moments, those of the people seen longest; each costs the decoding of some seconds.
_MAX_MOMENTS = 42

#: Side of a portrait in pixels, and its JPEG quality.
_SIDE, _QUALITY = 160, 85


class Cancelled(Exception):  # noqa: N818 - no error: somebody wished it
    """The caller does not want the rest."""


@dataclass(frozen=True)
class VideoOptions:
    """How to analyse a recording.

    Attributes:
        rate: frames that are analysed a second; every frame if None.
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
        rows: rows found since the last report.
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
class Moment:
    """A moment of the recording at which a person showed an expression most surely.

    Attributes:
        portrait: a square JPEG of the face.
    """

    seconds: float
    person: int
    expression: str
    confidence: float
    portrait: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Recording(StreamResult):
    """What was found in a recording: a row per face and analysed frame, or one without a face.

    Their seconds count from the beginning of the file. The time of `info` is when it was recorded,
    or analysed if it does not say. People are recognised by their looks after a cut.

    Attributes:
        end: second at which its last readable frame ends.
        moments: the surest moments of each person and expression.
        turn: degrees by which the picture was turned: 180 if it was upside down, else 0.
        incomplete: whether the file was not read whole: it is cut off, damaged or too much work.
    """

    video: VideoInfo
    start: float
    end: float
    moments: tuple[Moment, ...] = field(default=(), repr=False)
    recorded: bool = True
    turn: int = 0
    incomplete: bool = False


def result_of(recording: Recording, name: str) -> Recording:
    """Return a recording whose files say its name (without folders), size, codec and sound."""
    video = recording.video
    source = {
        "file": name,
        "width": video.width,
        "height": video.height,
        "frame_rate": video.frame_rate,
        "codec": video.codec,
        "has_sound": video.has_sound,
    }
    return replace(recording, source=source)


def analyse(
    source: Path,
    stream: FaceStream,
    options: VideoOptions | None = None,
    *,
    portraits: bool = True,
    on_progress: OnProgress = lambda _: None,
    cancelled: Callable[[], bool] = lambda: False,
    stopped: Callable[[], bool] = lambda: False,
) -> Recording:
    """Analyse a recording. Memory does not depend on its length, but for 72 bytes a row.

    The stream is reset. Finding `Recording.moments`, with portraits, takes seconds. Progress is
    told several times a second. If nobody is found, and faces are found in some frames turned by
    180 degrees, the recording is analysed once more, turned.

    `stopped` is asked before each frame; once it returns True, the result is that of the frames
    before.

    Raises:
        VideoError: the file cannot be read; see `VideoReader`.
        ModelError: the model has no such head.
        Cancelled: `cancelled`, which is asked before each frame, said so.
    """
    options = options or VideoOptions()
    recording, is_whole = _analyse(source, stream, options, 0, on_progress, cancelled, stopped)
    nobody = not recording.rows.has_face.any()
    if nobody and is_whole and _is_upside_down(source, recording, stream, options, cancelled):
        # The rows of the first time have been reported.
        without_rows = partial(_report_without_rows, on_progress)
        recording, _ = _analyse(
            source, stream, options, _UPSIDE_DOWN, without_rows, cancelled, stopped
        )
        note = f"The picture was upside down and has been turned. {recording.note}".strip()
        recording = replace(recording, note=note)
    if portraits:
        recording = replace(recording, moments=_moments(source, recording, options, cancelled))
    if cancelled():
        raise Cancelled
    return recording


def _report_without_rows(on_progress: OnProgress, progress: Progress) -> None:
    on_progress(replace(progress, rows=None))


def _is_upside_down(
    source: Path,
    recording: Recording,
    stream: FaceStream,
    options: VideoOptions,
    cancelled: Callable[[], bool],
) -> bool:
    """Return whether faces are found in some frames of a recording when they are turned."""
    times = np.unique(recording.rows.seconds)
    chosen = times[np.linspace(0, len(times) - 1, min(_TURNED_FRAMES, len(times))).astype(int)]
    side = None if stream.is_fine else _ANALYSIS_SIDE
    found = 0
    try:
        with VideoReader(source, pixels=options.pixels, turn=_UPSIDE_DOWN) as reader:
            for seconds in chosen.tolist():
                if cancelled():
                    raise Cancelled
                frame = reader.seek(seconds)
                if frame is None:
                    continue
                stream.reset()
                result = stream(frame.picture(side), seconds, head=options.head)
                found += len(result.faces) > 0
    except VideoError:  # it could be read before
        return False
    return found >= min(_LEAST_TURNED, len(chosen)) > 0


def _analyse(
    source: Path,
    stream: FaceStream,
    options: VideoOptions,
    turn: int,
    on_progress: OnProgress,
    cancelled: Callable[[], bool],
    stopped: Callable[[], bool],
) -> tuple[Recording, bool]:
    """Analyse a recording, turned by so many degrees, without moments.

    Return it, and whether it was read to its end.
    """
    stream.reset()
    began = time.thread_time()
    was_stopped = False
    with VideoReader(source, pixels=options.pixels, turn=turn) as reader:
        analysis = _Analysis(reader, stream, options, on_progress)
        side = None if stream.is_fine else _ANALYSIS_SIDE
        with ahead(prepared(reader, options.rate, side), AHEAD) as frames:
            for frame in frames:
                if cancelled():
                    raise Cancelled
                if stopped():
                    was_stopped = True
                    break
                analysis.see(frame)
                if frame.spent + time.thread_time() - began > options.processor_seconds:
                    reader.enough = True
                    break
        analysis.report()
        recording = Recording(
            rows=analysis.rows(),
            info=ExportInfo.of(
                stream.spec, stream.detector_version, reader.info.created or datetime.now(UTC)
            ),
            cuts=tuple(analysis.cuts),
            note=reader.note,
            video=reader.info,
            start=reader.start,
            end=reader.end,
            turn=turn,
            incomplete=bool(reader.note),
        )
    return recording, not (reader.enough or was_stopped)


class PreparedFrame(NamedTuple):
    """What the analysis needs of a frame.

    Attributes:
        size: width and height in the recording, in pixels.
        is_cut: whether another scene begins with it.
        image: RGB, perhaps smaller than `size`; None if it is not to be analysed.
        spent: seconds of processor time that this thread took for all frames so far.
    """

    seconds: float
    size: tuple[int, int]
    is_cut: bool
    image: Image | None
    spent: float


def prepared(reader: VideoReader, rate: float | None, side: int | None) -> Iterator[PreparedFrame]:
    """Yield every frame, with a picture of those whose turn it is.

    A rate says how many are analysed a second (every frame if None), a side to how many pixels
    larger pictures are reduced (not at all if None).
    """
    find_cut, turn, began = SceneCuts(), 0, time.thread_time()
    for frame in reader.frames():
        image = None
        turns = math.inf if rate is None else (frame.seconds - reader.start + _ROUNDED) * rate
        if turns >= turn:
            image = frame.picture(side)
            turn = 0 if rate is None else math.floor(turns) + 1
        is_cut = find_cut(frame.thumbnail(), frame.seconds)
        spent = time.thread_time() - began
        yield PreparedFrame(frame.seconds, frame.size, is_cut, image, spent)


class _Analysis:
    """The analysis of one recording, frame after frame."""

    def __init__(
        self, reader: VideoReader, stream: FaceStream, options: VideoOptions, report: OnProgress
    ) -> None:
        self._reader, self._stream, self._options = reader, stream, options
        self._on_progress = report
        stream.spec.head(options.head)
        self._heads = tuple(HeadLabels(head.name, head.labels) for head in stream.spec.heads)
        self._found, self._told = bytearray(), 0
        self.cuts: list[float] = []
        self._frames = self._analysed = 0
        self._seconds, self._reported = reader.start, -math.inf
        self._newest: tuple[Image, Faces] | None = None

    def rows(self, since: int = 0) -> StreamRows:
        """Return a copy of the rows that were found, from a byte on."""
        kind = row_type(labels_of(self._heads))
        return StreamRows(np.frombuffer(self._found[since:], kind), self._heads)

    def see(self, frame: PreparedFrame) -> None:
        self._frames += 1
        self._seconds = frame.seconds
        if frame.is_cut:
            self.cuts.append(frame.seconds)
            self._stream.cut()
        if frame.image is None:
            return
        head, window = self._options.head, self._options.smoothing_seconds
        found = self._stream(frame.image, frame.seconds, head=head, smoothing_seconds=window)
        self._analysed += 1
        self._newest = frame.image, found.faces
        faces = found.faces.scaled(frame.size[0] / frame.image.shape[1])
        rows = StreamRows.of(faces, frame.size, self._heads, smoothing_seconds=window)
        self._found += rows.array.tobytes()
        if time.monotonic() - self._reported >= REPORT_SECONDS:
            self.report()

    def report(self) -> None:
        self._reported = time.monotonic()
        length, passed = self._reader.info.seconds, self._seconds - self._reader.start
        since, self._told = self._told, len(self._found)
        self._on_progress(
            Progress(
                "analysis",
                None if length is None else min(1.0, passed / length),
                self._seconds,
                self._frames,
                self._analysed,
                self.rows(since),
                partial(annotate, *self._newest) if self._newest else None,
            )
        )


def _moments(
    source: Path, recording: Recording, options: VideoOptions, cancelled: Callable[[], bool]
) -> tuple[Moment, ...]:
    """Return the surest moments by person and then by expression, with portraits from the file."""
    rows = recording.rows
    rows = rows.take(_of_the_longest(rows, surest_moments(rows)))
    portraits: dict[int, bytes] = {}
    try:
        with VideoReader(source, pixels=options.pixels, turn=recording.turn) as reader:
            for index in np.argsort(rows.seconds, kind="stable").tolist():
                if cancelled():
                    break
                frame = reader.seek(float(rows.seconds[index]))
                if frame is not None:
                    face = portrait(frame.picture(), rows.array["box"][index], _SIDE)
                    portraits[index] = encoded(face, ".jpg", _QUALITY)
    except VideoError:  # it could be read before
        return ()
    best = rows.probabilities.argmax(axis=1)
    return tuple(
        Moment(
            float(rows.seconds[i]),
            int(rows.track[i]),
            rows.labels[int(best[i])],
            float(rows.probabilities[i, best[i]]),
            portraits[i],
        )
        for i in sorted(portraits)
    )


def _of_the_longest(rows: StreamRows, index: np.ndarray) -> np.ndarray:
    """Return the moments of the people who were seen longest, in the same order."""
    people, frames = np.unique(rows.track[rows.has_face], return_counts=True)
    seen = dict(zip(people.tolist(), frames.tolist(), strict=True))
    order = sorted(range(len(index)), key=lambda i: -seen[int(rows.track[index[i]])])
    return index[sorted(order[:_MAX_MOMENTS])]
