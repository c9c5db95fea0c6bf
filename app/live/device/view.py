"""The mode on the visitor's own device: the picture, and the panel beside it."""

from __future__ import annotations

from functools import partial

import fer_lens_ondevice
import streamlit as st

from app.core.polling import poll
from app.live.camera import CameraProblem, camera_problem, problem_of
from app.live.device import component
from app.live.device.choice import Place, choose
from app.live.device.protocol import Report
from app.live.device.texts import WITHOUT_SERVER, explained
from app.live.notices import (
    NUMBERS_STAY,
    PRESS_START,
    offer_clip,
    offer_photos,
    show_camera_problem,
)
from app.live.streaming.connection import DeviceConnection, Phase
from app.live.streaming.session import LiveSession
from app.live.view import show_figures

_CONNECTION = "live_device_connection"

#: Seconds between two updates of the figures, and of the charts. The device does the analysis and
#: draws the marks at once; what is left to the server are charts, which cost it more than all the
#: rest, so they are made less often than for its own streams.
POLL_SECONDS, CHARTS_POLL_SECONDS = 3.0, 6.0


def show_device_panel(session: LiveSession, *, offer_server: bool) -> Phase:
    """Show the panel beside the picture, and return the phase of the session.

    Args:
        session: the visitor's stream.
        offer_server: whether the server could be used in the device's place.
    """
    connection: DeviceConnection = st.session_state.setdefault(_CONNECTION, DeviceConnection())

    def observe() -> Phase:
        return connection.observe(component.device_report().phase, session.record.silent_for)

    panel = st.container()
    report, phase, problem = component.device_report(), observe(), camera_problem()
    with panel:
        figures = partial(
            show_figures,
            session,
            observe,
            "Live on your device",
            cut=WITHOUT_SERVER,
            chart_seconds=CHARTS_POLL_SECONDS,
        )
        poll(figures, active=phase.active, seconds=POLL_SECONDS)
        if phase.active:
            return phase
        session.ended()
        _show_problem(report, problem, offer_server=offer_server)
        if not report.problem:
            _show_before_start(component.download_bytes(), clip=offer_server and not problem)
    return phase


def _show_problem(report: Report, known: CameraProblem | None, *, offer_server: bool) -> None:
    """Say what keeps the device from analysing, and what else there is."""
    if report.phase == "failed" and report.code == "camera":
        known = known or problem_of(report.detail)
    if known and not report.problem:
        show_camera_problem(known, clip=offer_server)
    elif report.phase in ("failed", "unable"):
        st.warning(explained(report.code), icon=":material/mobile_off:")
        if report.code == "runtime":
            st.caption(f"For whoever runs this app: {fer_lens_ondevice.missing()}")
        with st.container(horizontal=True, vertical_alignment="center"):
            if offer_server:
                st.button(
                    "Analyse on this server",
                    icon=":material/dns:",
                    key="live_to_server",
                    on_click=choose,
                    args=(Place.SERVER,),
                )
            offer_photos("live_device_snapshot")


def _show_before_start(download: int, *, clip: bool) -> None:
    with st.container(border=True):
        st.markdown("#### Before you start", anchors=False)
        st.markdown(PRESS_START)
        st.markdown(
            ":material/lock: **The video stays on your device.** The same networks run in your "
            "browser; no picture leaves it. Only numbers come here: where faces are, the "
            "probabilities of their expressions, and which colours are about a face, to tell "
            f"people apart. {NUMBERS_STAY}"
        )
        st.markdown(
            ":material/downloading: **The first start loads about "
            f"{max(1, round(download / 1e6))} MB**, which your browser keeps. After that, a "
            "slow connection is enough, and it may break: the results wait."
        )
        if clip:
            offer_clip("live_offer_clip")
