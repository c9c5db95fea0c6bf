"""The server side of the live page without Streamlit and a browser, for benchmarks."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aiortc import RTCConfiguration
from aiortc.contrib.media import MediaRelay
from streamlit_webrtc.webrtc import WebRtcMode, WebRtcWorker

from app.live.streaming.moment import Moment
from app.live.streaming.network_pool import StreamPool, shared_model
from app.live.streaming.session import LiveSession
from app.live.streaming.stream_limit import StreamLimit
from app.live.webrtc import frames_callback
from app.live.webrtc_patches import deliver_newest
from benchmarks.rtc_client import Arrival, Client
from fer import FaceStream
from fer.detection.face_landmark import FaceLandmark
from fer.export.stream_rows import StreamRows
from fer.model.classifier import ExpressionClassifier
from fer.stream import FrameResult
from fer.types import Image

MODEL = Path(__file__).parent.parent / "models" / "compact"

_ANSWER_SECONDS = 10.0

#: Arguments of the worker that the page does not use.
_UNUSED = (
    "source_video_track",
    "source_audio_track",
    "sink_video_track",
    "sink_audio_track",
    "player_factory",
    "in_recorder_factory",
    "out_recorder_factory",
    "video_frame_callback",
    "audio_frame_callback",
    "queued_audio_frames_callback",
    "on_audio_ended",
    "video_processor_factory",
    "audio_processor_factory",
)


class WatchedSession(LiveSession):
    """A session that records when each frame was shown and analysed.

    Attributes:
        calls: for each picture that was shown, when by `time.monotonic`, and the number of frames
            that had arrived since the previous one.
        analyses: for each frame that was analysed, when, and how long it took, in seconds.
    """

    def __init__(self, stream: FaceStream, limit: StreamLimit) -> None:
        super().__init__(stream, limit)
        self.calls: list[tuple[float, int]] = []
        self.analyses: list[tuple[float, float]] = []

    def process(self, image: Image, seconds: float | None = None, *, received: int = 1) -> Image:
        """See `LiveSession.process`."""
        picture = super().process(image, seconds, received=received)
        self.calls.append((time.monotonic(), received))
        return picture

    def _found(
        self, moment: Moment, result: FrameResult, rows: StreamRows, milliseconds: float
    ) -> None:
        super()._found(moment, result, rows, milliseconds)
        self.analyses.append((time.monotonic(), milliseconds / 1000))


class Server:
    """The server side of all streams, as in Streamlit's process but without Streamlit.

    Args:
        streams: maximum number of simultaneous streams.
    """

    def __init__(self, streams: int) -> None:
        self._pool = StreamPool(os.cpu_count() or 1, FaceLandmark())
        self._model = shared_model(ExpressionClassifier(MODEL), os.cpu_count() or 1)
        self._limit = StreamLimit(streams)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._relay = asyncio.run_coroutine_threadsafe(self._make_relay(), self._loop).result()

    @staticmethod
    async def _make_relay() -> MediaRelay:
        return deliver_newest(MediaRelay())

    def session(self) -> WatchedSession:
        """Return the session of a new visitor."""
        return WatchedSession(self._pool.stream(self._model), self._limit)

    @contextmanager
    def connected(self, session: WatchedSession, client: Client) -> Iterator[list[Arrival]]:
        """Connect a client to a session.

        Yields:
            A list that is filled on exit with the frames that came back to the client.
        """
        worker = self._worker(session)
        arrivals: list[Arrival] = []
        try:
            answer = worker.process_offer(client.call(), "offer", timeout=_ANSWER_SECONDS)
            client.accept(answer.sdp)
            yield arrivals
        finally:
            arrivals += client.hang_up()
            worker.stop()

    def _worker(self, session: LiveSession) -> Any:
        return WebRtcWorker(
            mode=WebRtcMode.SENDRECV,
            rtc_configuration=RTCConfiguration(iceServers=[]),
            queued_video_frames_callback=frames_callback(session),
            on_video_ended=session.ended,
            async_processing=True,
            video_receiver_size=4,
            audio_receiver_size=4,
            sendback_video=True,
            sendback_audio=True,
            loop=self._loop,
            relay=self._relay,
            **dict.fromkeys(_UNUSED),
        )

    def close(self) -> None:
        """Stop the event loop; all streams must have ended before."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
