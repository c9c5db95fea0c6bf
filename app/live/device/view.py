"""The mode on the visitor's own device: the choice of it, and the panel beside the picture."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import fer_lens_ondevice
import streamlit as st

from app.core.components import show_picker
from app.live.device import component
from app.live.device.protocol import Report
from app.live.notices import (
    offer_photos,
    problem_of,
    show_before_start,
    show_camera_problem,
)
from app.live.streaming.connection import DeviceConnection, Phase
from app.live.streaming.session import LiveSession
from app.live.streaming.turn import Help
from app.live.view import show_panel
from app.live.webrtc import stop_clip


class Place(Enum):
    """Where live video is analysed."""

    SERVER = "server"
    DEVICE = "device"


#: Why the visitor's own device is offered first, by why the server has no slot or no relay.
_REASONS = {
    "off": "**Live video over this server is switched off**; your device can do it alone.",
    "visitor": "**You have other live streams open on this server**; your device needs no place.",
    "full": "**All places on this server are taken**; your device needs none.",
    "stun": "**This server has no relay (TURN)**, so its video does not get through strict "
    "firewalls; your device needs no connection for it.",
}


def reason_for_device(refusal: str, connection: Help) -> str:
    """Return why the visitor's own device is offered first, in Markdown; "" if it is not.

    That is why the visitor could have no slot (see `StreamLimit.refusal`), or what kind of servers
    helps to connect.
    """
    return _REASONS.get(refusal or connection.value, "")


@dataclass(frozen=True)
class Choice:
    """Where the video is analysed, and why it is there."""

    place: Place = Place.SERVER
    #: Why the page chose it, in Markdown; "" if the visitor did, or it is the usual one.
    reason: str = ""
    by_visitor: bool = False

    def revised(self, reason: str, device_problem: str) -> Choice:
        """Return the choice as things are now.

        What the visitor has chosen stays. So does the device once the page has chosen it: nobody is
        moved because a place on the server happens to be free again.
        """
        if self.by_visitor or (self.place is Place.DEVICE and not device_problem):
            return self
        return Choice(Place.DEVICE, reason) if reason and not device_problem else Choice()


#: Keys of the choice and of its widget, whose value Streamlit drops on pages without it; of why the
#: device cannot; and in the page's address, so that a reload keeps what the visitor has chosen.
_CHOICE, _WIDGET, _PROBLEM, _PARAMETER = "live_choice", "live_place", "live_device_problem", "live"

_LABELS = {
    Place.SERVER: ":material/dns: On this server",
    Place.DEVICE: ":material/devices: On your device",
}

_HELP = (
    "**On this server**: the video goes there over WebRTC, and comes back with marks. Needs a "
    "connection that lets video through.\n\n"
    "**On your device**: the same networks run in your browser. The video stays with you, and only "
    "numbers go to the server. Needs a few megabytes at the first start, and a device that is not "
    "too slow."
)


def show_choice(reason: str) -> tuple[Place, str]:
    """Show the choice, which `reason` speaks for the device; see `reason_for_device`.

    Returns where to analyse from this run of the page on, and why, in Markdown: "" where the
    visitor chose it, or it is the usual place.
    """
    known = {place.value: Choice(place, by_visitor=True) for place in Place}
    address = known.get(st.query_params.get(_PARAMETER, ""), Choice())
    problem = _problem()
    choice = st.session_state.get(_CHOICE, address).revised(reason, problem)
    st.session_state[_CHOICE] = choice
    if choice.by_visitor and st.query_params.get(_PARAMETER) != choice.place.value:
        st.query_params[_PARAMETER] = choice.place.value  # also after a visit to another page
    show_picker(
        st.segmented_control,
        "Where to analyse",
        list(Place),
        choice.place,
        _WIDGET,
        choose,
        format_func=_LABELS.__getitem__,
        label_visibility="collapsed",
        help=_HELP,
    )
    if choice.reason:
        return choice.place, f":material/info: {choice.reason}"
    if problem and not choice.by_visitor and reason:
        return choice.place, f":material/mobile_off: {explained(problem)}"
    return choice.place, ""


def choose(place: Place) -> None:
    """Let video be analysed there, as the visitor wants it, until they choose again."""
    st.session_state[_CHOICE] = Choice(place, by_visitor=True)
    st.query_params[_PARAMETER] = place.value
    stop_clip()  # which plays over the server


def offer_device() -> None:
    """Show a button to go on with the device, where it is not known that it cannot."""
    if not _problem():
        st.button(
            "Analyse on this device instead",
            type="primary",
            icon=":material/devices:",
            key="live_to_device",
            on_click=choose,
            args=(Place.DEVICE,),
        )


def _problem() -> str:
    """Return why the device cannot, as its code; "" if nothing is known against it."""
    if problem := component.device_report().problem:  # known only while the component is there
        st.session_state[_PROBLEM] = problem
    if fer_lens_ondevice.missing():  # this server cannot let devices analyse
        return "runtime"
    return str(st.session_state.get(_PROBLEM, ""))


#: Why a browser cannot analyse at all, or an analysis on the device ended, by the code in its
#: report, in Markdown.
PROBLEMS = {
    "runtime": "**This server has nothing to hand out that would run on your device.**",
    "worker": (
        "**This browser cannot analyse by itself.** It lacks workers that can read pictures; a "
        "newer version of it, or another browser, has them."
    ),
    "simd": (
        "**This browser cannot analyse by itself.** It lacks WebAssembly SIMD, or it is switched "
        "off; a newer version of it, or another browser, has it."
    ),
    "memory": "**This device has too little memory** to analyse by itself.",
    "network": (
        "**What your device needs could not be loaded.** Look whether you are connected, and press "
        "Start again."
    ),
    "integrity": (
        "**What was loaded is not what this server sent**, so it was not run. Something on the way "
        "changes files. Reload the page, and try again."
    ),
    "analysis": "**The analysis on your device has stopped.** Reload the page, and try again.",
}


def explained(code: str) -> str:
    """Return the words for a code; those for a failed analysis if it is unknown."""
    return PROBLEMS.get(code, PROBLEMS["analysis"])


#: Said in the place of what the server shows, while the browser has no connection to it.
WITHOUT_SERVER = (
    "The analysis goes on on your device, and its results wait in this tab: keep it open. They "
    "come here with the connection; if the server was restarted, what it had before is gone."
)

_CONNECTION = "live_device_connection"

#: Seconds between two updates of the charts, which cost the server more than all the rest.
CHARTS_POLL_SECONDS = 6.0

_PRIVACY = "**The video stays on your device.** Only numbers come here."
_DOWNLOAD = ":material/downloading: **The first start loads about {megabytes} MB.**"
_DETAILS = (
    "**The same networks run in your browser**, which keeps them: after the first start a slow "
    "connection is enough, and it may break, as the results wait. No picture leaves your device. "
    "The numbers say where faces are, how probable their expressions are, and which colours are "
    "about a face, to tell people apart."
)


def show_device_panel(session: LiveSession, *, offer_server: bool) -> Phase:
    """Show the panel beside the picture, and return the phase of the session."""
    connection: DeviceConnection = st.session_state.setdefault(_CONNECTION, DeviceConnection())

    def observe() -> Phase:
        return connection.observe(component.device_report().phase, session.record.silent_for)

    def stopped(phase: Phase, problem: str) -> None:
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
        chart_seconds=CHARTS_POLL_SECONDS,
    )


def _show_problem(report: Report, known: str, *, offer_server: bool) -> None:
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
