"""One visitor's live stream: analyses frames, keeps what the page shows. No streamlit in here.

Frames come from the thread of the stream, questions from the threads of the page, so everything
that both touch is behind a lock, and what is handed out is a copy or is never changed.
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
    as_shown,
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

#: Seconds without an analysed frame after which nobody is said to be in view.
FRESH_SECONDS = 2.0


@dataclass(frozen=True)
class LiveErrors:
    """Frames that could not be analysed: how many, when the last was, how many in a row by now."""

    count: int = 0
    last_seconds: float = 0.0
    in_a_row: int = 0


class LiveSession:
    """One visitor's stream, over all starts and stops until it is cleared.

    Args:
        stream: analyses; for this session alone.
        limit: where a slot is needed for every frame.
        clock: seconds that never go back.
    """

    def __init__(
        self, stream: FaceStream, limit: StreamLimit, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.settings = LiveSettings()
        self._stream, self._limit, self._clock = stream, limit, clock
        self._heads = tuple(HeadLabels(head.name, head.labels) for head in stream.spec.heads)
        #: Held while a frame is analysed: `clear` waits for the end of it.
        self._work = threading.Lock()
        #: Held for a moment, around what the page reads.
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
        """Names of the expressions that are read now."""
        return self._stream.spec.head(self.settings.head).labels

    def process(self, image: Image, seconds: float | None = None, *, received: int = 1) -> Image:
        """Analyse a frame and return the picture to show. Never raises.

        Args:
            image: ``(height, width, 3)`` RGB uint8, as the camera sees it.
            seconds: time of the frame on the session's clock; now if None.
            received: frames that came since the last call, this one with them.
        """
        settings = self.settings
        try:
            with self._work:
                return self._process(image, seconds, received, settings)
        except Exception:
            # Nothing of the picture goes to the log.
            _log.exception("a live frame of %s could not be analysed", np.shape(image))
            self._note_error()
            return unmarked_frame(image, settings)

    def _process(
        self, image: Image, seconds: float | None, received: int, settings: LiveSettings
    ) -> Image:
        now = self._clock() if seconds is None else seconds
        with self._data:
            self._began = now if self._began is None else self._began
            # A clock that goes back would begin a new stream, and give old numbers to new people.
            now = max(now, self._last_frame)
            self._last_frame = now
            self._refused = not self._limit.hold(self)
            self._meter.received(now, received)
        picture = working_size(image)
        if self._refused:
            return as_shown(picture, settings)
        started = time.perf_counter()
        result = self._stream(
            picture,
            now - self._began,
            head=settings.head,
            smoothing_seconds=settings.smoothing_seconds,
        )
        faces = result.faces
        drawing = time.perf_counter()
        shown = marked_frame(picture, faces, settings)
        ended = time.perf_counter()
        stages = result.milliseconds | {
            "draw": 1000 * (ended - drawing),
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
        """Give the slot back: the stream has stopped, or the visitor has gone."""
        self._limit.leave(self)

    def clear(self) -> None:
        """Forget everything that was seen; a running stream goes on, from zero."""
        with self._work:
            self._stream.reset()
            with self._data:
                self._forget()

    def choose_head(self, head: str) -> None:
        """Let a head of the network answer from the next frame on.

        Raises:
            ModelError: the network has no such head.
        """
        self._stream.spec.head(head)
        self.settings = replace(self.settings, head=head)

    def take_slot(self) -> bool:
        """Take one of the slots for streams, or keep it; False if all are taken."""
        return self._limit.hold(self)

    @property
    def slot_free(self) -> bool:
        """Whether this session has a slot, or could take one."""
        return self._limit.free_for(self)

    @property
    def slots(self) -> int:
        """How many streams may run at once, over all visitors."""
        return self._limit.slots

    @property
    def refused(self) -> bool:
        """Whether the last frame found no slot, and was passed on as it came."""
        return self._refused

    @property
    def errors(self) -> LiveErrors:
        """What went wrong so far."""
        return self._errors

    @property
    def silent_for(self) -> float:
        """Seconds since the last frame; endless before the first."""
        return self._clock() - self._last_frame

    @property
    def now(self) -> float:
        """Seconds since the first frame; 0 before it."""
        return 0.0 if self._began is None else self._clock() - self._began

    def in_view(self) -> Faces:
        """Return the faces of the newest frame that was analysed; none if it is old."""
        with self._data:
            latest, at = self._latest, self._latest_at
        if latest is None or self._clock() - at > FRESH_SECONDS:
            return Faces.empty(self.labels)
        return latest

    def speed(self) -> Speed:
        """Return how fast frames came and were analysed in the last seconds."""
        with self._data:
            return self._meter.speed(self._clock())

    def rows(self, since: float = -np.inf) -> StreamRows:
        """Return what was seen, from a time on in seconds since the first frame."""
        with self._data:
            rows = self._history.rows(since)
        return rows.used()

    @property
    def dropped(self) -> int:
        """How many of the oldest rows of the history had to make room."""
        return self._history.dropped

    def __len__(self) -> int:
        """Return how many rows `rows` has."""
        return len(self._history)
