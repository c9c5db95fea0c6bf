"""Who may use the app at the moment, and how often a visitor may upload."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import streamlit as st

from app.common.server import server_settings
from app.common.settings import MAX_SESSIONS, MAX_UPLOADS_A_MINUTE, problems
from app.common.text import escape_markdown
from app.limits.sessions import Admission
from app.limits.uploads import UploadRate, too_fast
from app.operation.events import log_event
from app.session.tabs import tab_is_open, this_tab, this_visitor

_log = logging.getLogger(__name__)

#: Seconds between two looks whether there is a place now.
_POLL_SECONDS = 5.0

_WAITS = "waits_for_a_place"


def let_in() -> bool:
    """Return whether the page may be shown; if not, say why."""
    if wrong := _wrong_settings():
        st.error("**This server is not set up correctly**, so nothing can be analysed yet.")
        for problem in wrong:
            st.caption(f"For whoever runs this app: {escape_markdown(problem)}.")
        return False
    admission = _admission()
    if admission.let_in(this_tab()):
        st.session_state.pop(_WAITS, None)
        return True
    if _WAITS not in st.session_state:
        st.session_state[_WAITS] = True
        log_event("session_refused", reason="full")
    _show_full(admission)
    return False


def let_through(names: Sequence[str]) -> tuple[int, str]:
    """Return how many of the files that a visitor has uploaded are taken.

    Args:
        names: of the files, in order.

    Returns:
        The number of files that are taken, the first ones; and what is told of the others, which
        is empty if there are none.
    """
    rate, visitor = _upload_rate(), this_visitor()
    count = rate.take(visitor, len(names))
    if count < len(names):
        log_event("upload_refused", reason="rate", files=len(names) - count)
    return count, too_fast([*names[count:]], rate, visitor)


def _show_full(admission: Admission) -> None:
    with st.container(border=True, horizontal_alignment="center", height=340):
        st.space("medium")
        st.markdown("## :material/hourglass_top:", anchors=False, width="content")
        st.markdown("#### Everybody is here at once", anchors=False, width="content")
        st.markdown(
            f"This server has places for {admission.most:,} open tabs, and all are taken. The page "
            "opens by itself as soon as one is free.",
            text_alignment="center",
        )
    st.fragment(_wait, run_every=_POLL_SECONDS)()


def _wait() -> None:
    if _admission().let_in(this_tab()):
        st.rerun()


@st.cache_resource(show_spinner=False)
def _wrong_settings() -> list[str]:
    wrong = problems(server_settings())
    for problem in wrong:
        _log.error("a setting is wrong: %s", problem)
    return wrong


@st.cache_resource(show_spinner=False)
def _admission() -> Admission:
    return Admission(MAX_SESSIONS.number(server_settings()), tab_is_open)


@st.cache_resource(show_spinner=False)
def _upload_rate() -> UploadRate:
    return UploadRate(MAX_UPLOADS_A_MINUTE.number(server_settings()))
