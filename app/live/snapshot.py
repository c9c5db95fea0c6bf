"""A snapshot instead of live video, for visitors who cannot connect."""

from __future__ import annotations

import streamlit as st

from app.core.photo import Upload
from app.core.server.gate import let_through
from app.core.uploaders import PHOTOS_PAGE, hand_to_photos

_SNAPSHOT = "live_snapshot"


def show_snapshot() -> None:
    """Offer a snapshot, which needs no live connection; the Photos page shows what is in it."""
    section = st.expander(
        "Snapshot instead of live video",
        icon=":material/photo_camera:",
        key=_SNAPSHOT,
        on_change="rerun",
    )
    if not section.open:  # an open camera widget makes the browser ask for the camera
        return
    with section:
        st.caption("One picture, sent like a file: no live connection is needed, only the camera.")
        with st.container(width=640):
            picture = st.camera_input(
                "Take a snapshot", key="live_snapshot_camera", resolution="720p"
            )
        if picture:
            count, too_fast = let_through(["The snapshot"])
            if count:
                hand_to_photos([Upload("snapshot.jpg", picture.getvalue())])
                st.switch_page(PHOTOS_PAGE)
            st.warning(too_fast)


def open_snapshot() -> None:
    """Expand the section of `show_snapshot` in the next run of the page."""
    st.session_state[_SNAPSHOT] = True
