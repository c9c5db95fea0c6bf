"""Collection page: the expressions in a folder or an archive of photographs."""

from __future__ import annotations

from functools import partial

import streamlit as st

from app.collection.inputs import just_taken, show_inputs
from app.collection.state import collection_visit
from app.collection.text import facts
from app.collection.view import show_all, show_downloads, show_growing, show_one
from app.collection.visit import CollectionVisit
from app.common import running_model
from app.common.head_picker import choose_head, chosen_head
from app.common.model_choice import show_answered
from app.common.page_layout import header, show_features
from app.common.text import escape_markdown
from app.live.view import poll
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
    visit = collection_visit()
    try:
        if visit.collection is None:
            running_model.photo_analyzer()  # which takes a while, or fails, before the upload
        head = chosen_head(visit.spec)
    except ModelError as error:
        running_model.show_model_error(error)
        return
    running = visit.job is not None and visit.job.active
    with st.container():
        if just_taken() or visit.collection is None:
            show_inputs(visit)
        if visit.collection is not None:
            _title(visit, running=running)
            show_answered(visit.model, "the next collection")
            head = choose_head(visit.spec)
    poll(partial(show_growing, visit, head, visit.opened), active=running)
    with st.container():
        if visit.collection is None:
            _features()
        elif visit.opened is not None:
            st.fragment(_opened)(visit, head)
        elif not running:
            show_downloads(visit, head)
            st.fragment(show_all)(visit, head)


def _opened(visit: CollectionVisit, head: str) -> None:
    if visit.opened is None:  # the way back was chosen
        st.rerun()
    show_one(visit, head)


def _title(visit: CollectionVisit, *, running: bool) -> None:
    collection = visit.collection
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
                    on_click=visit.cancel,
                )
            else:
                st.button(
                    "Clear",
                    type="tertiary",
                    icon=":material/delete:",
                    key="collection_clear",
                    on_click=visit.clear,
                    help="Deletes the results from the server, for another collection.",
                )
        if line := facts(collection):
            st.caption(line)
    if visit.cancelled:
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
