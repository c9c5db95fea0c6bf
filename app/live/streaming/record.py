"""What a live session has found so far, for the page to read. Does not use Streamlit."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

import numpy as np

from app.live.streaming.history import LiveHistory
from app.live.streaming.moment import LiveErrors, Moment
from app.live.streaming.throughput import Meter, Speed
from fer import Faces
from fer.export.stream import HeadLabels, StreamRows
from fer.export.table import ExportInfo
from fer.model.spec import ModelSpec
from fer.stream import FrameResult

#: Seconds without an analysed frame after which no face counts as in view. Where frames are
#: analysed on the visitor's device, the time that results may be late is added.
FRESH_SECONDS = 2.0

#: Age in seconds at which the boxes of the last analysis are not drawn any more. They move on with
#: the people until then; later they would hang where somebody has been.
BOX_SECONDS = 1.0


class LiveRecord:
    """The results of one visitor's streams. Safe to use from several threads.

    Whatever is returned is a copy or immutable.

    Args:
        spec: describes the model that the results are of, until `_answered_by` tells another.
        detector: name and version of what finds the faces.
        clock: monotonic clock in seconds.
        today: returns date and time, with their zone.
    """

    def __init__(
        self,
        spec: ModelSpec,
        detector: str,
        clock: Callable[[], float],
        today: Callable[[], datetime],
    ) -> None:
        self.spec, self._detector = spec, detector
        self._clock, self._today = clock, today
        #: Held briefly while data is changed or copied.
        self._data = threading.Lock()
        self._life = 0
        self._forget()

    def _forget(self) -> None:
        self._history = LiveHistory(HeadLabels.of_model(self.spec))
        self._meter = Meter()
        self._latest: FrameResult | None = None
        self._errors = LiveErrors()
        self._began: float | None = None
        self._started = self._today()
        self._last_frame = self._heard = -np.inf
        #: By how much results come later than their frames, in seconds.
        self._lag = 0.0
        self._draw_milliseconds = 0.0
        self._camera_off = False

    def _answered_by(self, spec: ModelSpec) -> None:
        """Note which model answers from now on; what others have answered stays. Needs `_data`."""
        self.spec = spec
        if not len(self._history):
            self._history = LiveHistory(HeadLabels.of_model(spec))

    def clear(self) -> None:
        """Delete everything. Time starts from zero with the next frame."""
        with self._data:
            self._life += 1
            self._forget()

    def clock(self) -> float:
        """Return the time now on the clock on which frames have their times."""
        return self._clock()

    @property
    def life(self) -> int:
        """How often the record has been cleared."""
        return self._life

    def _arrived(self, seconds: float | None, frames: int, *, lag: float = 0.0) -> Moment:
        """Note that frames have arrived.

        Args:
            seconds: time of the newest one on the clock; now if None.
            frames: how many, including skipped ones.
            lag: by how much later they may come than they were taken, as a rule.
        """
        heard = self._clock()
        now = heard if seconds is None else seconds
        with self._data:
            self._heard, self._lag = heard, lag
            if self._began is None:
                self._began, self._started = now, self._today()
            # If time went backwards, `FaceStream` would start over and give new people the numbers
            # of earlier ones.
            self._last_frame = now = max(now, self._last_frame)
            self._meter.received(now, frames)
            return Moment(now - self._began, self._life)

    def _shown(self, milliseconds: float, frames: int = 1) -> None:
        with self._data:
            self._draw_milliseconds = milliseconds
            self._meter.shown(self._last_frame, frames)

    def _found(
        self, moment: Moment, result: FrameResult, rows: StreamRows, milliseconds: float
    ) -> None:
        with self._data:
            if moment.life != self._life or self._began is None:
                return
            stages = self._stages(result.milliseconds, milliseconds)
            self._meter.analysed(self._began + moment.seconds, stages)
            self._latest, self._camera_off = result, False
            self._history.append(rows)
            self._errors = replace(self._errors, in_a_row=0)

    def _was_black(self, moment: Moment, rows: StreamRows, nobody: FrameResult) -> None:
        """Note a frame of a camera that is off, in the place of an analysis."""
        with self._data:
            if moment.life == self._life:
                self._latest, self._camera_off = nobody, True
                self._history.append(rows)

    def _stages(self, stages: Mapping[str, float], total: float) -> dict[str, float]:
        draw = self._draw_milliseconds
        return {**stages, "draw": draw, "all": total + draw}

    def _lost(self, frames: int, life: int) -> None:
        with self._data:
            if life == self._life:
                self._errors = replace(self._errors, lost=self._errors.lost + frames)

    def _failed(self) -> None:
        with self._data:
            at = self._last_frame - self._began if self._began is not None else 0.0
            self._errors = replace(
                self._errors,
                count=self._errors.count + 1,
                last_seconds=at,
                in_a_row=self._errors.in_a_row + 1,
            )

    def _latest_after(self, seconds: float) -> FrameResult | None:
        """Return the last analysis; None if its frame came before `seconds`."""
        with self._data:
            latest = self._latest
        when = None if latest is None else latest.faces.seconds
        return latest if when is not None and when >= seconds else None

    def faces_at(
        self, seconds: float, head: str | None = None, spec: ModelSpec | None = None
    ) -> Faces:
        """Return the faces of the last analysis, moved on to a time since the first frame.

        There are none if that analysis is older than `BOX_SECONDS`.

        Args:
            seconds: the time.
            head: name of the head that is asked now.
            spec: describes the model that is asked now; the newest one if None.
        """
        latest = self._latest_after(seconds - BOX_SECONDS)
        if latest is None:
            return self._nobody(head, spec)
        return latest.moved_to(seconds)

    def in_view(self, head: str | None = None) -> Faces:
        """Return the faces of the last analysed frame; none unless it is `fresh`."""
        latest = self._latest_after(self.now - FRESH_SECONDS - self._lag)
        return latest.faces if latest else self._nobody(head)

    def _nobody(self, head: str | None, spec: ModelSpec | None = None) -> Faces:
        of = (spec or self.spec).head(head)
        return Faces.empty(of.labels, of.name)

    @property
    def result_age(self) -> float:
        """Seconds since the frame that was analysed last; infinite before the first."""
        with self._data:
            when = None if self._latest is None else self._latest.faces.seconds
        return np.inf if when is None else self.now - when

    @property
    def fresh(self) -> bool:
        """Whether the last analysis tells what is in view now."""
        return bool(self.result_age <= FRESH_SECONDS + self._lag)

    @property
    def camera_off(self) -> bool:
        """Whether the last frame came, not long ago, from a camera that is switched off."""
        return self._camera_off and self.fresh

    @property
    def errors(self) -> LiveErrors:
        """The frames that could not be analysed so far."""
        return self._errors

    @property
    def silent_for(self) -> float:
        """Seconds since a frame came last; infinite before the first."""
        return self._clock() - self._heard

    @property
    def now(self) -> float:
        """Seconds since the first frame; 0 before it."""
        began = self._began
        return 0.0 if began is None else self._clock() - began

    @property
    def info(self) -> ExportInfo:
        """When the session started, and with which models and detector."""
        heads = self._history.heads
        (model, sha256), *others = dict.fromkeys((head.model, head.sha256) for head in heads)
        own = {head.name: head.labels for head in heads if head.sha256 == sha256}
        return ExportInfo(self._started, model, sha256, self._detector, own, tuple(others))

    def speed(self) -> Speed:
        """Return the rates and processing times of the last seconds."""
        with self._data:
            # Up to the last frame, if the next ones may still be on their way.
            return self._meter.speed(max(self._last_frame, self._clock() - self._lag))

    def rows(self, since: float = -np.inf) -> StreamRows:
        """Return the recorded rows, with the labels of all heads.

        Args:
            since: earliest time, in seconds since the first frame.
        """
        with self._data:
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
