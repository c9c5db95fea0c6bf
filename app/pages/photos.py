"""Photos page: the faces in photographs, one or hundreds, and their expressions."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import partial

import streamlit as st

from app.core.components import poll
from app.core.layout import header
from app.core.models import running_model
from app.core.models.running_model import choose_head
from app.core.session.session_store import KEEP_SECONDS
from app.core.text import escape_markdown
from app.photos.inputs import (
    INPUTS,
    answerers_now,
    gallery_session,
    offer_photo_sample,
    show_inputs,
    take_handed,
)
from app.photos.photo_view import Cards
from app.photos.pictures import MESH_HELP
from app.photos.results_view import (
    follow_address,
    offer_removal,
    show_alone,
    show_few,
    show_growing,
    show_results,
)
from app.photos.session import GallerySession
from fer.errors import ModelError

#: On a phone the bar is one line without its icons.
_BAR = "photo_bar"
_BAR_STYLE = f"""<style>
@media (max-width: 480px) {{
  .st-key-{_BAR} {{ gap: 4px; }}
  .st-key-{_BAR} button {{ padding-inline: 8px; }}
  .st-key-{_BAR} [data-has-shortcut] > span:has(> [data-testid="stIconMaterial"]) {{
    display: none;
  }}
}}
</style>"""


def main() -> None:
    """Render the page."""
    session = gallery_session()
    # The inputs keep their place, so that what is on its way to the server is not lost.
    top, inputs, results = st.container(), st.container(key=INPUTS), st.container()
    failed: ModelError | None = None
    with results:
        try:
            take_handed(session)
        except ModelError as error:
            failed = error
    with inputs:
        show_inputs(session)
    if not len(session):
        with top:
            header(
                "Read the expressions in photos",
                "FER Lens estimates which expression each face shows, and how sure that is.",
            )
    with results:
        for notice in session.notices:
            st.warning(escape_markdown(notice))
        try:
            if failed:
                raise failed
            if len(session):
                _show_photos(session, top)
            else:
                offer_photo_sample()
                minutes = f"{KEEP_SECONDS / 60:.0f} minutes"
                st.caption(
                    ":material/lock: Photos stay in this server's memory. None is saved or logged. "
                    f"They go when you remove them, or {minutes} after you close this tab."
                )
        except ModelError as error:
            running_model.show_model_error(error)


def _show_bar(session: GallerySession) -> str:
    def choose_mesh() -> None:
        session.mesh = st.toggle("Face mesh", session.mesh, key="photo_mesh", help=MESH_HELP)

    st.html(_BAR_STYLE)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=_BAR):
        st.button(
            "Close" if session.adding else "Add more",
            icon=":material/close:" if session.adding else ":material/add:",
            key="photo_add",
            on_click=session.toggle_adding,
        )
        head = choose_head(choose_mesh)
        if session.few or not session.running:
            offer_removal(session)
    return head


def _show_photos(session: GallerySession, top: AbstractContextManager[object]) -> None:
    answerers = [answerer] = answerers_now()
    spec = running_model.model_spec()
    with top:
        head = session.head = _show_bar(session)
    session.ask(answerers)
    cards = Cards(running_model.matching_track_record(head), answerer.analyzer)
    follow_address(session)
    if session.few:
        show_few(session, partial(session.view, head=head, model=answerer.key, spec=spec), cards)
        return
    views = partial(session.views, head, answerer.key, spec)
    running = session.running  # asked once: it may end while the page is made
    poll(partial(show_growing, session, views, session.alone), active=running)
    with st.container():
        if session.alone is not None:
            st.fragment(show_alone)(session, views, cards)
        elif not running:
            show_results(session, views)


main()
