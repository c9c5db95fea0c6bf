"""How photographs reach the Photos page: files, a folder, the clipboard, the camera, a sample."""

from __future__ import annotations

import streamlit as st

from app.core.layout import offer_sample
from app.core.models import running_model
from app.core.models.running_model import chosen_key
from app.core.photo import Answerer, Upload
from app.core.settings import MAX_PHOTO_JOBS, MAX_PHOTOS, MAX_PHOTOS_MB, MAX_PHOTOS_TOTAL_MB, SAMPLE
from app.core.state import budget, jobs, kept, quick_jobs, upload_limits
from app.core.uploaders import (
    HANDED,
    hand_snapshot_to_photos,
    hand_to_photos,
    most_in_words,
    show_files,
    show_folder,
)
from app.photos.session import GallerySession
from fer.images import FORMAT_NAMES

#: Key of the container of all inputs.
INPUTS = "photo_inputs"

#: Hidden, it still takes what is dropped or pasted.
_HIDDEN = (
    f'<style>[data-testid="stLayoutWrapper"]:has(> .st-key-{INPUTS}) {{display: none}}</style>'
)

_SOURCE, _CAMERA, _SAMPLE = "photo_source", "photo_camera", "photo_sample"

_FORMATS = f"{FORMAT_NAMES}, or a ZIP of them"

_TABS = (
    ":material/upload: Photos or ZIP",
    ":material/folder_open: Folder",
    ":material/photo_camera: Camera",
)


def gallery_session() -> GallerySession:
    """Return the visitor's photographs. A reload finds them by the key in the page's address."""
    return kept(
        "photos",
        lambda: GallerySession(
            jobs(MAX_PHOTO_JOBS),
            quick_jobs(),
            budget(MAX_PHOTOS_TOTAL_MB),
            upload_limits(MAX_PHOTOS, MAX_PHOTOS_MB),
        ),
        GallerySession.end,
        lambda session: session.held_bytes,
        ended=lambda session: session.ended,
    )


def show_inputs(session: GallerySession) -> None:
    """Show the uploaders and the camera, or hide them; what they get is read by `take_handed`."""
    if len(session) and not session.adding:
        st.html(_HIDDEN)
    files, folder, camera = st.tabs(_TABS, on_change="rerun", key=_SOURCE)
    most = most_in_words(session)
    with files:
        show_files(session, "photo", f"Photos or a ZIP: {most}", hand_to_photos, formats=_FORMATS)
    with folder:
        show_folder(session, "photo", f"A folder, with all in it: {most}", hand_to_photos)
    if camera.open and (session.adding or not len(session)):
        # Not before its tab is open: the widget makes the browser ask for the camera.
        with camera, st.container(width=640):
            st.camera_input(
                "Take a snapshot",
                key=_CAMERA,
                resolution="720p",
                on_change=_take_snapshot,
                args=(session,),
            )


def _take_snapshot(session: GallerySession) -> None:
    snapshot = st.session_state[_CAMERA]  # None when it was cleared
    if not snapshot:
        return
    if refused := hand_snapshot_to_photos(snapshot.getvalue()):
        session.notices = [refused]
    else:
        st.session_state[_SOURCE] = _TABS[0]  # the camera need not stay on


def take_handed(session: GallerySession) -> None:
    """Have the session read what was uploaded since, or the sample if somebody asked for it.

    Raises:
        ModelError: there is something to read, and no model.
    """
    if st.session_state.get(_SAMPLE):
        answerers = answerers_now()  # which takes a while, or fails
        del st.session_state[_SAMPLE]
        session.take_sample(Upload("sample.jpg", SAMPLE.read_bytes()), answerers)
    if HANDED in st.session_state:
        answerers = answerers_now()
        session.take(st.session_state.pop(HANDED), answerers)
    session.add_refused()


def answerers_now() -> list[Answerer]:
    """Return the model that answers, loaded, or raise a ModelError."""
    return [Answerer(running_model.photo_analyzer(), chosen_key())]


def offer_photo_sample() -> None:
    """Offer the sample photograph."""

    def ask_for_it() -> None:
        st.session_state[_SAMPLE] = True
        st.session_state[_SOURCE] = _TABS[0]  # the camera need not stay on

    offer_sample(
        SAMPLE,
        "The sample: a portrait of Eileen Collins by NASA",
        "No photo at hand?",
        "A portrait of the astronaut Eileen Collins (NASA).",
        "Try it with a sample photo",
        "photo_try_sample",
        ask_for_it,
    )
