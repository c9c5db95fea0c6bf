"""Notices of the Live page: before a start, and without a slot, a camera or a connection."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from app.core.components import mount
from app.core.layout import rerun_when
from app.core.session.session_store import KEEP_SECONDS
from app.core.text import counted
from app.core.uploaders import PHOTOS_PAGE
from app.live.streaming.connection import Phase
from app.live.streaming.session import LiveSession
from app.live.streaming.turn import Help, Ice, RelayState
from app.live.webrtc import STOP, clip_starts, play_clip

#: Key of the section in which a snapshot can be taken.
SNAPSHOT = "live_snapshot"

#: Key of the element that tells what stands against a camera.
_CAMERA_KEY = "live_camera"

#: Seconds between two checks for a free slot.
_BUSY_POLL_SECONDS = 2.0

_NUMBERS_STAY = (
    "**The numbers stay** under this page's address until you clear them, or "
    f"{KEEP_SECONDS / 60:.0f} minutes after you close the tab. Save them as CSV, JSON, Parquet or "
    "subtitles at any time."
)

_PEOPLE = (
    "**Everybody keeps a number and a colour**, also after minutes out of view while hair and "
    "clothes are the same. People dressed alike can be mixed up."
)

WITHOUT_SERVER = (
    "This page has no connection to the server that analyses your video; where the picture still "
    "moves, that goes on. What was recorded comes back with the connection; if the server was "
    "restarted, it is gone."
)

_TROUBLE = {
    Phase.SLOW: (
        "**Connecting takes longer than usual.** A firewall or a company or mobile network may be "
        "blocking it. If it does not connect in half a minute, press Stop and go on below."
    ),
    Phase.STALLED: (
        "**The picture has stopped.** The connection is lost, or the camera is off. Stop and "
        "start again; the results so far are kept."
    ),
    Phase.FAILED: (
        "**The connection could not be made.** A firewall or a company or mobile network is "
        "probably blocking it."
    ),
    Phase.LOST: (
        "**The connection was lost.** The results so far are kept. Press Start to connect again, "
        "or go on in another way."
    ),
}


def show_before_start(
    privacy: str, way: str, details: str, *, clip: bool, problem: str = ""
) -> None:
    """Explain what happens after Start, in Markdown.

    That is what becomes of the picture, and the way that it or the networks take, also at length.
    A problem is what is wrong with the way; empty if nothing is.
    """
    with st.container(border=True):
        st.markdown("#### Before you start", anchors=False)
        st.markdown(
            ":material/videocam: **Press Start and allow the camera.** The microphone stays off."
        )
        st.markdown(f":material/lock: {privacy}")
        st.markdown(way)
        if problem:
            st.warning(problem, icon=":material/cloud_off:")
        if clip:
            offer_clip("live_offer_clip")
        with st.expander("More about this", icon=":material/info:"):
            for text in (details, _NUMBERS_STAY, _PEOPLE):
                st.markdown(text)


def connection_words(ice: Ice) -> tuple[str, str]:
    """Return what helps to connect to the server, in a few words and at length, in Markdown."""
    words, details = _CONNECTION[ice.help]
    return f":material/cell_tower: **Connection: {words.format(provider=ice.provider)}**", details


_CONNECTION = {
    Help.LOCAL: (
        "this machine only",
        "The connection works on this machine or network, and asks no other server.",
    ),
    Help.TURN: (
        "TURN, {provider}",
        "Where no direct connection is possible, the encrypted video is relayed.",
    ),
    Help.STUN: (
        "STUN only, {provider}",
        "STUN helps to connect. Strict firewalls allow none; then use a snapshot or a photo.",
    ),
}


#: What is said where there is no slot, by the reason: icon, title, text, and what a photo is for.
_BUSY = {
    "visitor": (
        ":material/tab:",
        "You have other live streams open",
        "This server analyses {own} of a visitor at a time. Stop one in another tab; then this "
        "page opens by itself.",
        "Analyse a photo meanwhile",
    ),
    "full": (
        ":material/hourglass_top:",
        "All places are taken",
        "This server analyses {all} at a time. The page opens by itself as soon as a place is "
        "free.",
        "Analyse a photo meanwhile",
    ),
    "off": (
        ":material/videocam_off:",
        "Live video is switched off",
        "This server analyses photos only.",
        "Analyse a photo instead",
    ),
}


def show_busy(session: LiveSession) -> None:
    """Say that all slots are taken, and rerun the page as soon as one is free."""
    limit = session.limit
    # A slot may have become free since the page looked.
    refusal = limit.refusal(session) or "full"
    icon, title, text, photo = _BUSY[refusal]
    own, every = (counted(most or 0, "live stream") for most in (limit.of_visitor, limit.slots))
    with st.container(border=True, horizontal_alignment="center", height=340):
        st.space("medium")
        st.markdown(f"## {icon}", anchors=False, width="content")
        st.markdown(f"#### {title}", anchors=False, width="content")
        st.markdown(text.format(own=own, all=every), text_alignment="center")
        st.page_link(PHOTOS_PAGE, label=photo, icon=":material/photo_camera:")
    if refusal != "off":
        rerun_when(lambda: not limit.refusal(session), _BUSY_POLL_SECONDS)


#: What the TURN server is to blame for. With one that works, the network is.
_RELAY = {
    RelayState.EXPIRED: (
        "**The credentials for the TURN server have expired**, as those of a page that was open "
        "for long do. Stop, reload the page and start again: it gets new ones. If these have "
        "expired too, whoever runs this page has to renew them."
    ),
    RelayState.REFUSED: (
        "**The TURN server refuses the credentials of this page**, so video cannot be relayed. You "
        "can do nothing about it; whoever runs this page has to set the same secret or password "
        "there and here."
    ),
    RelayState.FULL: (
        "**The TURN server has no room at the moment**, so video cannot be relayed. Try again in a "
        "few minutes."
    ),
    RelayState.UNREACHABLE: (
        "**The TURN server does not answer**, so video cannot be relayed. Try again in a few "
        "minutes; if it stays like this, whoever runs this page has to look after it."
    ),
}


def show_trouble(phase: Phase, relay: Callable[[], RelayState | None] = lambda: None) -> None:
    """Explain what is wrong with the connection, and offer two ways that need none.

    `relay` returns how its TURN server is; it is asked only if there is trouble.
    """
    if not phase.troubled:
        return
    text, icon = _TROUBLE[phase], ":material/wifi_off:"
    known = relay()
    if known in _RELAY:
        text, icon = _RELAY[known], ":material/cloud_off:"
        if phase is Phase.LOST:
            text = f"**The connection was lost.** {text}"
    st.warning(text, icon=icon)
    with st.container(horizontal=True, vertical_alignment="center"):
        if offer_photos("live_trouble_snapshot"):
            st.rerun()


def offer_photos(key: str) -> bool:
    """Offer what needs no stream, and return whether a snapshot was just asked for."""
    asked = st.button(
        "Take a snapshot instead",
        icon=":material/photo_camera:",
        key=key,
        on_click=lambda: st.session_state.update({SNAPSHOT: True}),  # expands its section
    )
    st.page_link(PHOTOS_PAGE, label="Upload a photo", icon=":material/upload:")
    return asked


#: Why there is no picture of a camera, by the name of the browser's error; see
#: `MediaDevices.getUserMedia`. The last two names are our own, in ``ondevice``.
_PROBLEMS = {
    "NotAllowedError": "denied",
    "SecurityError": "denied",
    "NotFoundError": "missing",
    "OverconstrainedError": "missing",
    "NotReadableError": "busy",
    "AbortError": "busy",
    "insecure": "insecure",
    "ended": "gone",
}


def camera_problem() -> str:
    """Return why there can be no picture of a camera; "" if nothing is known against it.

    Mounts an element that shows nothing, but takes the room of a gap. streamlit-webrtc's component
    shows the browser's own words, has no translation for them, and does not report them: the
    element reports the name of the error, and hides it.
    """
    states = ("problem", "error", "stopped")
    rerun = {f"on_{state}_change": lambda: None for state in states}
    mount("live/camera", {"stop": STOP}, _CAMERA_KEY, **rerun)
    state = st.session_state.get(_CAMERA_KEY)
    error = str(getattr(state, "error", "") or "")
    return str(getattr(state, "problem", "") or "") or (problem_of(error) if error else "")


def last_stop() -> tuple[float, bool]:
    """Return a value that changes whenever the visitor stops the camera or the clip.

    The element of `camera_problem` reports when Stop was pressed.
    """
    pressed = getattr(st.session_state.get(_CAMERA_KEY), "stopped", None)
    return pressed if isinstance(pressed, int | float) else 0, clip_starts()


def problem_of(error: str) -> str:
    """Return the problem that the name of a browser's error stands for."""
    return _PROBLEMS.get(error, "other")


_CAMERA = {
    "denied": (
        "**The browser does not let this page use the camera.** Allow it with the camera or lock "
        "symbol next to the address, or in the browser's settings for this site, and press Start "
        "again. On phones, the system settings may also block the camera for the browser."
    ),
    "missing": ("**There is no camera.** Connect one, or switch it on, and press Start."),
    "busy": (
        "**The camera cannot be read.** Another program or tab probably uses it: close that one, "
        "and press Start again."
    ),
    "gone": (
        "**The camera was taken away.** It was unplugged or switched off, or may not be used any "
        "more. The results so far are kept; press Start as soon as it is back."
    ),
    "insecure": (
        "**Browsers give pages the camera over HTTPS or on localhost only.** This page came in "
        "another way."
    ),
    "other": "**The video could not be started.** Reload the page, and try again.",
}


def show_camera_problem(problem: str, *, clip: bool = True) -> None:
    """Say why there is no camera, and offer ways that need none."""
    st.warning(_CAMERA.get(problem, _CAMERA["other"]), icon=":material/no_photography:")
    with st.container(horizontal=True, vertical_alignment="center"):
        if clip:
            offer_clip("live_problem_clip")
        st.page_link(PHOTOS_PAGE, label="Upload a photo instead", icon=":material/upload:")


def offer_clip(key: str) -> None:
    """Show the button that plays the sample clip."""
    st.button(
        "Play a sample clip",
        icon=":material/play_arrow:",
        key=key,
        on_click=play_clip,
        help="A photograph of the astronaut Eileen Collins (NASA), moved in front of a camera that "
        "does not exist. It is analysed like the picture of yours.",
    )
