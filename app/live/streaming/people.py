"""The people of one session, wherever its frames are looked at. Does not use Streamlit."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace

import cv2
import numpy as np

from app.live.streaming.frames import LiveSettings
from app.live.streaming.record import Moment
from fer import Faces, FaceStream
from fer.analyzer import Classifier
from fer.export.stream import HeadLabels, StreamRows
from fer.model.spec import ModelSpec
from fer.stream import FrameResult
from fer.tracking.observation import Observation
from fer.types import Image
from fer.video.scene_cuts import THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH, SceneCuts


@dataclass(frozen=True, eq=False)
class LiveModel:
    """A network that answers in streams.

    Attributes:
        classifier: classifies aligned faces.
        spec: describes its input and outputs.
        key: tells it from other models; see `app.core.models.runnable.ModelEntry`.
    """

    classifier: Classifier
    spec: ModelSpec
    key: str = ""


@dataclass(frozen=True, eq=False)
class Request:
    """When a frame came, and what is asked about it.

    Attributes:
        spec: describes what answers.
        model: answers; None if none was chosen, and then that of the stream does.
    """

    moment: Moment
    settings: LiveSettings
    spec: ModelSpec
    model: LiveModel | None = None

    def rows(self, faces: Faces, size: tuple[int, int], *, camera_off: bool = False) -> StreamRows:
        """Return what is recorded of a frame of this size."""
        return StreamRows.of(
            faces,
            size,
            HeadLabels.of_model(self.spec),
            smoothing_seconds=self.settings.smoothing_seconds,
            camera_off=camera_off,
        )

    def nobody(self) -> FrameResult:
        """Return the result of a frame in which nothing is to be seen."""
        head = self.spec.head(self.settings.head)
        faces = replace(Faces.empty(head.labels, head.name), seconds=self.moment.seconds)
        return FrameResult(faces, {}, np.zeros((0, 2), np.float32))


class SessionPeople:
    """Follows the people of a session: here, or as their own device has seen them. Thread-safe.

    Who goes from one to the other keeps the number, and each person's averages go on.

    Args:
        stream: used here only.
    """

    def __init__(self, stream: FaceStream) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self._is_cut = SceneCuts()
        #: The life of the record (see `Moment`) that the tracks belong to.
        self._life = 0
        self._model: LiveModel | None = None

    def analysed(self, picture: Image, request: Request) -> FrameResult:
        """Return who is in a frame.

        Where the picture is another one from one frame to the next, as when somebody shows the
        camera a film, who is in the same place is not the same for that.
        """
        size = THUMBNAIL_WIDTH, THUMBNAIL_HEIGHT
        small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        thumbnail = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.uint8)
        with self._lock:
            self._prepare(request)
            if self._is_cut(thumbnail):
                self._stream.cut()
            return self._stream(
                picture,
                request.moment.seconds,
                head=request.settings.head,
                smoothing_seconds=request.settings.smoothing_seconds,
            )

    def followed(self, seen: Observation, request: Request, *, cut: bool = False) -> FrameResult:
        """Return who is in a frame that was looked at elsewhere, and may begin another scene."""
        with self._lock:
            self._prepare(request)
            if cut:
                self._stream.cut()
            return self._stream.follow(
                seen,
                request.moment.seconds,
                head=request.settings.head,
                smoothing_seconds=request.settings.smoothing_seconds,
            )

    def _prepare(self, request: Request) -> None:
        if self._life != request.moment.life:
            self._stream.reset()
            self._life = request.moment.life
        if request.model and request.model is not self._model:
            self._stream.answer_with(request.model.classifier, request.model.spec)
            self._model = request.model
