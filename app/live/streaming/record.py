"""What a live session has found so far: numbers, never images. Does not use Streamlit."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from app.live.streaming.throughput import Meter, Speed
from fer import Faces
from fer.export.stream import HeadLabels, StreamRows, labels_of, row_type
from fer.export.table import ExportInfo
from fer.model.spec import ModelSpec
from fer.stream import FrameResult

#: Seconds without an analysed frame after which no face counts as in view. Where frames are
#: analysed on the visitor's device, the time that results may be late is added.
FRESH_SECONDS = 2.0

#: Age in seconds at which the boxes of the last analysis are not drawn any more. They move on with
#: the people until then; later they would hang where somebody has been.
BOX_SECONDS = 1.0

#: Maximum number of rows, 76 bytes each: half an hour at 15 frames a second with two faces in
#: view, an hour with one. When the history is full, new rows replace the oldest.
MAX_ROWS = 2 * 15 * 60 * 30


@dataclass(frozen=True)
class LiveErrors:
    """Frames of which nothing is recorded.

    Attributes:
        count: how many could not be analysed.
        last_seconds: time of the last one, in seconds since the first frame.
        in_a_row: how many since the last frame that was analysed.
        lost: how many the visitor's device has analysed, but could not keep until they were sent.
    """

    count: int = 0
    last_seconds: float = 0.0
    in_a_row: int = 0
    lost: int = 0


@dataclass(frozen=True)
class Moment:
    """When a frame came.

    Attributes:
        seconds: time since the first frame.
        life: how often the record had been cleared. What is found in a frame of an earlier life is
            not recorded any more.
    """

    seconds: float
    life: int


@dataclass(frozen=True)
class LatestResult:
    """What the last analysis says of now.

    Attributes:
        faces: who is in view; nobody unless it is fresh.
        age: seconds since its frame; infinite before the first.
        fresh: whether it tells what is in view now.
        camera_off: whether its frame came, not long ago, from a camera that is switched off.
    """

    faces: Faces
    age: float
    fresh: bool
    camera_off: bool


class LiveHistory:
    """A ring buffer of rows.

    Its memory is bounded, and the operating system provides it only as far as rows are written.

    Args:
        heads: names and labels of the heads that may be used; further ones come with their rows.
        max_rows: capacity of the buffer.
    """

    def __init__(self, heads: tuple[HeadLabels, ...], max_rows: int = MAX_ROWS) -> None:
        self._heads = heads
        self._ring = np.zeros(max_rows, row_type(labels_of(heads)))
        self._written = 0

    def __len__(self) -> int:
        return min(self._written, len(self._ring))

    @property
    def bytes(self) -> int:
        """Memory that the rows take."""
        return len(self) * self._ring.itemsize

    @property
    def dropped(self) -> int:
        """Number of old rows that were replaced."""
        return self._written - len(self)

    def append(self, rows: StreamRows) -> None:
        """Append the rows of a frame, which may have heads of their own."""
        if rows.heads != self._heads:
            self._take_heads(rows.heads)
            rows = rows.with_heads(self._heads)
        # A frame with more rows than the buffer holds keeps only its last ones.
        kept = rows.array[-len(self._ring) :]
        skipped = len(rows) - len(kept)
        places = (self._written + skipped + np.arange(len(kept))) % len(self._ring)
        self._ring[places] = kept
        self._written += len(rows)

    @property
    def heads(self) -> tuple[HeadLabels, ...]:
        """The heads that may occur in the rows."""
        return self._heads

    def _take_heads(self, heads: tuple[HeadLabels, ...]) -> None:
        """Make room for the labels of heads that came later, as with another model."""
        new = tuple(head for head in heads if head not in self._heads)
        if new:
            written = StreamRows(self._ring[: len(self)], self._heads)
            self._heads = (*self._heads, *new)
            self._ring = np.zeros(len(self._ring), row_type(labels_of(self._heads)))
            self._ring[: len(written)] = written.with_heads(self._heads).array

    def rows(self, since: float = -np.inf) -> StreamRows:
        """Return a copy of the rows from a time in seconds on, the oldest first."""
        count = len(self)
        first = self._written - count
        order = (first + np.arange(count)) % len(self._ring)
        if np.isfinite(since):
            # Times never decrease, so the rows are sorted by time.
            order = order[np.searchsorted(self._ring["seconds"][order], since) :]
        return StreamRows(self._ring[order], self._heads)


class LiveRecord:
    """The results of one visitor's streams. Safe to use from several threads.

    Whatever is returned is a copy or immutable.

    Args:
        spec: describes the model that answers, until `answered_by` tells another.
        detector: name and version of what finds the faces.
        clock: monotonic clock in seconds, on which frames have their times.
        today: returns date and time, with their zone.
    """

    def __init__(
        self,
        spec: ModelSpec,
        detector: str,
        clock: Callable[[], float],
        today: Callable[[], datetime],
    ) -> None:
        self._heads, self._detector = HeadLabels.of_model(spec), detector
        self.clock, self._today = clock, today
        #: Held briefly while data is changed or copied.
        self._lock = threading.Lock()
        #: How often it has been cleared.
        self.life = 0
        self._forget()

    def _forget(self) -> None:
        self._history, self._meter = LiveHistory(self._heads), Meter()
        #: The last analysis, and the time of its frame since the first one.
        self._latest: tuple[float, FrameResult] | None = None
        self._camera_off = False
        #: The frames that could not be analysed so far.
        self.errors = LiveErrors()
        self._began: float | None = None
        self._started = self._today()
        self._last_frame = self._heard = -np.inf
        #: By how much results come later than their frames, in seconds.
        self._lag = 0.0
        self._draw_milliseconds = 0.0

    def answered_by(self, spec: ModelSpec) -> None:
        """Note which model answers from now on; what others have answered stays."""
        with self._lock:
            self._heads = HeadLabels.of_model(spec)
            if not len(self._history):
                self._history = LiveHistory(self._heads)

    def clear(self) -> None:
        """Delete everything. Time starts from zero with the next frame."""
        with self._lock:
            self.life += 1
            self._forget()

    def arrived(self, seconds: float | None, frames: int, *, lag: float = 0.0) -> Moment:
        """Note that frames have arrived.

        Args:
            seconds: time of the newest one on the clock; now if None.
            frames: how many, including skipped ones.
            lag: by how much later they may come than they were taken, as a rule.
        """
        heard = self.clock()
        now = heard if seconds is None else seconds
        with self._lock:
            self._heard, self._lag = heard, lag
            if self._began is None:
                self._began, self._started = now, self._today()
            # If time went backwards, `FaceStream` would start over and give new people the numbers
            # of earlier ones.
            self._last_frame = now = max(now, self._last_frame)
            self._meter.received(now, frames)
            return Moment(now - self._began, self.life)

    def shown(self, milliseconds: float, frames: int = 1) -> None:
        """Note that frames were shown, and how long it took to draw one."""
        with self._lock:
            self._draw_milliseconds = milliseconds
            self._meter.shown(self._last_frame, frames)

    def found(
        self,
        moment: Moment,
        result: FrameResult,
        rows: StreamRows,
        milliseconds: float = 0.0,
        *,
        camera_off: bool = False,
    ) -> None:
        """Record what was found in a frame, unless the record has been cleared since it came.

        Args:
            moment: when it came.
            result: who is in it.
            rows: what is kept of that.
            milliseconds: how long the analysis took.
            camera_off: whether the frame was black, and not analysed.
        """
        with self._lock:
            if moment.life != self.life or self._began is None:
                return
            self._latest, self._camera_off = (moment.seconds, result), camera_off
            self._history.append(rows)
            if not camera_off:
                draw = self._draw_milliseconds
                stages = {**result.milliseconds, "draw": draw, "all": milliseconds + draw}
                self._meter.analysed(self._began + moment.seconds, stages)
                self.errors = replace(self.errors, in_a_row=0)

    def lost(self, frames: int, life: int) -> None:
        """Count frames that a device has analysed and could not keep until they were sent.

        Args:
            frames: how many more.
            life: how often the record had been cleared when they were seen.
        """
        with self._lock:
            if life == self.life:
                self.errors = replace(self.errors, lost=self.errors.lost + frames)

    def failed(self) -> None:
        """Count a frame that could not be analysed."""
        with self._lock:
            self.errors = replace(
                self.errors,
                count=self.errors.count + 1,
                last_seconds=0.0 if self._began is None else self._last_frame - self._began,
                in_a_row=self.errors.in_a_row + 1,
            )

    def faces_at(self, seconds: float) -> Faces | None:
        """Return the faces of the last analysis, moved on to a time since the first frame.

        None if there was no analysis, or it is older than `BOX_SECONDS` then.
        """
        with self._lock:
            latest = self._latest
        if latest is None or latest[0] < seconds - BOX_SECONDS:
            return None
        return latest[1].moved_to(seconds)

    def latest(self) -> LatestResult:
        """Return what the last analysis says of now."""
        with self._lock:
            latest, camera_off, lag = self._latest, self._camera_off, self._lag
        age = np.inf if latest is None else self.now - latest[0]
        fresh = bool(age <= FRESH_SECONDS + lag)
        faces = latest[1].faces if latest and fresh else Faces.empty(())
        return LatestResult(faces, age, fresh, camera_off and fresh)

    @property
    def silent_for(self) -> float:
        """Seconds since a frame came last; infinite before the first."""
        return self.clock() - self._heard

    @property
    def now(self) -> float:
        """Seconds since the first frame; 0 before it."""
        began = self._began
        return 0.0 if began is None else self.clock() - began

    @property
    def info(self) -> ExportInfo:
        """When the session started, and with which models and detector."""
        heads = self._history.heads
        (model, sha256), *others = dict.fromkeys((head.model, head.sha256) for head in heads)
        own = {head.name: head.labels for head in heads if head.sha256 == sha256}
        return ExportInfo(self._started, model, sha256, self._detector, own, tuple(others))

    def speed(self) -> Speed:
        """Return the rates and processing times of the last seconds."""
        with self._lock:
            # Up to the last frame, if the next ones may still be on their way.
            return self._meter.speed(max(self._last_frame, self.clock() - self._lag))

    def rows(self, since: float = -np.inf) -> StreamRows:
        """Return the recorded rows, with the labels of all heads.

        Args:
            since: earliest time, in seconds since the first frame.
        """
        with self._lock:
            return self._history.rows(since)

    @property
    def dropped(self) -> int:
        """Number of old rows that the history has replaced."""
        return self._history.dropped

    @property
    def bytes(self) -> int:
        """Memory that the rows take."""
        return self._history.bytes

    def __len__(self) -> int:
        """Return the number of recorded rows."""
        return len(self._history)
