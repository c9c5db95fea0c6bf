"""What all visitors of the Your data page share: jobs, room and models; and each one's faces."""

from __future__ import annotations

import logging

import streamlit as st

from app.background.jobs import Jobs, max_jobs
from app.background.memory import MB
from app.collection.room import Room
from app.collection.visit import Limits
from app.common import running_model
from app.common.model_choice import chosen_entry
from app.common.runnable import ModelEntry, runnable_models
from app.common.server import server_settings
from app.common.settings import MAX_OWN_JOBS, MAX_OWN_MB, MAX_OWN_PHOTOS, MAX_OWN_TOTAL_MB
from app.housekeeping.cleanup import CLEANUP
from app.own_data.reading import Answerer
from app.own_data.visit import OwnVisit
from app.serving.end import at_end
from app.session.of_tab import session_of_tab
from app.session.session_store import SessionStore
from app.session.tabs import tab_is_open
from fer import ModelError

_log = logging.getLogger(__name__)

#: Seconds for which labels are kept after their tab was last seen open. They are somebody's work.
KEEP_SECONDS = 1800.0


def own_visit() -> OwnVisit:
    """Return the visitor's faces. A reload finds them by the key in the page's address."""
    return session_of_tab(
        _store(),
        "own_visit",
        lambda: OwnVisit(_jobs(), _room(), _limits()),
        ended=lambda visit: visit.ended,
    )


def entries() -> list[ModelEntry]:
    """Return what is known of all models that can answer, the chosen one first.

    Raises:
        ModelError: none can.
    """
    chosen = chosen_entry()
    if chosen is None:
        running_model.model_spec()  # which says what is wrong with it
        raise ModelError("no model can answer here.")
    return [chosen, *(entry for entry in runnable_models() if entry.key != chosen.key)]


def expressions() -> tuple[str, ...]:
    """Return all expressions that a model here knows, in the order of the chosen one's heads."""
    heads = (head for entry in entries() for head in entry.spec.heads)
    return tuple(dict.fromkeys(label for head in heads for label in head.labels))


def answerers() -> list[Answerer]:
    """Return all models, loaded.

    Raises:
        ModelError: none can be loaded.
    """
    found, faults = [], []
    for entry in entries():
        try:
            analyzer = running_model.photo_analyzer(entry.directory)
        except ModelError as error:
            _log.warning("the model %s does not answer: %s", entry.name, error)
            faults.append(error)
            continue
        found.append(Answerer(entry.name, entry.key, analyzer))
    if not found:
        raise faults[0]
    return found


def _limits() -> Limits:
    settings = server_settings()
    # Streamlit's own limit holds for every upload, whatever an uploader says.
    most = int(st.get_option("server.maxUploadSize"))
    megabytes = min(MAX_OWN_MB.number(settings), most)
    return Limits(MAX_OWN_PHOTOS.number(settings), megabytes * MB)


@st.cache_resource(show_spinner=False)
def _jobs() -> Jobs:
    jobs = Jobs(max_jobs(server_settings(), MAX_OWN_JOBS))
    at_end(jobs.close)
    return jobs


@st.cache_resource(show_spinner=False)
def _room() -> Room:
    return Room(MAX_OWN_TOTAL_MB.number(server_settings()) * MB)


@st.cache_resource(show_spinner=False)
def _store() -> SessionStore[OwnVisit]:
    store = SessionStore(
        tab_is_open,
        keep_seconds=KEEP_SECONDS,
        dropped=OwnVisit.end,
        bytes_of=lambda visit: int(visit.own is not None),  # `Room` bounds the rest
    )
    CLEANUP.add(store.look)
    return store
