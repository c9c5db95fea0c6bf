"""One visitor's live stream: shows frames, and has them analysed. Does not use Streamlit.

Three threads meet here: that of the video, which draws every frame and never waits for a slow
analysis; that of the analysis, which takes the newest frame whenever it is free; and that of the
page, which reads what was found.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np

from app.live.streaming.analysis import NewestFirst
from app.live.streaming.frames import (
    LiveSettings,
    as_displayed,
    camera_is_off,
    marked_frame,
    unmarked_frame,
    working_size,
)
from app.live.streaming.record import LiveRecord, Moment
from app.live.streaming.stream_limit import StreamLimit
from fer import Faces, FaceStream
from fer.analyzer import Classifier
from fer.export.stream_rows import HeadLabels, StreamRows
from fer.model.spec import ModelSpec
from fer.stream import FrameResult
from fer.types import Image, check_image

_log = logging.getLogger(__name__)

#: Longest time in seconds that a frame waits for its own analysis, so that its boxes are its own.
#: Two thirds of the time between two frames at 15 a second; the rest is for drawing.
MATCH_SECONDS = 0.04


@dataclass(frozen=True, eq=False)
class LiveModel:
    """A network that answers in streams.

    Attributes:
        classifier: classifies aligned faces.
        spec: describes its input and outputs.
        key: tells it from other models; see `app.common.runnable.ModelEntry`.
    """

    classifier: Classifier
    spec: ModelSpec
    key: str = ""


@dataclass(frozen=True, eq=False)
class _Frame:
    """A frame on its way to the analysis: in working size, not mirrored.

    Attributes:
        model: answers; None if none was chosen, and then that of the stream does.
    """

    picture: Image
    moment: Moment
    settings: LiveSettings
    camera_off: bool
    spec: ModelSpec
    model: LiveModel | None = None


class LiveSession(LiveRecord):
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
        self.settings = LiveSettings()
        self._stream, self._limit = stream, limit
        self._match_seconds = match_seconds
        self._analysis = NewestFirst(self._analyse)
        #: The life of the record (see `Moment`) that the tracks of `_stream` belong to.
        self._life_of_tracks = 0
        #: The chosen model, and the one that `_stream` works with.
        self.model: LiveModel | None = None
        self._model_of_stream: LiveModel | None = None
        self._refused = False

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels of the chosen head."""
        return self.spec.head(self.settings.head).labels

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
            frame = _Frame(working_size(image), moment, settings, off, spec, model)
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
        started = time.perf_counter()
        faces = self.faces_at(frame.moment.seconds, frame.settings.head, frame.spec)
        shown = marked_frame(frame.picture, faces, frame.settings)
        self._shown(1000 * (time.perf_counter() - started))
        return shown

    def _analyse(self, frame: _Frame) -> None:
        """Analyse and record a frame. Runs on the thread of the analysis."""
        started = time.perf_counter()
        settings = frame.settings
        if frame.camera_off:
            self._note_black(frame)
            return
        try:
            if self._life_of_tracks != frame.moment.life:
                self._stream.reset()
                self._life_of_tracks = frame.moment.life
            if frame.model and frame.model is not self._model_of_stream:
                self._stream.answer_with(frame.model.classifier, frame.model.spec)
                self._model_of_stream = frame.model
            result = self._stream(
                frame.picture,
                frame.moment.seconds,
                head=settings.head,
                smoothing_seconds=settings.smoothing_seconds,
            )
            rows = self._rows(frame, result.faces)
        except Exception:
            self._note_error(frame.picture)
            return
        self._found(frame.moment, result, rows, 1000 * (time.perf_counter() - started))

    def _note_black(self, frame: _Frame) -> None:
        # On this thread, because rows are kept in the order of their times.
        nobody = self._nobody(frame.settings.head, frame.spec)
        nobody = replace(nobody, seconds=frame.moment.seconds)
        result = FrameResult(nobody, {}, np.zeros((0, 2), np.float32))
        self._was_black(frame.moment, self._rows(frame, nobody), result)

    def _rows(self, frame: _Frame, faces: Faces) -> StreamRows:
        return StreamRows.of(
            faces,
            (frame.picture.shape[1], frame.picture.shape[0]),
            HeadLabels.of_model(frame.spec),
            smoothing_seconds=frame.settings.smoothing_seconds,
            camera_off=frame.camera_off,
        )

    def _note_error(self, image: Image) -> None:
        # Images are private and must not be logged.
        _log.exception("a live frame of %s could not be analysed", np.shape(image))
        self._failed()

    def in_view(self, head: str | None = None) -> Faces:
        """See `LiveRecord.in_view`; of the chosen head if none is given."""
        return super().in_view(head or self.settings.head)

    def ended(self) -> None:
        """Release the slot and the thread: the stream has stopped, or the visitor has left."""
        self._analysis.end()
        self._limit.leave(self)

    def choose_model(self, model: LiveModel) -> None:
        """Let a model answer from the next frame on. Rows stay, and people keep their numbers.

        Args:
            model: answers. A head that it lacks gives way to its usual one.
        """
        with self._data:
            if model is self.model:
                return
            self.model = model
            self._answered_by(model.spec)
            if self.settings.head not in model.spec.head_names:
                self.settings = replace(self.settings, head=None)

    def choose_head(self, head: str) -> None:
        """Use a head of the network from the next frame on.

        Args:
            head: name of the head.

        Raises:
            ModelError: the network has no such head.
        """
        self.spec.head(head)
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
