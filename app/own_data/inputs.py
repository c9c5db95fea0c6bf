"""How faces and labels reach the Your data page, which models answer, and what is kept."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import partial

import streamlit as st

from app.core.layout import offer_sample
from app.core.models import running_model
from app.core.models.runnable import ModelEntry, runnable_models
from app.core.models.running_model import chosen_entry
from app.core.photo import Answerer, Upload
from app.core.settings import ASSETS, MAX_OWN_JOBS, MAX_OWN_MB, MAX_OWN_PHOTOS, MAX_OWN_TOTAL_MB
from app.core.state import budget, jobs, kept, upload_limits
from app.core.text import counted, escape_markdown
from app.core.uploaders import has_room, most_in_words, show_files, show_folder
from app.own_data.session import OwnSession
from fer.errors import ModelError

_log = logging.getLogger(__name__)

#: Seconds for which labels are kept after their tab was last seen open. They are somebody's work.
KEEP_SECONDS = 1800.0

#: First word of the keys of all widgets.
KEY = "own"

#: Drawn faces without labels, from `python -m training demo-data`.
_SAMPLE = ASSETS / "drawn-faces.zip"


def own_session() -> OwnSession:
    """Return the visitor's faces. A reload finds them by the key in the page's address."""
    return kept(
        "own_data",
        lambda: OwnSession(
            jobs(MAX_OWN_JOBS), budget(MAX_OWN_TOTAL_MB), upload_limits(MAX_OWN_PHOTOS, MAX_OWN_MB)
        ),
        OwnSession.end,
        lambda session: int(session.own is not None),  # the budget bounds the rest
        ended=lambda session: session.ended,
        keep_seconds=KEEP_SECONDS,
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
        found.append(Answerer(analyzer, entry.key, entry.name))
    if not found:
        raise faults[0]
    return found


def show_notices(session: OwnSession) -> None:
    """Say what was not taken of the last files, and which labels wait for their photos."""
    for notice in session.notices[:5]:
        st.warning(escape_markdown(notice), icon=":material/warning:")
    waiting = session.own.waiting if session.own else []
    if waiting and not session.running:
        names = list(dict.fromkeys(row.photo for row in waiting))
        more = f" and {len(names) - 3:,} more" if len(names) > 3 else ""
        st.info(
            f"**{counted(len(waiting), 'label')} without a photo so far:** "
            f"{escape_markdown(', '.join(names[:3]))}{more}. Drop the same photos to go on.",
            icon=":material/hourglass_top:",
        )


def show_inputs(session: OwnSession) -> None:
    """Show the uploaders, either of which begins an analysis at once."""
    if not session.jobs.places or not session.limits.photos:
        st.info("**Labelling is switched off** on this server.", icon=":material/info:")
        return
    if has_room(session.budget, "set of photos"):
        most, take = most_in_words(session), partial(_take, session)
        files, folder = st.tabs(
            [":material/upload: Photos or ZIP", ":material/folder_open: Folder"]
        )
        with files:
            label = f"Drop photos here, a ZIP, or a labels.csv of yours: {most}"
            show_files(session, KEY, label, take, ("csv",))
        with folder:
            label = f"Drop a folder here, with all folders in it: {most}"
            show_folder(session, KEY, label, take, ("csv",))


def offer_own_sample(session: OwnSession) -> None:
    """Offer drawn faces, for labels with one click."""
    offer_sample(
        ASSETS / "drawn-faces.jpg",
        "Six of the drawn faces",
        "No photos at hand?",
        "Label 21 drawn faces, and see what comes of it. It takes a minute.",
        "Try it with drawn faces",
        "own_try_sample",
        _take_sample,
        session,
        widths=(180, 520),
    )


def _take(session: OwnSession, uploads: Sequence[Upload]) -> None:
    session.take(uploads, answerers())


def _take_sample(session: OwnSession) -> None:
    _take(session, [Upload("drawn faces.zip", _SAMPLE.read_bytes())])
