"""One visitor's live stream: shows frames, and has them analysed. Does not use Streamlit.

Three threads meet here: that of the video, which draws every frame and never waits for a slow
analysis; that of the analysis, which takes the newest frame whenever it is free; and that of the
page, which reads what was found, and brings what the visitor's own device has seen.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np

from app.live.streaming.analysis import NewestFirst
from app.live.streaming.chosen import ChosenRecord
from app.live.streaming.frames import (
    as_displayed,
    camera_is_off,
    marked_frame,
    unmarked_frame,
    working_size,
)
from app.live.streaming.people import Asked, LiveModel, SessionPeople
from app.live.streaming.stream_limit import StreamLimit
from app.operation.events import counters, log_event
from fer import FaceStream
from fer.ondevice.wire import SeenFrame
from fer.stream import FrameResult
from fer.types import Image, check_image

__all__ = ["LiveModel", "LiveSession"]

_log = logging.getLogger(__name__)

#: Longest time in seconds that a frame waits for its own analysis, so that its boxes are its own.
#: Two thirds of the time between two frames at 15 a second; the rest is for drawing.
MATCH_SECONDS = 0.04

#: By how much results of a device may be late: they come twice a second, over a network.
BATCH_LAG_SECONDS = 1.0


@dataclass(frozen=True, eq=False)
class _Frame:
    """A frame on its way to the analysis: in working size, not mirrored."""

    picture: Image
    asked: Asked
    camera_off: bool

    @property
    def size(self) -> tuple[int, int]:
        return self.picture.shape[1], self.picture.shape[0]


class LiveSession(ChosenRecord):
    """One visitor's stream, across all starts and stops until it is cleared.

    Args:
        stream: analyses the frames; used by this session only.
        limit: grants the slot that the session must hold for every frame.
        clock: monotonic clock in seconds.
        today: returns date and time, with their zone.
        match_seconds: see `MATCH_SECONDS`.
    """

    def __init__(
        self,
        stream: FaceStream,
        limit: StreamLimit,
        clock: Callable[[], float] = time.monotonic,
        today: Callable[[], datetime] = lambda: datetime.now(UTC),
        match_seconds: float = MATCH_SECONDS,
    ) -> None:
        super().__init__(stream.spec, stream.detector_version, clock, today)
        self._people, self._limit = SessionPeople(stream), limit
        self._match_seconds = match_seconds
        self._analysis = NewestFirst(self._analyse)
        self._refused = False

    def process(self, image: Image, seconds: float | None = None, *, received: int = 1) -> Image:
        """Hand a frame to the analysis, and return the picture to show. Never raises.

        The picture has the boxes of this frame if the analysis is quick, and else those of the
        last one that was analysed, moved on. It does not wait for a slow analysis.

        Args:
            image: ``(height, width, 3)`` RGB uint8, not mirrored.
            seconds: time of the frame on the session's clock; now if None.
            received: number of frames that arrived since the last call, including this one.

        Returns:
            ``(height, width, 3)`` RGB uint8, in working size and mirrored if so set.
        """
        with self._data:  # these belong together
            settings, spec, model = self.settings, self.spec, self.model
        moment = self._arrived(seconds, received)
        try:
            check_image(image)
            self._refused = not self._limit.hold(self)
            off = camera_is_off(image)
            frame = _Frame(working_size(image), Asked(moment, settings, spec, model), off)
            if self._refused:
                return as_displayed(frame.picture, settings)
            number = self._analysis.offer(frame)
            # On a busy machine, waiting would only cost frames.
            if self._analysis.lately_seconds <= self._match_seconds:
                self._analysis.wait_for(number, self._match_seconds)
            return self._draw(frame)
        except Exception:
            self._note_error(image)
            return unmarked_frame(image, settings)

    def _draw(self, frame: _Frame) -> Image:
        started, asked = time.perf_counter(), frame.asked
        faces = self.faces_at(asked.moment.seconds, asked.settings.head, asked.spec)
        shown = marked_frame(frame.picture, faces, asked.settings)
        self._shown(1000 * (time.perf_counter() - started))
        return shown

    def _analyse(self, frame: _Frame) -> None:
        """Analyse and record a frame. Runs on the thread of the analysis."""
        started, asked = time.perf_counter(), frame.asked
        if frame.camera_off:
            # On this thread, because rows are kept in the order of their times.
            self._note_black(asked, frame.size)
            return
        try:
            result = self._people.analysed(frame.picture, asked)
            rows = asked.rows(result.faces, frame.size)
        except Exception:
            self._note_error(frame.picture)
            return
        self._found(asked.moment, result, rows, 1000 * (time.perf_counter() - started))
        counters().add("analysis", "server")

    def follow(
        self, frame: SeenFrame, seconds: float, life: int, model: LiveModel
    ) -> FrameResult | None:
        """Record a frame that was analysed on the visitor's device. Never raises.

        Frames must come in the order of their times; late ones keep theirs, and are followed with
        the settings of that time. No slot is needed.

        Args:
            frame: what the device says of it.
            seconds: its time on the session's clock.
            life: how often the record had been cleared when it was seen; see `Moment`.
            model: the network that has answered there.

        Returns:
            Who is in it; None if it failed, or the record has been cleared since.
        """
        if life != self.life:
            return None
        seen, settings = frame.observation, self.settings_at(seconds, model.spec)
        moment = self._arrived(seconds, frame.received, lag=BATCH_LAG_SECONDS)
        asked = Asked(moment, settings, model.spec, model)
        stages = dict(frame.milliseconds)
        self._shown(stages.pop("draw"), frame.shown)
        if frame.black:
            return self._note_black(asked, seen.size)
        try:
            result = self._people.followed(seen, asked, cut=frame.cut)
            rows = asked.rows(result.faces, seen.size)
        except Exception:
            _log.exception("a frame of %s could not be followed", seen.size)
            self._failed()
            return None
        result = replace(result, milliseconds=stages)
        self._found(moment, result, rows, sum(stages.values()))
        counters().add("analysis", "device")
        return result

    def lost(self, frames: int, life: int) -> None:
        """Count frames that a device has analysed and could not keep until they were sent.

        Args:
            frames: how many more.
            life: see `follow`.
        """
        self._lost(frames, life)

    def could_not_be_read(self, error: object) -> None:
        """Count something that a device has sent, and that is no frame."""
        _log.info("what a device sent was left out: %s", error)
        log_event("device_message_refused")
        self._failed()

    def _note_black(self, asked: Asked, size: tuple[int, int]) -> FrameResult:
        nobody = asked.nobody()
        self._was_black(asked.moment, asked.rows(nobody.faces, size, camera_off=True), nobody)
        return nobody

    def _note_error(self, image: Image) -> None:
        # Images are private and must not be logged.
        _log.exception("a live frame of %s could not be analysed", np.shape(image))
        self._failed()

    def ended(self) -> None:
        """Release the slot and the thread: the stream has stopped, or the visitor has left."""
        self._analysis.end()
        self._limit.leave(self)

    def take_slot(self) -> bool:
        """Take a slot, or keep the one that is held; return False if all are taken."""
        return self._limit.hold(self)

    @property
    def slot_free(self) -> bool:
        """Whether this session has a slot, or could take one."""
        return self._limit.free_for(self)

    @property
    def visitor_full(self) -> bool:
        """Whether there is no slot because the visitor has other streams."""
        return self._limit.visitor_full(self)

    @property
    def slots_of_visitor(self) -> int | None:
        """Maximum number of simultaneous streams of one visitor; None if there is none."""
        return self._limit.of_visitor

    @property
    def slots(self) -> int:
        """Maximum number of simultaneous streams of all visitors."""
        return self._limit.slots

    @property
    def refused(self) -> bool:
        """Whether the last frame got no slot and was returned without analysis."""
        return self._refused
