"""Where the live video is analysed: the visitor's choice, or what the page chooses until then."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import streamlit as st

from app.core.components import show_picker
from app.live.device.component import device_problem, device_report
from app.live.device.texts import explained
from app.live.streaming.turn import Help
from app.live.webrtc import stop_clip


class Place(Enum):
    """Where live video is analysed."""

    SERVER = "server"
    DEVICE = "device"


#: Why the visitor's own device is offered first, by why the server has no slot.
_REASONS = {
    "off": "**Live video over this server is switched off**; your device can do it alone.",
    "visitor": "**You have other live streams open on this server**; your device needs no place.",
    "full": "**All places on this server are taken**; your device needs none.",
}
_NO_RELAY = (
    "**This server has no relay (TURN)**, so its video does not get through strict firewalls; your "
    "device needs no connection for it."
)


def reason_for_device(refusal: str, connection: Help) -> str:
    """Return why the visitor's own device is offered first, in Markdown; "" if it is not.

    Args:
        refusal: why the visitor could have no slot; see `StreamLimit.refusal`.
        connection: kind of the servers that help to connect.
    """
    return _REASONS[refusal] if refusal else _NO_RELAY if connection is Help.STUN else ""


@dataclass(frozen=True)
class Choice:
    """Where the video is analysed, and why it is there.

    Attributes:
        place: where.
        reason: why the page chose it, in Markdown; "" if the visitor did, or it is the usual one.
        by_visitor: whether the visitor has chosen.
    """

    place: Place = Place.SERVER
    reason: str = ""
    by_visitor: bool = False

    def revised(self, reason: str, device_problem: str) -> Choice:
        """Return the choice as things are now.

        What the visitor has chosen stays. So does the device once the page has chosen it: nobody is
        moved because a place on the server happens to be free again.

        Args:
            reason: what speaks for the device; see `reason_for_device`.
            device_problem: why the device cannot; "" if nothing is known against it.
        """
        if self.by_visitor or (self.place is Place.DEVICE and not device_problem):
            return self
        return Choice(Place.DEVICE, reason) if reason and not device_problem else Choice()


_CHOICE = "live_choice"
_PROBLEM = "live_device_problem"

#: Key of the widget, apart from `_CHOICE`: Streamlit drops a widget's value on pages without it.
_WIDGET = "live_place"

#: Name in the page's address of what the visitor has chosen, so that a reload keeps it.
_PARAMETER = "live"

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
    """Show the choice.

    Args:
        reason: what speaks for the device; see `reason_for_device`.

    Returns:
        Where to analyse from this run of the page on, and why, in Markdown: "" where the visitor
        chose it, or it is the usual place.
    """
    known = {place.value: Choice(place, by_visitor=True) for place in Place}
    address = known.get(st.query_params.get(_PARAMETER, ""), Choice())
    choice = st.session_state.get(_CHOICE, address).revised(reason, _problem())
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
    if (problem := _problem()) and not choice.by_visitor and reason:
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
    if problem := device_report().problem:  # known only while the component is there
        st.session_state[_PROBLEM] = problem
    return device_problem() or str(st.session_state.get(_PROBLEM, ""))
