"""The video on the Live page: browser → WebRTC → `LiveSession` → browser."""

from __future__ import annotations

import logging
import threading
from collections.abc import Awaitable, Callable

import av
from streamlit_webrtc import WebRtcMode, webrtc_streamer

from app.background.priority import STREAM_NICENESS, Throttle, lower_priority
from app.live.streaming.ice import Ice
from app.live.streaming.session import LiveSession
from app.live.webrtc_patches import (
    deliver_newest,
    prevent_reset,
    use_page_type,
    video_context,
)

_log = logging.getLogger(__name__)

KEY = "live_video"

#: Camera constraints: front camera, at a size and rate that two cores can process. All are
#: preferences, so any camera works. No audio.
_CONSTRAINTS = {
    "video": {
        "width": {"ideal": 640},
        "height": {"ideal": 480},
        "frameRate": {"ideal": 15},
        "facingMode": {"ideal": "user"},
    },
    "audio": False,
}

#: An iPhone shows no video that is not muted and inline.
VIDEO_ATTRIBUTES = {
    "autoPlay": True,
    "playsInline": True,
    "muted": True,
    "controls": False,
    "style": {"width": "100%", "borderRadius": "10px"},
}

_TRANSLATIONS = {
    "start": "Start",
    "stop": "Stop",
    "select_device": "Choose camera",
    "device_ask_permission": "Allow the camera in the question that your browser asks.",
    "device_access_denied": "The browser does not let this page use the camera.",
    "device_not_available": "There is no camera, or another program uses it.",
    "media_api_not_available": (
        "Browsers give pages the camera over HTTPS or on localhost only. Upload a photo instead."
    ),
}

Frames = Callable[[list[av.VideoFrame]], Awaitable[list[av.VideoFrame]]]


def show_video(session: LiveSession, ice: Ice) -> None:
    """Show the video and its buttons. Call it in every full run of the page while it runs."""
    prevent_reset(KEY)
    deliver_newest()
    use_page_type()
    webrtc_streamer(
        KEY,
        mode=WebRtcMode.SENDRECV,
        rtc_configuration=ice.configuration,
        media_stream_constraints=_CONSTRAINTS,
        video_html_attrs=VIDEO_ATTRIBUTES,
        translations=_TRANSLATIONS,
        queued_video_frames_callback=frames_callback(session),
        on_video_ended=session.ended,
        async_processing=True,
        media_toggle_controls=False,
    )


def video_active() -> bool:
    """Return whether the browser is connected or connecting."""
    return stream_active(KEY)


def stream_active(key: str) -> bool:
    """Return whether the browser is connected or connecting for the component of this key."""
    context = video_context(key)
    return context is not None and (context.state.playing or context.state.signalling)


def frames_callback(session: LiveSession, throttle: Throttle | None = None) -> Frames:
    """Return the callback that gets all frames since the last call, in the thread of the stream.

    Only the newest frame is shown, and offered to the analysis: a busy machine shows fewer frames,
    but no old ones. So does one on which somebody waits for a photograph; the picture before stays.

    Args:
        session: of the visitor.
        throttle: which frames are taken; made if None.
    """
    throttle, received = throttle or Throttle(), 0
    behind: threading.Thread | None = None

    async def newest(frames: list[av.VideoFrame]) -> list[av.VideoFrame]:
        nonlocal received, behind
        if behind is not threading.current_thread():  # each start of a stream has its own
            behind = threading.current_thread()
            lower_priority(STREAM_NICENESS)
        received += len(frames)
        if not throttle.takes():
            return []
        frame, number, received = frames[-1], received, 0
        try:
            picture = session.process(frame.to_ndarray(format="rgb24"), received=number)
            return [av.VideoFrame.from_ndarray(picture, format="rgb24")]
        except Exception:
            # An exception here would end the video permanently and silently.
            _log.exception("a frame could not be converted")
            return [frame]

    return newest
