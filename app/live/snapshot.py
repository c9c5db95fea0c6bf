"""A snapshot instead of live video, for visitors who cannot connect."""

from __future__ import annotations

import streamlit as st

from app.core.models import running_model
from app.core.models.head_picker import chosen_head
from app.core.models.model_choice import chosen_key
from app.photos.album import Album
from app.photos.cards import Cards
from app.photos.inputs import from_camera
from app.photos.photo_view import show_photo
from app.photos.results import show_error, show_title

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
        for photo in album.photos:
            analyzer, head = running_model.photo_analyzer(), chosen_head()
            view = album.view(photo, analyzer, head, chosen_key())
            if view.photo.error:
                show_error(view)
                continue
            show_title(view)
            cards = Cards(running_model.matching_track_record(head), analyzer)
            st.fragment(show_photo)(view, cards, album.faces)


def open_snapshot() -> None:
    """Expand the section of `show_snapshot` in the next run of the page."""
    st.session_state[_SNAPSHOT] = True
