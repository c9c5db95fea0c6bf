"""The mode on the visitor's own device: the picture, and the panel beside it."""

from __future__ import annotations

import fer_lens_ondevice
import streamlit as st

from app.live.camera import CameraProblem, problem_of
from app.live.device import component
from app.live.device.choice import Place, choose
from app.live.device.protocol import Report
from app.live.device.texts import WITHOUT_SERVER, explained
from app.live.notices import offer_photos, show_before_start, show_camera_problem
from app.live.streaming.connection import DeviceConnection, Phase
from app.live.streaming.session import LiveSession
from app.live.view import show_panel

_CONNECTION = "live_device_connection"

#: Seconds between two updates of the figures, and of the charts. The device does the analysis and
#: draws the marks at once; what is left to the server are charts, which cost it more than all the
#: rest, so they are made less often than for its own streams.
POLL_SECONDS, CHARTS_POLL_SECONDS = 3.0, 6.0

_PRIVACY = "**The video stays on your device.** Only numbers come here."
_DOWNLOAD = ":material/downloading: **The first start loads about {megabytes} MB.**"
_DETAILS = (
    "**The same networks run in your browser**, which keeps them: after the first start a slow "
    "connection is enough, and it may break, as the results wait. No picture leaves your device. "
    "The numbers say where faces are, how probable their expressions are, and which colours are "
    "about a face, to tell people apart."
)


def show_device_panel(session: LiveSession, *, offer_server: bool) -> Phase:
    """Show the panel beside the picture, and return the phase of the session.

    Args:
        session: the visitor's stream.
        offer_server: whether the server could be used in the device's place.
    """
    connection: DeviceConnection = st.session_state.setdefault(_CONNECTION, DeviceConnection())

    def observe() -> Phase:
        return connection.observe(component.device_report().phase, session.record.silent_for)

    def stopped(phase: Phase, problem: CameraProblem | None) -> None:
        report = component.device_report()
        _show_problem(report, problem, offer_server=offer_server)
        if not report.problem:
            clip = offer_server and not problem
            megabytes = max(1, round(component.download_bytes() / 1e6))
            way = _DOWNLOAD.format(megabytes=megabytes)
            show_before_start(_PRIVACY, way, _DETAILS, clip=clip)

    return show_panel(
        session,
        observe,
        stopped,
        "Live on your device",
        cut=WITHOUT_SERVER,
        seconds=POLL_SECONDS,
        chart_seconds=CHARTS_POLL_SECONDS,
    )


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
