"""A snapshot instead of live video, for visitors who cannot connect."""

from __future__ import annotations

import streamlit as st

from app.common import running_model
from app.common.head_picker import chosen_head
from app.common.model_choice import chosen_key
from app.photos.album import Album
from app.photos.inputs import from_camera
from app.photos.results import show_results

_SNAPSHOT = "live_snapshot"
_ALBUM = "live_snapshot_album"


def show_snapshot() -> None:
    """Offer a snapshot, which needs no live connection, and show its results as for a photo."""
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
        album: Album = st.session_state.setdefault(_ALBUM, Album())
        album.keep_only(from_camera("live_snapshot_camera"))
        if album:
            analyzer, head = running_model.photo_analyzer(), chosen_head()
            views = [album.view(one, analyzer, head, chosen_key()) for one in album.photos]
            show_results(views, running_model.matching_track_record(head), analyzer)


def open_snapshot() -> None:
    """Expand the section of `show_snapshot` in the next run of the page."""
    st.session_state[_SNAPSHOT] = True
