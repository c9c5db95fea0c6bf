"""Live page: the expressions of everybody in the camera's picture, in real time."""

from __future__ import annotations

from functools import partial

import streamlit as st

from app.core.components import POLL_SECONDS, poll
from app.core.layout import CONTENT_WIDTH, title_line
from app.core.models import running_model
from app.core.models.running_model import choose_head, chosen_head, chosen_model
from app.core.uploaders import PHOTOS_PAGE, hand_snapshot_to_photos
from app.live.device.component import device_report, mount
from app.live.device.view import (
    CHARTS_POLL_SECONDS,
    Place,
    offer_device,
    reason_for_device,
    show_choice,
    show_device_panel,
)
from app.live.notices import (
    SNAPSHOT,
    connection_words,
    last_stop,
    show_before_start,
    show_busy,
    show_camera_problem,
    show_trouble,
)
from app.live.session_view import show_downloads, show_rolling_curves, show_session
from app.live.state import ice_source, live_model, live_session
from app.live.streaming.connection import Connection, Phase
from app.live.streaming.session import LiveModel, LiveSession
from app.live.streaming.turn import Ice, RelayCheck
from app.live.view import CUT_STYLE, show_controls, show_panel
from app.live.webrtc import (
    clip_chosen,
    clip_starts,
    show_clip,
    show_video,
    stop_clip,
    video_active,
    video_rendered,
)
from fer.errors import ModelError

_CONNECTION = "live_connection"
_ICE = "live_ice"
_RELAY = "live_relay"

_PRIVACY = "**Nothing is recorded.** Each frame is analysed on this server and dropped."

#: Pixels: width of the video, and of the gap to the panel beside it.
_VIDEO_WIDTH = 600
_GAP = 24
_PANEL_WIDTH = CONTENT_WIDTH - _VIDEO_WIDTH - _GAP


def main() -> None:
    """Render the page."""
    try:
        session = live_session()
        session.choose_model(model := live_model(session.model))
        session.choose_head(chosen_head())
    except ModelError as error:
        running_model.show_model_error(error)
        return
    st.html(CUT_STYLE)
    phase, seconds = _show_live(session, model)
    with st.container():
        if phase.troubled:
            _show_snapshot()  # right below the button that opens it
    poll(partial(show_rolling_curves, session.record), active=phase.active, seconds=seconds)
    if phase.active:
        # Not in the fragment: a click while it runs would find its file gone.
        show_downloads(session.record)
    elif len(session.record):
        show_session(session.record)
    if not phase.troubled:
        _show_snapshot()


def _show_live(session: LiveSession, model: LiveModel) -> tuple[Phase, float]:
    """Show title, settings, video and panel; return the phase, and the seconds between updates."""
    if not video_rendered():
        # The visitor comes from another page or from the device: the stream did not get lost.
        st.session_state.pop(_CONNECTION, None)
    refusal = session.limit.refusal(session)
    with title_line("Read expressions live"):
        choose_head(partial(show_controls, session))
        place, why = show_choice(reason_for_device(refusal, _servers().help))
    if why:
        st.caption(why)
    server_wanted = place is Place.SERVER or clip_chosen()
    # A device that runs ends first, and says so: nothing is lost on the way to the server.
    on_device = device_report().active or not server_wanted
    with st.container(horizontal=True, gap=_GAP):
        with st.container(width=_VIDEO_WIDTH):
            if on_device:
                mount(session, model, chosen_model(), stop=server_wanted)
            shown = on_device or _video(session)
        with st.container(width=_PANEL_WIDTH):
            if on_device:
                phase = show_device_panel(session, offer_server=not refusal)
            else:
                phase = _side_panel(session, shown)
    return phase, CHARTS_POLL_SECONDS if on_device else POLL_SECONDS


def _video(session: LiveSession) -> bool:
    """Show the video, or a notice if there is no free slot; return whether there was one."""
    # A running video must be rendered in every run of the page. If a starting stream gets no slot,
    # it is not rendered, which ends it before the server has spent any work on it.
    show = show_clip if clip_chosen() else show_video
    starts = video_active() or clip_starts()
    if session.limit.hold(session) if starts else not session.limit.refusal(session):
        show(session, _servers())
        return True
    show_busy(session)
    return False


def _servers() -> Ice:
    """Return the STUN or TURN servers; a running stream keeps those that it started with."""
    if _ICE not in st.session_state or not video_active():
        st.session_state[_ICE] = ice_source().current()
    return st.session_state[_ICE]


def _side_panel(session: LiveSession, has_slot: bool) -> Phase:
    connection: Connection = st.session_state.setdefault(_CONNECTION, Connection())

    def observe() -> Phase:
        active = has_slot and video_active()
        phase = connection.observe(active, session.record.silent_for, last_stop())
        if phase in (Phase.CONNECTING, Phase.SLOW):
            session.limit.hold(session)  # no frames keep it yet
        return phase

    check: RelayCheck = st.session_state.setdefault(_RELAY, RelayCheck())
    relay = partial(check.state, _servers())

    def stopped(phase: Phase, problem: str) -> None:
        if phase is Phase.LOST and clip_starts():
            stop_clip()
            st.rerun()  # with the camera's Start button in place of the clip
        if problem and not clip_starts():
            show_camera_problem(problem)
        show_trouble(phase, relay)
        if phase in (Phase.FAILED, Phase.LOST):
            offer_device()
        if has_slot and not clip_starts():
            ice = _servers()
            show_before_start(
                _PRIVACY, *connection_words(ice), clip=not problem, problem=ice.problem
            )

    return show_panel(session, observe, stopped, "Sample clip" if clip_chosen() else "Live", relay)


def _show_snapshot() -> None:
    """Offer a snapshot, which needs no live connection; the Photos page shows what is in it."""
    section = st.expander(
        "Snapshot instead of live video",
        icon=":material/photo_camera:",
        key=SNAPSHOT,
        on_change="rerun",
    )
    if not section.open:  # an open camera widget makes the browser ask for the camera
        return
    with section:
        st.caption("One picture, sent like a file: no live connection is needed, only the camera.")
        with st.container(width=640):
            picture = st.camera_input(
                "Take a snapshot", key="live_snapshot_camera", resolution="720p"
            )
        if picture:
            if refused := hand_snapshot_to_photos(picture.getvalue()):
                st.warning(refused)
            else:
                st.switch_page(PHOTOS_PAGE)


main()
