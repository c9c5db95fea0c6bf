"""The files that a page offers, for a browser that keeps them when its server ends."""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st

_log = logging.getLogger(__name__)

_OFFERS = "offers"

#: Media types that a browser is given beforehand: tables and records, which cost little to make.
#: Marked pictures, archives and videos are for who asks.
_SMALL = ("text/csv", "application/json", "text/vtt", "application/x-subrip")

#: Bytes of all files of a page. What goes beyond is left out.
_MOST_BYTES = 8 * 2**20

Make = Callable[[], Any]


@dataclass(frozen=True)
class _Offer:
    label: str
    make: Make
    name: str
    mime: str


def forget_offers() -> None:
    """Begin a page, which offers nothing yet."""
    st.session_state[_OFFERS] = {}


def remember_offer(key: str, label: str, make: Make, name: str, mime: str) -> None:
    """Remember what a download button offers.

    Args:
        key: of the button.
        label: of the button.
        make: makes the file: text or bytes.
        name: of the file.
        mime: its media type; only small kinds are remembered.
    """
    if mime in _SMALL:
        st.session_state.setdefault(_OFFERS, {})[key] = _Offer(label, make, name, mime)


def offered_files() -> list[dict[str, str]]:
    """Make the files that the page offers: label, name, mime and contents in base 64."""
    files, room = [], _MOST_BYTES
    for offer in list(st.session_state.get(_OFFERS, {}).values()):
        try:
            made = offer.make()
        except Exception as error:  # the button says so when it is pressed; the others are kept
            _log.warning("a file could not be kept: %s", type(error).__name__)
            continue
        contents = made.encode() if isinstance(made, str) else made
        room -= len(contents)
        if room < 0:
            break
        coded = base64.b64encode(contents).decode()
        known = {"label": offer.label, "name": offer.name, "mime": offer.mime}
        files.append({**known, "contents": coded})
    return files
