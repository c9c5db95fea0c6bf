"""What the pages of a `PhotoSession` show while it reads: its title, and how far it is."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from app.core.jobs import State
from app.core.photo_session import PhotoSession
from app.core.text import escape_markdown, waiting_line


def show_session_title(
    session: PhotoSession, title: str, facts: str, key: str, offer_clear: Callable[[], None]
) -> None:
    """Show what was uploaded, and the way to cancel the analysis or, after it, to delete all.

    Args:
        session: what is read.
        title: name of what was uploaded.
        facts: what there is in it, in a line; "" if nothing is to be said.
        key: first word of the keys of all widgets.
        offer_clear: shows the way to delete all.
    """
    with st.container(gap="xxsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.subheader(escape_markdown(title), anchor=False, width="content")
            if session.running:
                cancel = f"{key}_cancel"
                st.button("Cancel", icon=":material/close:", key=cancel, on_click=session.cancel)
            else:
                offer_clear()
        if facts:
            st.caption(facts)


def show_progress(session: PhotoSession, noun: str) -> bool:
    """Show how far the analysis is, and return whether it has begun.

    Args:
        session: what is read, or waits for it.
        noun: what is analysed.
    """
    job = session.job
    if job is None or job.state is State.WAITING:
        ahead = session.jobs.ahead_of(job) if job else 0
        line = waiting_line(ahead, session.jobs.places, noun)
        st.info(line, icon=":material/hourglass_top:")
        return False
    photos = session.sets[-1]
    st.progress(len(photos.photos) / max(1, len(photos)), photos.progress)
    return True
