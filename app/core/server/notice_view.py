"""What stands on all pages: who uses the camera, and whether the server ends; and the law."""

from __future__ import annotations

import streamlit as st

from app.core.components import mount
from app.core.server import notice
from app.core.server.end import READY_PATH, THIS_SERVER
from app.core.server.environment import server_settings
from app.core.server.notice import Notice
from app.core.session.of_tab import address_is_unknown
from app.core.session.session_store import KEEP_SECONDS
from app.core.session.tabs import this_tab
from app.core.text import escape_markdown

#: What the script of `show_server_notice` says.
_TEXTS = {
    "cut": "Not connected",
    "waits": "What is on this page stands still until the server answers again, which is tried all "
    "the time. If it was restarted meanwhile, the page begins anew, and what it had is gone. Live "
    "video on your device goes on: keep this tab open, its results wait here.",
    "draining": "This server is being updated",
    "save": "Finish, and download what you need before: what is on this page goes with its server.",
    "goOn": "Go on at the updated server",
    "begunAnew": "This page has begun anew",
    "gone": "The server that had it was stopped, or your connection was away for too long. Photos, "
    "recordings and results that were on the page are gone. Add your files again, or press Start.",
    "unknown": "Nothing is kept under this address any more",
    "kept": "Pages are kept for "
    f"{KEEP_SECONDS / 60:.0f} minutes after their tab is closed, and go when their server ends. "
    "Add your files again, or press Start.",
    "close": "Close",
}


def show_server_notice() -> None:
    """Put on the page what tells a visitor that the server ends or has ended, if it does."""
    mount(
        "core/notice",
        {
            "visit": this_tab(),
            "server": THIS_SERVER.server if THIS_SERVER.ends_with_notice else "",
            "ask": READY_PATH,
            "unknown": address_is_unknown(),
            "texts": tuple(_TEXTS.items()),  # not a dict, for the reason in `mount`
        },
        "server_notice",
        on_back_change=lambda: None,  # the page is made anew, which is all
    )


def show_notice() -> None:
    """Show who uses the camera and what for, where the operator has set it."""
    told = Notice.of(server_settings())
    if not told.operator:
        return
    said = [f"**This page reads facial expressions**, run by {escape_markdown(told.operator)}."]
    if told.purpose:
        said.append(f"What for: {escape_markdown(told.purpose)}.")
    said.append("Nobody is identified, and no picture is kept after your visit.")
    if told.contact:
        said.append(f"Questions, and your rights: {escape_markdown(told.contact)}.")
    st.info(" ".join(said), icon=":material/info:")


def show_law() -> None:
    """Show what the law of the European Union asks, and offer the notice to print."""
    st.subheader("If you point it at other people", anchor=False)
    with st.container(horizontal=True, vertical_alignment="distribute"):
        for title, text in (
            (":material/gavel: The EU's AI Act", notice.AI_ACT),
            (":material/policy: Data protection (GDPR)", notice.GDPR),
        ):
            with st.container(border=True, width=548):
                st.markdown(f"#### {title}", anchors=False)
                st.markdown(text)
    with st.container(border=True):
        st.markdown("#### :material/fact_check: Before you start", anchors=False)
        st.markdown(notice.LAW_DUTIES)
        st.download_button(
            "Notice to print (HTML)",
            Notice.of(server_settings()).page(),
            "notice.html",
            "text/html",
            icon=":material/print:",
            key="about_notice",
            on_click="ignore",
        )
    st.caption(notice.LAW_STATE)
    st.caption(notice.LAW_SOURCES)
