"""Each visitor's photographs."""

from __future__ import annotations

import streamlit as st

from app.housekeeping.cleanup import CLEANUP
from app.photo.album import Album
from app.session.of_tab import session_of_tab
from app.session.session_store import SessionStore
from app.session.tabs import tab_is_open


def photo_album() -> Album:
    """Return the visitor's photographs. A reload finds them by the key in the page's address."""
    return session_of_tab(_store(), "photo_album", Album)


@st.cache_resource(show_spinner=False)
def _store() -> SessionStore[Album]:
    store = SessionStore(tab_is_open, dropped=Album.clear, bytes_of=lambda album: album.size)
    CLEANUP.add(store.look)
    return store
