"""The video on the Live page: browser, or the sample clip → WebRTC → `LiveSession` → browser."""

from __future__ import annotations

import logging
import threading
from collections.abc import Awaitable, Callable
from fractions import Fraction
from typing import Any

import av
import streamlit as st
from streamlit_webrtc import WebRtcMode, create_video_source_track, webrtc_streamer

from app.core.priority import STREAM_NICENESS, Throttle, lower_priority
from app.core.sample_clip import RATE, SampleClip
from app.core.settings import SAMPLE
from app.live.streaming.session import LiveSession
from app.live.streaming.turn import Ice
from app.live.webrtc_patches import (
    deliver_newest,
    is_rendered,
    prevent_reset,
    use_page_type,
    video_context,
)

_log = logging.getLogger(__name__)

#: Keys of the component for the camera and for the clip, and of whether the clip is chosen.
_KEY, _CLIP_KEY, _CLIP_PLAYS = "live_video", "live_clip", "live_clip_plays"

#: Front camera, at a size and rate that two cores can process; any camera works.
_PREFERENCES = {"width": 640, "height": 480, "frameRate": 15, "facingMode": "user"}

#: An iPhone shows no video that is not muted and inline.
_ATTRIBUTES = {
    "autoPlay": True,
    "playsInline": True,
    "muted": True,
    "controls": False,
    "style": {"width": "100%", "borderRadius": "10px"},
}

#: Text of the button that ends the camera's video.
STOP = "Stop"

_TRANSLATIONS = {
    "start": "Start",
    "stop": STOP,
    "select_device": "Choose camera",
    "device_ask_permission": "Allow the camera in the question that your browser asks.",
    "device_access_denied": "The browser does not let this page use the camera.",
    "device_not_available": "There is no camera, or another program uses it.",
    "media_api_not_available": (
        "Browsers give pages the camera over HTTPS or on localhost only. Upload a photo instead."
    ),
}

Frames = Callable[[list[av.VideoFrame]], Awaitable[list[av.VideoFrame]]]


def play_clip() -> None:
    """Let the clip take the place of the camera from the next run of the page on."""
    st.session_state[_CLIP_PLAYS] = True


def stop_clip() -> None:
    """Let the clip end, and the camera come back."""
    st.session_state[_CLIP_PLAYS] = False


def clip_chosen() -> bool:
    """Return whether the clip takes the place of the camera, also until it has ended."""
    return clip_starts() or _active(_CLIP_KEY)


def clip_starts() -> bool:
    """Return whether the clip plays, or will as soon as the browser has connected."""
    return bool(st.session_state.get(_CLIP_PLAYS))


def video_active() -> bool:
    """Return whether the browser is connected or connecting, for the camera or the clip."""
    return _active(_KEY) or _active(_CLIP_KEY)


def video_rendered() -> bool:
    """Return whether the last whole run of a page had the video; call it before the video."""
    return is_rendered(_KEY) or is_rendered(_CLIP_KEY)


def _active(key: str) -> bool:
    context = video_context(key)
    return context is not None and (context.state.playing or context.state.signalling)


def show_video(session: LiveSession, ice: Ice) -> None:
    """Show the camera's video and its buttons. Call it in every full run while it runs."""
    _stream(
        _KEY,
        session,
        ice,
        mode=WebRtcMode.SENDRECV,
        media_stream_constraints={
            "video": {name: {"ideal": value} for name, value in _PREFERENCES.items()},
            "audio": False,
        },
        translations=_TRANSLATIONS,
        media_toggle_controls=False,
    )


def show_clip(session: LiveSession, ice: Ice) -> None:
    """Show the clip and the button that ends it. Call it in every full run while it is chosen."""
    clip = _sample_clip()

    def draw(pts: int, time_base: Fraction) -> av.VideoFrame:
        return av.VideoFrame.from_ndarray(clip.frame(float(pts * time_base)), format="rgb24")

    _stream(
        _CLIP_KEY,
        session,
        ice,
        mode=WebRtcMode.RECVONLY,
        media_stream_constraints={"video": True, "audio": False},
        source_video_track=create_video_source_track(draw, f"{_CLIP_KEY}_source", RATE),
        sendback_audio=False,
        desired_playing_state=clip_starts(),
    )
    st.button(
        "Stop the sample clip",
        type="primary",
        icon=":material/stop:",
        key="live_clip_stop",
        on_click=stop_clip,
    )


@st.cache_resource(show_spinner=False)
def _sample_clip() -> SampleClip:
    return SampleClip(SAMPLE)


def _stream(key: str, session: LiveSession, ice: Ice, **options: Any) -> None:
    prevent_reset(key)
    deliver_newest()
    use_page_type()
    webrtc_streamer(
        key,
        rtc_configuration=ice.configuration,
        video_html_attrs=_ATTRIBUTES,
        queued_video_frames_callback=frames_callback(session),
        on_video_ended=session.ended,
        async_processing=True,
        **options,
    )


def frames_callback(session: LiveSession, throttle: Throttle | None = None) -> Frames:
    """Return the callback that gets all frames since the last call, in the thread of the stream.

    Only the newest frame is shown, and offered to the analysis: a busy machine shows fewer frames,
    but no old ones. So does one on which somebody waits for a photograph; the picture before stays.
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
