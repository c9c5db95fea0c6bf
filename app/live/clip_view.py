"""The sample clip on the Live page: server → `LiveSession` → WebRTC → browser, without a camera."""

from __future__ import annotations

from enum import Enum, auto
from fractions import Fraction

import av
import streamlit as st
from streamlit_webrtc import WebRtcMode, create_video_source_track, webrtc_streamer

from app.common.paths import SAMPLE
from app.live.streaming.clip import RATE, SampleClip
from app.live.streaming.ice import Ice
from app.live.streaming.session import LiveSession
from app.live.webrtc import VIDEO_ATTRIBUTES, frames_callback, stream_active
from app.live.webrtc_patches import deliver_newest, prevent_reset, use_page_type

_KEY = "live_clip"
_STATE = "live_clip_state"


class _Clip(Enum):
    PLAYS = auto()
    STOPS = auto()


def play_clip() -> None:
    """Let the clip take the place of the camera from the next run of the page on."""
    st.session_state[_STATE] = _Clip.PLAYS


def stop_clip() -> None:
    """Let the clip end, and the camera come back."""
    st.session_state[_STATE] = _Clip.STOPS


def clip_chosen() -> bool:
    """Return whether the clip takes the place of the camera."""
    if st.session_state.get(_STATE) is _Clip.STOPS and not clip_active():
        del st.session_state[_STATE]
    return _STATE in st.session_state


def clip_active() -> bool:
    """Return whether the browser is connected or connecting for the clip."""
    return stream_active(_KEY)


def clip_starts() -> bool:
    """Return whether the clip plays, or will as soon as the browser has connected."""
    return st.session_state.get(_STATE) is _Clip.PLAYS


def show_clip(session: LiveSession, ice: Ice) -> None:
    """Show the clip and the button that ends it. Call it in every full run while it is chosen."""
    prevent_reset(_KEY)
    deliver_newest()
    use_page_type()
    clip = _sample_clip()

    def draw(pts: int, time_base: Fraction) -> av.VideoFrame:
        return av.VideoFrame.from_ndarray(clip.frame(float(pts * time_base)), format="rgb24")

    webrtc_streamer(
        _KEY,
        mode=WebRtcMode.RECVONLY,
        rtc_configuration=ice.configuration,
        media_stream_constraints={"video": True, "audio": False},
        video_html_attrs=VIDEO_ATTRIBUTES,
        source_video_track=create_video_source_track(draw, f"{_KEY}_source", RATE),
        queued_video_frames_callback=frames_callback(session),
        on_video_ended=session.ended,
        async_processing=True,
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
