"""Parts of a page that are shown again and again while something runs."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

#: Seconds between two updates.
POLL_SECONDS = 1.0


def poll(show: Callable[[], None], *, active: bool, seconds: float = POLL_SECONDS) -> None:
    """Show something again every so many seconds while `active`, and nothing otherwise.

    A browser on a busy machine may miss the run of the page in which the polling ended. It then
    asks on, every second, for what the page no longer has, and shows the old page. So the fragment
    is always there, and answers such a question with a new run of the page.
    """
    shown = False

    def polled() -> None:
        nonlocal shown
        if active:
            show()
        elif shown:
            st.rerun()
        shown = True

    with st.container():  # so that its place, and with it its identity, is always the same
        st.fragment(polled, run_every=seconds if active else None)()
