"""Where live video is analysed, and which of the two places comes first. No Streamlit."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from app.live.streaming.ice import Help


class Place(Enum):
    """Where live video is analysed."""

    SERVER = "server"
    DEVICE = "device"


@dataclass(frozen=True)
class ServerState:
    """What speaks against this server.

    Attributes:
        slots: maximum number of simultaneous streams of all visitors; 0 if there may be none.
        slot_free: whether this visitor has one, or could take one.
        help: kind of the servers that help to connect.
        visitor_full: whether the visitor's own other streams are why there is none.
    """

    slots: int
    slot_free: bool
    help: Help
    visitor_full: bool = False

    @property
    def usable(self) -> bool:
        """Whether this visitor could use it now."""
        return self.slots > 0 and self.slot_free


def reason_for_device(server: ServerState) -> str:
    """Return why the visitor's own device is offered first, in Markdown; "" if it is not."""
    if not server.slots:
        return "**Live video over this server is switched off**; your device can do it alone."
    if server.visitor_full:
        return "**You have other live streams open on this server**; your device needs no place."
    if not server.slot_free:
        return "**All places on this server are taken**; your device needs none."
    if server.help is Help.STUN:
        return (
            "**This server has no relay (TURN)**, so its video does not get through strict "
            "firewalls; your device needs no connection for it."
        )
    return ""


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

    def revised(self, server: ServerState, device_problem: str) -> Choice:
        """Return the choice as things are now.

        What the visitor has chosen stays. So does the device once the page has chosen it: nobody is
        moved because a place on the server happens to be free again.

        Args:
            server: what speaks against the server.
            device_problem: why the device cannot; "" if nothing is known against it.
        """
        if self.by_visitor or (self.place is Place.DEVICE and not device_problem):
            return self
        reason = "" if device_problem else reason_for_device(server)
        return Choice(Place.DEVICE, reason) if reason else Choice()
