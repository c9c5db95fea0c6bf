"""Collection page: the expressions in a folder or an archive of photographs."""

from __future__ import annotations

from functools import partial

import streamlit as st

from app.core.layout import header, show_features
from app.core.models import running_model
from app.core.models.head_picker import choose_head, chosen_head
from app.core.models.model_choice import show_answered
from app.core.photo_session_view import show_session_title
from app.core.photo_set import PhotoSet
from app.core.polling import poll
from app.core.session.session_store import KEEP_SECONDS
from app.core.uploaders import just_taken
from app.photos.collection import CollectionSession
from app.photos.collection_view import (
    KEY,
    collection_session,
    show_all,
    show_downloads,
    show_growing,
    show_inputs,
    show_one,
)
from app.photos.text import facts
from fer import ModelError

#: Features of the page, in Markdown.
_FEATURES = (
    ":material/photo_library: **Reads hundreds of photos** while you look at the first ones.",
    ":material/filter_alt: **Finds what you look for**: by expression, by how sure the answer is, "
    "or by what is wrong with a picture.",
    ":material/folder_zip: **Gives you everything** in one ZIP: CSV, JSON and the marked pictures.",
)


def main() -> None:
    """Render the page."""
    header(
        "Read a whole collection",
        "Drop a folder of photos or a ZIP. FER Lens reads every one of them and says which "
        "expressions it shows.",
    )
    session = collection_session()
    try:
        if session.collection is None:
            running_model.photo_analyzer()  # which takes a while, or fails, before the upload
        head = chosen_head(session.spec)
    except ModelError as error:
        running_model.show_model_error(error)
        return
    running = session.running
    with st.container():
        if just_taken(KEY) or session.collection is None:
            show_inputs(session)
        if session.collection is not None:
            _title(session, session.collection)
            show_answered(session.model, "the next collection")
            head = choose_head(session.spec)
    poll(partial(show_growing, session, head, session.opened), active=running)
    with st.container():
        if session.collection is None:
            _features()
        elif session.opened is not None:
            st.fragment(_opened)(session, head)
        elif not running:
            show_downloads(session, head)
            st.fragment(show_all)(session, head)


def _opened(session: CollectionSession, head: str) -> None:
    if session.opened is None:  # the way back was chosen
        st.rerun()
    show_one(session, head)


def _title(session: CollectionSession, photos: PhotoSet) -> None:
    def offer_clear() -> None:
        st.button(
            "Clear",
            type="tertiary",
            icon=":material/delete:",
            key="collection_clear",
            on_click=session.clear,
            help="Deletes the results from the server, for another collection.",
        )

    show_session_title(session, photos.title, facts(photos), KEY, offer_clear)
    if session.cancelled:
        st.info("**Cancelled.** What was read until then is below.", icon=":material/info:")


def _features() -> None:
    show_features(_FEATURES)
    st.page_link(
        "app/pages/photo.py",
        label="Only a few? See more of each of them",
        icon=":material/photo_camera:",
    )
    st.caption(
        ":material/lock: Photos stay in this server's memory until all are read; then only small "
        "copies are kept. None is saved or logged. They are deleted when you clear the page, or "
        f"{KEEP_SECONDS / 60:.0f} minutes after you close this tab."
    )


main()
