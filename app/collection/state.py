"""What all visitors of the Collection page share, and each visitor's collection."""

from __future__ import annotations

import atexit

import streamlit as st

from app.background.jobs import Jobs, max_jobs
from app.background.memory import MB
from app.collection.room import (
    JOBS_VARIABLE,
    Room,
    max_megabytes,
    max_photos,
    max_total_megabytes,
)
from app.collection.visit import CollectionVisit, Limits
from app.common.server import server_settings
from app.common.session_store import SessionStore
from app.common.tabs import tab_is_open, this_tab

#: Seconds for which a collection is kept after its tab was last seen open: long enough for a
#: reload, and for a phone that shows something else for a while.
KEEP_SECONDS = 300.0

_VISIT = "collection_visit"

#: Name in the page's address of the key to the visit.
_PARAMETER = "session"


def collection_visit() -> CollectionVisit:
    """Return the visitor's collection. A reload finds it by the key in the page's address."""
    store, tab = _store(), this_tab()
    visit = st.session_state.get(_VISIT)
    if visit is None or visit.ended or store.is_lost(visit, tab):
        claimed = store.claim(st.query_params.get(_PARAMETER, ""), tab)
        visit = claimed or CollectionVisit(_jobs(), _room(), _limits())
    key = store.keep(visit, tab)
    st.session_state[_VISIT] = visit
    if st.query_params.get(_PARAMETER) != key:
        st.query_params[_PARAMETER] = key
    return visit


def _limits() -> Limits:
    settings = server_settings()
    # Streamlit's own limit holds for every upload, whatever an uploader says.
    megabytes = min(max_megabytes(settings), int(st.get_option("server.maxUploadSize")))
    return Limits(max_photos(settings), megabytes * MB)


@st.cache_resource(show_spinner=False)
def _jobs() -> Jobs:
    jobs = Jobs(max_jobs(server_settings(), JOBS_VARIABLE))
    atexit.register(jobs.close)
    return jobs


@st.cache_resource(show_spinner=False)
def _room() -> Room:
    return Room(max_total_megabytes(server_settings()) * MB)


@st.cache_resource(show_spinner=False)
def _store() -> SessionStore[CollectionVisit]:
    return SessionStore(tab_is_open, keep_seconds=KEEP_SECONDS, dropped=CollectionVisit.end)
