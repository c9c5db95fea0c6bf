"""One visitor's live stream: shows frames, and has them analysed. Does not use Streamlit.

Three threads meet here: that of the video, which draws every frame and never waits for a slow
analysis; that of the analysis; and that of the page, which reads what was found, and brings what
the visitor's own device has seen.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np

from app.core.priority import STREAM_NICENESS, lower_priority
from app.core.server.events import counters, log_event
from app.live.streaming.frames import LiveSettings, as_displayed, camera_is_off, working_size
from app.live.streaming.record import LiveRecord
from app.live.streaming.stream_limit import StreamLimit
from fer.analyzer import Classifier
from fer.drawing.annotate import annotate
from fer.export.stream import HeadLabels, StreamRows
from fer.model.spec import ModelSpec
from fer.ondevice.wire import SeenFrame
from fer.stream import FaceStream, FrameResult
from fer.types import Faces, Image, check_image
from fer.video.scene_cuts import THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH, SceneCuts

_log = logging.getLogger(__name__)

#: Longest time in seconds that a frame waits for its own analysis, so that its boxes are its own:
#: two thirds of the time between two frames.
MATCH_SECONDS = 0.04

#: By how much results of a device may be late: they come twice a second, over a network.
BATCH_LAG_SECONDS = 1.0

#: Most earlier settings that are remembered, for frames that come late.
_MAX_SETTINGS = 32


#: Seconds without a frame after which the thread ends, so that none outlives its stream.
IDLE_SECONDS = 5.0

#: By how much `NewestFirst.lately_seconds` falls with each quick analysis.
_DECAY = 0.9


@dataclass(frozen=True, eq=False)
class LiveModel:
    """A network that answers in streams; its key tells it from other models."""

    classifier: Classifier
    spec: ModelSpec
    key: str = ""


@dataclass(frozen=True, eq=False)
class _Frame:
    """When a frame came, how large it is, and what is asked about it."""

    #: Since the first frame.
    seconds: float
    #: See `LiveRecord`.
    generation: int
    settings: LiveSettings
    model: LiveModel
    #: Width and height in working size.
    size: tuple[int, int]
    #: Whether the camera is off; then nobody looks at it.
    black: bool


class NewestFirst:
    """Does the newest analysis whenever it is free, one at a time, on a thread of its own.

    One that is still waiting when the next one comes is dropped: results are never late, and no
    queue grows. If the thread keeps up, none is dropped.
    """

    def __init__(self) -> None:
        #: How long the slow ones among the last analyses took; 0 before the first.
        self.lately_seconds = 0.0
        self._changed = threading.Condition()
        self._waiting: Callable[[], object] | None = None
        #: Numbers of the last analysis that was offered, and of the last one that was done.
        self._offered = self._done = 0
        self._ending = False
        self._thread: threading.Thread | None = None

    def offer(self, analyse: Callable[[], object], *, wait_seconds: float = 0.0) -> bool:
        """Hand over an analysis, which must not raise, in the place of one that still waits.

        Returns whether it, or a later one, has been done, for which it waits so long at most.
        """
        with self._changed:
            self._waiting, self._ending = analyse, False
            self._offered = number = self._offered + 1
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="live-analysis", daemon=True)
                self._thread.start()
            self._changed.notify_all()
            return self._changed.wait_for(lambda: self._done >= number, wait_seconds)

    def end(self) -> None:
        """Drop an analysis that waits, and end the thread after the one that is running."""
        with self._changed:
            self._waiting, self._ending = None, True
            self._changed.notify_all()

    def _run(self) -> None:
        lower_priority(STREAM_NICENESS)
        try:
            while self._work():
                pass
        finally:  # whatever ended it, the next analysis starts another thread
            with self._changed:
                if self._thread is threading.current_thread():
                    self._thread = None

    def _work(self) -> bool:
        """Wait for an analysis and do it; return whether there was one."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._ending, IDLE_SECONDS)
            analyse, self._waiting, number = self._waiting, None, self._offered
            if analyse is None:
                # Under the lock, so that the next offer sees that it has to start a thread.
                self._thread = None
                return False
        started = time.monotonic()
        analyse()
        del analyse  # with its picture, which must not wait here for the next one
        with self._changed:
            self._done = number
            took = time.monotonic() - started
            self.lately_seconds = max(took, _DECAY * self.lately_seconds)
            self._changed.notify_all()
        return True


class LiveSession:
    """One visitor's stream, across all starts and stops until it is cleared.

    Who goes from the server to the own device or back keeps the number, and averages go on.

    Attributes:
        limit: grants the slot that the session must hold for every frame.
        refused: whether the last frame got no slot and was returned without analysis.
    """

    def __init__(
        self,
        stream: FaceStream,
        model: LiveModel,
        limit: StreamLimit,
        clock: Callable[[], float] = time.monotonic,
        match_seconds: float = MATCH_SECONDS,
    ) -> None:
        self.record = LiveRecord(model.spec, stream.detector_version, clock)
        self.model, self.limit, self.refused = model, limit, False
        #: Each with the time on the clock from which it holds. Replaced as a whole, as settings
        #: are, so that no frame sees half of a change.
        self._settings: tuple[tuple[float, LiveSettings], ...] = ((-np.inf, LiveSettings()),)
        self._match_seconds = match_seconds
        self._analysis = NewestFirst()
        #: Held while the stream is used, with the generation and the model that it is at.
        self._lock = threading.Lock()
        self._stream, self._generation, self._answers = stream, 0, model
        self._is_cut = SceneCuts()

    @property
    def settings(self) -> LiveSettings:
        """The visitor's settings, for the frames from now on."""
        return self._settings_at(np.inf, self.model)

    @settings.setter
    def settings(self, settings: LiveSettings) -> None:
        if settings != self.settings:
            new = (self.record.clock(), settings)
            self._settings = (*self._settings[-_MAX_SETTINGS:], new)

    def _settings_at(self, seconds: float, model: LiveModel) -> LiveSettings:
        """Return the settings of a time; a head that a model lacks gives way to its usual one."""
        kept = self._settings
        before = (settings for since, settings in reversed(kept) if since <= seconds)
        settings = next(before, kept[0][1])
        known = settings.head in model.spec.head_names
        return settings if known else replace(settings, head=None)

    def choose_model(self, model: LiveModel) -> None:
        """Let a model answer from the next frame on. Rows stay, and people keep their numbers."""
        if model is not self.model:
            self.model = model
            self.record.answered_by(model.spec)

    def choose_head(self, head: str) -> None:
        """Use a head of the network from the next frame on; ModelError if it has no such one."""
        self.model.spec.head(head)
        self.settings = replace(self.settings, head=head)

    def process(self, image: Image, seconds: float | None = None, *, received: int = 1) -> Image:
        """Hand a frame to the analysis, and return the picture to show. Never raises.

        The frame is ``(height, width, 3)`` RGB uint8, not mirrored; its time on the session's clock
        is now if None, and so many were received since the last call. The picture, in working size
        and mirrored if so set, has the boxes of this frame if the analysis is quick, and else those
        of the last one that was analysed, moved on. It does not wait for a slow analysis.
        """
        model = self.model
        settings = self._settings_at(np.inf, model)
        generation = self.record.generation  # before the time: a frame of both is of neither
        moment = self.record.arrived(seconds, received)
        try:
            check_image(image)
            self.refused = not self.limit.hold(self)
            picture = working_size(image)
            if self.refused:
                return as_displayed(picture, settings)
            size = picture.shape[1], picture.shape[0]
            frame = _Frame(moment, generation, settings, model, size, camera_is_off(image))
            # On a busy machine, waiting would only cost frames.
            quick = self._analysis.lately_seconds <= self._match_seconds
            self._analysis.offer(
                lambda: self._analyse(frame, picture),
                wait_seconds=self._match_seconds if quick else 0.0,
            )
            started = time.perf_counter()
            faces = self.record.faces_at(moment)
            faces = faces.mirrored(size[0]) if settings.mirrored else faces
            shown = annotate(as_displayed(picture, settings), faces, bars=settings.bars)
            self.record.shown(1000 * (time.perf_counter() - started))
            return shown
        except Exception:
            self._failed(np.shape(image))
        try:
            check_image(image)
            return as_displayed(working_size(image), settings)
        except Exception:
            return image  # not a valid image, whose shape has been logged

    def _analyse(self, frame: _Frame, picture: Image) -> None:
        """Analyse and record a frame, also a black one: rows are kept in the order of times."""
        size = THUMBNAIL_WIDTH, THUMBNAIL_HEIGHT

        def look(**options: object) -> FrameResult:
            # Where the picture is another one from one frame to the next, as when somebody shows
            # the camera a film, who is in the same place is not the same for that.
            thumbnail = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
            grey = np.asarray(cv2.cvtColor(thumbnail, cv2.COLOR_RGB2GRAY), np.uint8)
            if self._is_cut(grey, frame.seconds):
                self._stream.cut()
            return self._stream(picture, frame.seconds, **options)  # type: ignore[arg-type]

        self._record(frame, look, "server")

    def follow(
        self, seen: SeenFrame, seconds: float, generation: int, model: LiveModel
    ) -> FrameResult | None:
        """Record a frame that was analysed on the visitor's device. Never raises.

        Frames must come in the order of their times, on the session's clock; late ones keep theirs,
        and are followed with the settings of that time. No slot is needed. Returns None if it
        failed, or the record has been cleared since the generation in which it was seen.
        """
        if generation != self.record.generation:
            return None
        settings = self._settings_at(seconds, model)
        moment = self.record.arrived(seconds, seen.received, lag=BATCH_LAG_SECONDS)
        size = seen.observation.size
        frame = _Frame(moment, generation, settings, model, size, seen.black)
        stages = dict(seen.milliseconds)
        self.record.shown(stages.pop("draw"), seen.shown)

        def look(**options: object) -> FrameResult:
            if seen.cut:
                self._stream.cut()
            found = self._stream.follow(seen.observation, moment, **options)  # type: ignore[arg-type]
            return replace(found, milliseconds=stages)

        return self._record(frame, look, "device", sum(stages.values()))

    def _record(
        self,
        frame: _Frame,
        look: Callable[..., FrameResult],
        place: str,
        milliseconds: float | None = None,
    ) -> FrameResult | None:
        """Find out who is in a frame by a look at a place, and record it; None if that failed.

        The milliseconds are those that a device took; if None, what the look takes now.
        """
        started, spec, settings = time.perf_counter(), frame.model.spec, frame.settings
        try:
            if frame.black:
                head = spec.head(settings.head)
                nobody = replace(Faces.empty(head.labels, head.name), seconds=frame.seconds)
                result = FrameResult(nobody, {}, np.zeros((0, 2), np.float32))
            else:
                with self._lock:
                    if frame.generation != self._generation:  # the record was cleared
                        self._stream.reset()
                        self._generation = frame.generation
                    if frame.model is not self._answers:
                        self._stream.answer_with(frame.model.classifier, spec)
                        self._answers = frame.model
                    result = look(head=settings.head, smoothing_seconds=settings.smoothing_seconds)
            rows = StreamRows.of(
                result.faces,
                frame.size,
                HeadLabels.of_model(spec),
                smoothing_seconds=settings.smoothing_seconds,
                camera_off=frame.black,
            )
        except Exception:
            self._failed(frame.size)
            return None
        if milliseconds is None:
            milliseconds = 1000 * (time.perf_counter() - started)
        self.record.found(result, rows, milliseconds, frame.generation, camera_off=frame.black)
        if not frame.black:
            counters().add("analysis", place)
        return result

    def could_not_be_read(self, error: object) -> None:
        """Count something that a device has sent, and that is no frame."""
        _log.info("what a device sent was left out: %s", error)
        log_event("device_message_refused")
        self.record.failed()

    def _failed(self, shape: tuple[int, ...]) -> None:
        # Images are private and must not be logged.
        _log.exception("a live frame of %s could not be analysed", shape)
        self.record.failed()

    def ended(self) -> None:
        """Release the slot and the thread: the stream has stopped, or the visitor has left."""
        self._analysis.end()
        self.limit.leave(self)
