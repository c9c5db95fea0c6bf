"""What a live session has found so far: numbers, never images. Does not use Streamlit."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo

import numpy as np

from fer.export.stream import HeadLabels, StreamResult, StreamRows, labels_of, row_type
from fer.export.table import ExportInfo
from fer.model.spec import ModelSpec
from fer.stream import FrameResult
from fer.types import Faces

#: Seconds without an analysed frame after which no face counts as in view, beside those by which
#: results of a device may be late.
FRESH_SECONDS = 2.0

#: Seconds after which frames count as no longer arriving, beside the same delay. Fewer than above,
#: so that a stream that stops is not called busy in between.
_ARRIVING_SECONDS = 1.0

#: Age in seconds until which the boxes of the last analysis move on with the people; later, they
#: would hang where somebody has been.
BOX_SECONDS = 1.0

#: Maximum number of rows, 76 bytes each: half an hour at 15 frames a second with two faces in view.
MAX_ROWS = 2 * 15 * 60 * 30

#: Windows in seconds: of the frame rates, where shorter ones fluctuate and longer ones lag behind,
#: and of the stages.
RATE_SECONDS, STAGE_SECONDS = 4.0, 10.0


@dataclass(frozen=True)
class LiveErrors:
    """Frames of which nothing is recorded: those that could not be analysed, and those lost."""

    count: int = 0
    #: Time of the last one, in seconds since the first frame.
    last_seconds: float = 0.0
    #: How many since the last frame that was analysed.
    in_a_row: int = 0
    #: Those that the visitor's device has analysed, but could not keep until they were sent.
    lost: int = 0


@dataclass(frozen=True)
class LatestResult:
    """What the last analysis says of now.

    Attributes:
        faces: who is in view; nobody unless it is fresh.
        fresh: whether a frame was analysed lately.
        arriving: whether frames, or results of a device, come at all.
        camera_off: whether the last frame was black.
    """

    faces: Faces
    fresh: bool
    arriving: bool
    camera_off: bool


@dataclass(frozen=True)
class Speed:
    """The speed of a stream, in frames a second."""

    analysed: float = 0.0
    received: float = 0.0
    #: With the faces of the last analysis.
    shown: float = 0.0
    #: Median and 95th percentile of the milliseconds per frame of each stage, in processing order;
    #: ``all`` is the time for the whole frame.
    stages: dict[str, tuple[float, float]] = field(default_factory=dict)


class _Meter:
    """Collects times of frames. Its owner must hold a lock."""

    def __init__(self) -> None:
        self._frames: deque[tuple[float, str, int]] = deque()
        self._stages: deque[tuple[float, dict[str, float]]] = deque()

    def count(self, what: str, seconds: float, frames: int = 1) -> None:
        """Count frames that were "received", "shown" or "analysed" at a time."""
        self._frames.append((seconds, what, frames))
        while seconds - self._frames[0][0] > RATE_SECONDS:
            self._frames.popleft()

    def analysed(self, seconds: float, stages: dict[str, float]) -> None:
        """Note how many milliseconds each stage of a frame has taken."""
        self.count("analysed", seconds)
        self._stages.append((seconds, stages))
        while seconds - self._stages[0][0] > STAGE_SECONDS:
            self._stages.popleft()

    def speed(self, now: float) -> Speed:
        stages = {}
        frames = [frame for at, frame in self._stages if now - at <= STAGE_SECONDS]
        if frames:
            names = list(frames[-1])
            # Frames without a face skip some stages, which then took no time.
            times = np.array([[frame.get(name, 0.0) for name in names] for frame in frames])
            medians, p95s = np.percentile(times, [50, 95], axis=0).tolist()
            stages = dict(zip(names, zip(medians, p95s, strict=True), strict=True))
        # All rates are of the time since a frame came; what came with it is of the time before.
        lately = [entry for entry in self._frames if now - entry[0] <= RATE_SECONDS]
        since = next((at for at, what, _ in lately if what == "received"), now)
        rates = dict.fromkeys(("analysed", "received", "shown"), 0.0)
        for at, what, count in lately:
            if at > since:
                rates[what] += count / (now - since)
        return Speed(**rates, stages=stages)


class LiveHistory:
    """A ring buffer of rows, whose memory is provided only as far as rows are written."""

    def __init__(self, heads: tuple[HeadLabels, ...], max_rows: int = MAX_ROWS) -> None:
        #: The heads that may occur in the rows; further ones come with their rows.
        self.heads = heads
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
        """Append the rows of a frame, which may have heads of their own, as of another model."""
        if rows.heads != self.heads:
            if new := tuple(head for head in rows.heads if head not in self.heads):
                written = StreamRows(self._ring[: len(self)], self.heads)
                self.heads = (*self.heads, *new)
                self._ring = np.zeros(len(self._ring), row_type(labels_of(self.heads)))
                self._ring[: len(written)] = written.with_heads(self.heads).array
            rows = rows.with_heads(self.heads)
        # A frame with more rows than the buffer holds keeps only its last ones.
        kept = rows.array[-len(self._ring) :]
        self._written += len(rows)
        places = (self._written - len(kept) + np.arange(len(kept))) % len(self._ring)
        self._ring[places] = kept

    def rows(self, since: float = -np.inf) -> StreamRows:
        """Return a copy of the rows from a time in seconds on, the oldest first."""
        order = (self.dropped + np.arange(len(self))) % len(self._ring)
        if np.isfinite(since):
            # Times never decrease, so the rows are sorted by time.
            order = order[np.searchsorted(self._ring["seconds"][order], since) :]
        return StreamRows(self._ring[order], self.heads)


class LiveRecord:
    """The results of one visitor's streams. Safe to use from several threads.

    Whatever is returned is a copy or immutable. Frames have their times on a monotonic clock in
    seconds.
    """

    def __init__(self, spec: ModelSpec, detector: str, clock: Callable[[], float]) -> None:
        self._heads, self._detector, self.clock = HeadLabels.of_model(spec), detector, clock
        #: Held briefly while data is changed or copied.
        self._lock = threading.Lock()
        #: How often the record has been cleared. What is found in a frame of an earlier generation
        #: is not recorded any more.
        self.generation = 0
        self._forget()

    def _forget(self) -> None:
        self._history, self._meter = LiveHistory(self._heads), _Meter()
        #: The last analysis, and whether its frame was black.
        self._latest: tuple[FrameResult, bool] | None = None
        self.errors = LiveErrors()
        self._began: float | None = None
        self._started = datetime.now(UTC)
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
            self.generation += 1
            self._forget()

    def arrived(self, seconds: float | None, frames: int, *, lag: float = 0.0) -> float:
        """Note that so many frames, skipped ones too, have arrived, the newest at a time.

        That is on the clock, and now if None; returned is its time since the first frame. As a
        rule, they may come by the `lag` later than they were taken.
        """
        heard = self.clock()
        now = heard if seconds is None else seconds
        with self._lock:
            self._heard, self._lag = heard, lag
            if self._began is None:
                self._began = now
                # The first frame of a device may come long after it was taken.
                self._started = datetime.now(UTC) - timedelta(seconds=heard - now)
            # If time went backwards, `FaceStream` would start over and give new people the numbers
            # of earlier ones.
            self._last_frame = now = max(now, self._last_frame)
            self._meter.count("received", now, frames)
            return now - self._began

    def shown(self, milliseconds: float, frames: int = 1) -> None:
        """Note that frames were shown, and how long it took to draw one."""
        with self._lock:
            self._draw_milliseconds = milliseconds
            self._meter.count("shown", self._last_frame, frames)

    def found(
        self,
        result: FrameResult,
        rows: StreamRows,
        milliseconds: float,
        generation: int,
        *,
        camera_off: bool = False,
    ) -> None:
        """Record what was found in a frame, unless the record has been cleared since it came."""
        with self._lock:
            if generation != self.generation or self._began is None:
                return
            self._latest = result, camera_off
            self._history.append(rows)
            if not camera_off:
                draw = self._draw_milliseconds
                stages = {**result.milliseconds, "draw": draw, "all": milliseconds + draw}
                self._meter.analysed(self._began + (result.faces.seconds or 0.0), stages)
                self.errors = replace(self.errors, in_a_row=0)

    def lost(self, frames: int, generation: int) -> None:
        """Count frames that a device has analysed and could not keep until they were sent."""
        with self._lock:
            if generation == self.generation:
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

    def faces_at(self, seconds: float) -> Faces:
        """Return the faces of an analysis of the last `BOX_SECONDS`, moved on to a time."""
        latest = self._latest
        if latest is None or (latest[0].faces.seconds or 0.0) < seconds - BOX_SECONDS:
            return Faces.empty(())
        return latest[0].moved_to(seconds)

    def latest(self) -> LatestResult:
        """Return what the last analysis says of now."""
        with self._lock:
            latest, lag = self._latest, self._lag
        arriving = self.silent_for <= _ARRIVING_SECONDS + lag
        if latest is None or self.now - (latest[0].faces.seconds or 0.0) > FRESH_SECONDS + lag:
            nobody = Faces.empty(())
            return LatestResult(nobody, fresh=False, arriving=arriving, camera_off=False)
        faces, camera_off = latest[0].faces, latest[1]
        return LatestResult(faces, fresh=True, arriving=arriving, camera_off=camera_off)

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
        """Return the recorded rows from so many seconds after the first frame on."""
        with self._lock:
            return self._history.rows(since)

    def result(self, zone: tzinfo) -> StreamResult:
        """Return what was found so far, with times in a zone."""
        time = self._started.astimezone(zone)
        return StreamResult(self.rows(), replace(self.info, time=time))

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
