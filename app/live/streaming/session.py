"""One visitor's live stream: analyses frames and records results. Does not use Streamlit.

Frames arrive on the stream's thread, and the page reads from other threads. Shared state is
therefore protected by a lock, and returned values are copies or immutable.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from app.live.streaming.frames import (
    LiveSettings,
    as_displayed,
    marked_frame,
    unmarked_frame,
    working_size,
)
from app.live.streaming.history import LiveHistory
from app.live.streaming.stream_limit import StreamLimit
from app.live.streaming.throughput import Meter, Speed
from fer import Faces, FaceStream
from fer.export.sessions import HeadLabels, StreamRows
from fer.types import Image

_log = logging.getLogger(__name__)

#: Seconds without an analysed frame after which no face counts as in view.
FRESH_SECONDS = 2.0


@dataclass(frozen=True)
class LiveErrors:
    """Frames that could not be analysed.

    Attributes:
        count: how many in total.
        last_seconds: time of the last one, in seconds since the first frame.
        in_a_row: how many since the last frame that was analysed.
    """

    count: int = 0
    last_seconds: float = 0.0
    in_a_row: int = 0


class LiveSession:
    """One visitor's stream, across all starts and stops until it is cleared.

    Args:
        stream: analyses the frames; used by this session only.
        limit: grants the slot that the session must hold for every frame.
        clock: monotonic clock in seconds.
    """

    def __init__(
        self, stream: FaceStream, limit: StreamLimit, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.settings = LiveSettings()
        self._stream, self._limit, self._clock = stream, limit, clock
        self._heads = tuple(HeadLabels(head.name, head.labels) for head in stream.spec.heads)
        #: Held while a frame is analysed; `clear` waits for it.
        self._work = threading.Lock()
        #: Held briefly while data that the page reads is changed or copied.
        self._data = threading.Lock()
        self._forget()

    def _forget(self) -> None:
        self._history = LiveHistory(self._heads)
        self._meter = Meter()
        self._latest: Faces | None = None
        self._latest_at = -np.inf
        self._errors = LiveErrors()
        self._began: float | None = None
        self._last_frame = -np.inf
        self._refused = False

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels of the chosen head."""
        return self._stream.spec.head(self.settings.head).labels

    def process(self, image: Image, seconds: float | None = None, *, received: int = 1) -> Image:
        """Analyse a frame and return the picture to show. Never raises.

        Args:
            image: ``(height, width, 3)`` RGB uint8, not mirrored.
            seconds: time of the frame on the session's clock; now if None.
            received: number of frames that arrived since the last call, including this one.

        Returns:
            ``(height, width, 3)`` RGB uint8, in working size and mirrored if so set.
        """
        settings = self.settings
        try:
            with self._work:
                return self._process(image, seconds, received, settings)
        except Exception:
            # Images are private and must not be logged.
            _log.exception("a live frame of %s could not be analysed", np.shape(image))
            self._note_error()
            return unmarked_frame(image, settings)

    def _process(
        self, image: Image, seconds: float | None, received: int, settings: LiveSettings
    ) -> Image:
        now = self._clock() if seconds is None else seconds
        with self._data:
            self._began = now if self._began is None else self._began
            # If time went backwards, `FaceStream` would start over and give new people the numbers
            # of earlier ones.
            now = max(now, self._last_frame)
            self._last_frame = now
            self._refused = not self._limit.hold(self)
            self._meter.received(now, received)
        picture = working_size(image)
        if self._refused:
            return as_displayed(picture, settings)
        started = time.perf_counter()
        result = self._stream(
            picture,
            now - self._began,
            head=settings.head,
            smoothing_seconds=settings.smoothing_seconds,
        )
        faces = result.faces
        drawing_started = time.perf_counter()
        shown = marked_frame(picture, faces, settings)
        ended = time.perf_counter()
        stages = result.milliseconds | {
            "draw": 1000 * (ended - drawing_started),
            "all": 1000 * (ended - started),
        }
        with self._data:
            self._latest, self._latest_at = faces, now
            self._history.append(
                StreamRows.of(faces, (picture.shape[1], picture.shape[0]), self._heads)
            )
            self._meter.analysed(now, stages)
            self._errors = LiveErrors(self._errors.count, self._errors.last_seconds)
        return shown

    def _note_error(self) -> None:
        with self._data:
            at = self._last_frame - (self._began or 0.0) if self._began is not None else 0.0
            before = self._errors
            self._errors = LiveErrors(before.count + 1, at, before.in_a_row + 1)

    def ended(self) -> None:
        """Release the slot, because the stream has stopped or the visitor has left."""
        self._limit.leave(self)

    def clear(self) -> None:
        """Delete all results; a running stream continues, with time and tracks from zero."""
        with self._work:
            self._stream.reset()
            with self._data:
                self._forget()

    def choose_head(self, head: str) -> None:
        """Use a head of the network from the next frame on.

        Args:
            head: name of the head.

        Raises:
            ModelError: the network has no such head.
        """
        self._stream.spec.head(head)
        self.settings = replace(self.settings, head=head)

    def take_slot(self) -> bool:
        """Take a slot, or keep the one that is held; return False if all are taken."""
        return self._limit.hold(self)

    @property
    def slot_free(self) -> bool:
        """Whether this session has a slot, or could take one."""
        return self._limit.free_for(self)

    @property
    def slots(self) -> int:
        """Maximum number of simultaneous streams of all visitors."""
        return self._limit.slots

    @property
    def refused(self) -> bool:
        """Whether the last frame got no slot and was returned without analysis."""
        return self._refused

    @property
    def errors(self) -> LiveErrors:
        """The frames that could not be analysed so far."""
        return self._errors

    @property
    def silent_for(self) -> float:
        """Seconds since the last frame; infinite before the first."""
        return self._clock() - self._last_frame

    @property
    def now(self) -> float:
        """Seconds since the first frame; 0 before it."""
        return 0.0 if self._began is None else self._clock() - self._began

    def in_view(self) -> Faces:
        """Return the faces of the last analysed frame; none if it is older than `FRESH_SECONDS`."""
        with self._data:
            latest, at = self._latest, self._latest_at
        if latest is None or self._clock() - at > FRESH_SECONDS:
            return Faces.empty(self.labels)
        return latest

    def speed(self) -> Speed:
        """Return the rates and processing times of the last seconds."""
        with self._data:
            return self._meter.speed(self._clock())

    def rows(self, since: float = -np.inf) -> StreamRows:
        """Return the recorded rows.

        Args:
            since: earliest time, in seconds since the first frame.
        """
        with self._data:
            rows = self._history.rows(since)
        return rows.used()

    @property
    def dropped(self) -> int:
        """Number of old rows that the history has replaced."""
        return self._history.dropped

    def __len__(self) -> int:
        """Return the number of recorded rows."""
        return len(self._history)
