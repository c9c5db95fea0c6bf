"""What all visitors of the Collection page share, and each visitor's collection."""

from __future__ import annotations

import streamlit as st

from app.background.jobs import Jobs, max_jobs
from app.background.memory import MB
from app.collection.room import Room
from app.collection.visit import CollectionVisit, Limits
from app.common.server import server_settings
from app.common.settings import (
    MAX_COLLECTION_JOBS,
    MAX_COLLECTION_MB,
    MAX_COLLECTION_PHOTOS,
    MAX_COLLECTION_TOTAL_MB,
)
from app.housekeeping.cleanup import CLEANUP
from app.serving.end import at_end
from app.session.of_tab import session_of_tab
from app.session.session_store import KEEP_SECONDS, SessionStore
from app.session.tabs import tab_is_open


def collection_visit() -> CollectionVisit:
    """Return the visitor's collection. A reload finds it by the key in the page's address."""
    return session_of_tab(
        _store(),
        "collection_visit",
        lambda: CollectionVisit(_jobs(), _room(), _limits()),
        ended=lambda visit: visit.ended,
    )


def _limits() -> Limits:
    settings = server_settings()
    # Streamlit's own limit holds for every upload, whatever an uploader says.
    megabytes = min(MAX_COLLECTION_MB.number(settings), int(st.get_option("server.maxUploadSize")))
    return Limits(MAX_COLLECTION_PHOTOS.number(settings), megabytes * MB)


@st.cache_resource(show_spinner=False)
def _jobs() -> Jobs:
    jobs = Jobs(max_jobs(server_settings(), MAX_COLLECTION_JOBS))
    at_end(jobs.close)
    return jobs


@st.cache_resource(show_spinner=False)
def _room() -> Room:
    return Room(MAX_COLLECTION_TOTAL_MB.number(server_settings()) * MB)


@st.cache_resource(show_spinner=False)
def _store() -> SessionStore[CollectionVisit]:
    store = SessionStore(
        tab_is_open,
        keep_seconds=KEEP_SECONDS,
        dropped=CollectionVisit.end,
        bytes_of=lambda visit: int(visit.collection is not None),  # `Room` bounds the rest
    )
    CLEANUP.add(store.look)
    return store
