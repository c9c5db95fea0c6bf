"""A recording and its result, without a network: for tests of what is made of them."""

from __future__ import annotations

import io
import threading
from datetime import UTC, datetime
from pathlib import Path

import av
import cv2
import numpy as np

from app.core.jobs import Cancelled as IsCancelled
from app.video.engine import Result, VideoSettings
from app.video.session import Source
from fer.export.stream import StreamRows
from fer.export.table import ExportInfo
from fer.model.spec import ModelSpec
from fer.video.opening import VideoInfo
from fer.video.recording import Cancelled, Moment, OnProgress, Progress, Recording
from tests.app.samples import PATIENCE
from tests.fer.export.samples import TWO

INFO = VideoInfo(64, 48, 1.5, 10.0, "h264", has_sound=False)
SOURCE = Source("holiday.mov", Path("recording.mov"), INFO, 3 * 2**20)


def recording(spec: ModelSpec, rows: StreamRows = TWO) -> Recording:
    """Two people, seen in a second and a half with a cut."""
    info = ExportInfo.of(spec, "fake-1", datetime(2026, 5, 1, 12, tzinfo=UTC))
    portrait = cv2.imencode(".jpg", np.full((16, 16, 3), 120, np.uint8))[1].tobytes()
    moments = (Moment(0.6, 2, "happy", 0.8, portrait),) if rows.has_face.any() else ()
    return Recording(
        video=INFO, rows=rows, info=info, cuts=(0.55,), moments=moments, start=0.0, end=1.5
    )


def nobody(count: int = 3) -> StreamRows:
    rows = TWO.take(np.array([-1] * count))
    rows.array["seconds"] = np.arange(count) / 2
    return rows


def video(frames: int = 5) -> io.BytesIO:
    """A recording of some grey frames that can be read."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as out:
        stream = out.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for level in range(frames):
            picture = np.full((48, 64, 3), 40 * level, np.uint8)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        out.mux(stream.encode())
    file.seek(0)
    return file


class FakeEngine:
    """Reports some frames, and goes on when it is told to, to a result or an error."""

    def __init__(self, spec: ModelSpec) -> None:
        self.recording = recording(spec)
        self.error: Exception | None = None
        self.note = ""
        self.share: float | None = 0.4
        self.reports = True
        self.began, self.go = threading.Event(), threading.Event()
        #: A cancelled analysis ends as long as this is set.
        self.stop = threading.Event()
        self.stop.set()
        self.settings: list[VideoSettings] = []

    def __call__(
        self,
        source: Path,
        marked: Path,
        settings: VideoSettings,
        on_progress: OnProgress,
        cancelled: IsCancelled,
        *,
        stopped: IsCancelled = lambda: False,
    ) -> Result:
        self.settings.append(settings)
        rows = self.recording.rows.take(slice(0, 4))
        picture = np.full((48, 64, 3), (200, 100, 50), np.uint8)
        if self.reports:
            on_progress(Progress("analysis", self.share, 0.6, 6, 6, rows, lambda: picture))
        self.began.set()
        while not self.go.wait(0.001):
            if stopped():
                return Result(self.recording, None, cancelled=True)
            if cancelled() and self.stop.wait(PATIENCE):
                raise Cancelled
        if self.error:
            raise self.error
        if self.note:
            return Result(self.recording, None, self.note)
        marked.write_bytes(b"marked")
        return Result(self.recording, marked)
