"""Collection page: the expressions in a folder or an archive of photographs."""

from __future__ import annotations

from functools import partial

import streamlit as st

from app.common import running_model
from app.common.head_picker import choose_head, chosen_head
from app.common.model_choice import show_answered
from app.common.page_layout import header, show_features
from app.common.text import escape_markdown
from app.core.uploaders import just_taken
from app.live.view import poll
from app.photos.collection import CollectionSession
from app.photos.collection_text import facts
from app.photos.collection_view import (
    KEY,
    collection_session,
    show_all,
    show_downloads,
    show_growing,
    show_inputs,
    show_one,
)
from app.session.session_store import KEEP_SECONDS
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
            _title(session, running=running)
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


def _title(session: CollectionSession, *, running: bool) -> None:
    collection = session.collection
    if collection is None:
        return
    with st.container(gap="xxsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.subheader(escape_markdown(collection.title), anchor=False, width="content")
            if running:
                st.button(
                    "Cancel",
                    icon=":material/close:",
                    key="collection_cancel",
                    on_click=session.cancel,
                )
            else:
                st.button(
                    "Clear",
                    type="tertiary",
                    icon=":material/delete:",
                    key="collection_clear",
                    on_click=session.clear,
                    help="Deletes the results from the server, for another collection.",
                )
        if line := facts(collection):
            st.caption(line)
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
