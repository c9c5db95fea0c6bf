"""What a page says when its server is away or ends, or when it has begun anew on another one."""

from __future__ import annotations

import streamlit as st

from app.common.components import mount
from app.serving.drain import THIS_SERVER
from app.serving.offers import offered_files
from app.serving.replica import READY_PATH
from app.session.of_tab import address_is_unknown
from app.session.session_store import KEEP_SECONDS
from app.session.tabs import this_tab

#: Whether the browser has asked for the files of the page.
_HOLD = "server_notice_hold"

#: What the script says.
_TEXTS = {
    "cut": "Not connected",
    "waits": "What is on this page stands still until the server answers again, which is tried all "
    "the time. If it was restarted meanwhile, the page begins anew, and what it had is gone. Live "
    "video on your device goes on: keep this tab open, its results wait here.",
    "draining": "This server is being updated",
    "save": "Finish, and save what you need: what is on this page goes with it. The tables that "
    "you can save here are kept in this tab for a while longer.",
    "goOn": "Go on at the updated server",
    "begunAnew": "This page has begun anew",
    "gone": "The server that had it was stopped, or your connection was away for too long. Photos, "
    "recordings and results that were on the page are gone. Add your files again, or press Start.",
    "unknown": "Nothing is kept under this address any more",
    "kept": "Pages are kept for "
    f"{KEEP_SECONDS / 60:.0f} minutes after their tab is closed, and go when their server ends. "
    "Add your files again, or press Start.",
    "held": "From before, and only in this tab. Save them before you close or reload it:",
    "close": "Close",
}


@st.fragment
def show_server_notice(page: str) -> None:
    """Put on the page what tells a visitor that the server ends or has ended, if it does.

    While the server ends, the browser asks for what the page offers to save, and keeps it.

    Args:
        page: name of the page.
    """
    mount(
        "serving/notice",
        {
            "visit": this_tab(),
            "server": THIS_SERVER.server if THIS_SERVER.ends_with_notice else "",
            "ask": READY_PATH,
            "unknown": address_is_unknown(),
            "page": page,
            "files": offered_files() if st.session_state.pop(_HOLD, False) else None,
            "texts": tuple(_TEXTS.items()),  # not a dict, for the reason in `mount`
        },
        "server_notice",
        on_hold_change=_hold,
    )


def _hold() -> None:
    st.session_state[_HOLD] = True
