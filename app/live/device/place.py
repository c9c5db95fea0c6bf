"""Where live video is analysed, and which of the two places comes first. No Streamlit."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from app.live.streaming.ice import Help


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
