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

from app.core.server.events import counters, log_event
from app.live.streaming.analysis import NewestFirst
from app.live.streaming.frames import (
    LiveSettings,
    as_displayed,
    camera_is_off,
    marked_frame,
    unmarked_frame,
    working_size,
)
from app.live.streaming.people import LiveModel, Request, SessionPeople
from app.live.streaming.record import LiveRecord
from app.live.streaming.stream_limit import StreamLimit
from fer import FaceStream
from fer.model.spec import ModelSpec
from fer.ondevice.wire import SeenFrame
from fer.stream import FrameResult
from fer.types import Image, check_image

_log = logging.getLogger(__name__)

#: Longest time in seconds that a frame waits for its own analysis, so that its boxes are its own.
#: Two thirds of the time between two frames at 15 a second; the rest is for drawing.
MATCH_SECONDS = 0.04

#: By how much results of a device may be late: they come twice a second, over a network.
BATCH_LAG_SECONDS = 1.0


#: Most earlier settings that are remembered, for frames that come late.
_MAX_SETTINGS = 32


@dataclass(frozen=True, eq=False)
class _Frame:
    """A frame on its way to the analysis: in working size, not mirrored."""

    picture: Image
    request: Request
    camera_off: bool

    @property
    def size(self) -> tuple[int, int]:
        return self.picture.shape[1], self.picture.shape[0]


@dataclass(frozen=True, eq=False)
class _Choice:
    """What the visitor has chosen. Replaced as a whole, so that no frame sees half of a change.

    Attributes:
        spec: describes the model.
        model: answers; None if none was chosen, and then that of the stream does.
        settings: each with the time on the clock from which it holds.
    """

    spec: ModelSpec
    model: LiveModel | None = None
    settings: tuple[tuple[float, LiveSettings], ...] = ((-np.inf, LiveSettings()),)

    def settings_at(self, seconds: float, spec: ModelSpec) -> LiveSettings:
        """Return the settings of a time; a head that a model lacks gives way to its usual one."""
        before = (settings for since, settings in reversed(self.settings) if since <= seconds)
        settings = next(before, self.settings[0][1])
        return settings if settings.head in spec.head_names else replace(settings, head=None)


class LiveSession:
    """One visitor's stream, across all starts and stops until it is cleared.

    Args:
        stream: analyses the frames; used by this session only.
        limit: grants the slot that the session must hold for every frame.
        clock: monotonic clock in seconds.
        today: returns date and time, with their zone.
        match_seconds: see `MATCH_SECONDS`.

    Attributes:
        record: what was found.
        limit: see above; the session is a holder of it.
        refused: whether the last frame got no slot and was returned without analysis.
    """

    def __init__(
        self,
        stream: FaceStream,
        limit: StreamLimit,
        clock: Callable[[], float] = time.monotonic,
        today: Callable[[], datetime] = lambda: datetime.now(UTC),
        match_seconds: float = MATCH_SECONDS,
    ) -> None:
        self.record = LiveRecord(stream.spec, stream.detector_version, clock, today)
        self.limit, self.refused = limit, False
        self._choice = _Choice(stream.spec)
        self._people = SessionPeople(stream)
        self._match_seconds = match_seconds
        self._analysis = NewestFirst(self._analyse)

    @property
    def model(self) -> LiveModel | None:
        """The chosen model."""
        return self._choice.model

    @property
    def spec(self) -> ModelSpec:
        """Describes the model that answers."""
        return self._choice.spec

    @property
    def settings(self) -> LiveSettings:
        """The visitor's settings, for the frames from now on."""
        return self._choice.settings_at(np.inf, self.spec)

    @settings.setter
    def settings(self, settings: LiveSettings) -> None:
        if settings != self.settings:
            kept = self._choice.settings[-_MAX_SETTINGS:]
            new = (*kept, (self.record.clock(), settings))
            self._choice = replace(self._choice, settings=new)

    def choose_model(self, model: LiveModel) -> None:
        """Let a model answer from the next frame on. Rows stay, and people keep their numbers.

        Args:
            model: answers. A head that it lacks gives way to its usual one.
        """
        if model is not self.model:
            self._choice = replace(self._choice, spec=model.spec, model=model)
            self.record.answered_by(model.spec)

    def choose_head(self, head: str) -> None:
        """Use a head of the network from the next frame on.

        Args:
            head: name of the head.

        Raises:
            ModelError: the network has no such head.
        """
        self.spec.head(head)
        self.settings = replace(self.settings, head=head)

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
        choice = self._choice
        settings = choice.settings_at(np.inf, choice.spec)
        moment = self.record.arrived(seconds, received)
        try:
            check_image(image)
            self.refused = not self.limit.hold(self)
            off = camera_is_off(image)
            request = Request(moment, settings, choice.spec, choice.model)
            frame = _Frame(working_size(image), request, off)
            if self.refused:
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
        started, request = time.perf_counter(), frame.request
        faces = self.record.faces_at(request.moment.seconds)
        if faces is None:
            faces = request.nobody().faces
        shown = marked_frame(frame.picture, faces, request.settings)
        self.record.shown(1000 * (time.perf_counter() - started))
        return shown

    def _analyse(self, frame: _Frame) -> None:
        """Analyse and record a frame. Runs on the thread of the analysis."""
        started, request = time.perf_counter(), frame.request
        if frame.camera_off:
            # On this thread, because rows are kept in the order of their times.
            self._note_black(request, frame.size)
            return
        try:
            result = self._people.analysed(frame.picture, request)
            rows = request.rows(result.faces, frame.size)
        except Exception:
            self._note_error(frame.picture)
            return
        milliseconds = 1000 * (time.perf_counter() - started)
        self.record.found(request.moment, result, rows, milliseconds)
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
        if life != self.record.life:
            return None
        seen, settings = frame.observation, self._choice.settings_at(seconds, model.spec)
        moment = self.record.arrived(seconds, frame.received, lag=BATCH_LAG_SECONDS)
        request = Request(moment, settings, model.spec, model)
        stages = dict(frame.milliseconds)
        self.record.shown(stages.pop("draw"), frame.shown)
        if frame.black:
            return self._note_black(request, seen.size)
        try:
            result = self._people.followed(seen, request, cut=frame.cut)
            rows = request.rows(result.faces, seen.size)
        except Exception:
            _log.exception("a frame of %s could not be followed", seen.size)
            self.record.failed()
            return None
        result = replace(result, milliseconds=stages)
        self.record.found(moment, result, rows, sum(stages.values()))
        counters().add("analysis", "device")
        return result

    def could_not_be_read(self, error: object) -> None:
        """Count something that a device has sent, and that is no frame."""
        _log.info("what a device sent was left out: %s", error)
        log_event("device_message_refused")
        self.record.failed()

    def _note_black(self, request: Request, size: tuple[int, int]) -> FrameResult:
        nobody = request.nobody()
        rows = request.rows(nobody.faces, size, camera_off=True)
        self.record.found(request.moment, nobody, rows, camera_off=True)
        return nobody

    def _note_error(self, image: Image) -> None:
        # Images are private and must not be logged.
        _log.exception("a live frame of %s could not be analysed", np.shape(image))
        self.record.failed()

    def take_slot(self) -> bool:
        """Take a slot, or keep the one that is held; return False if all are taken."""
        return self.limit.hold(self)

    def ended(self) -> None:
        """Release the slot and the thread: the stream has stopped, or the visitor has left."""
        self._analysis.end()
        self.limit.leave(self)
