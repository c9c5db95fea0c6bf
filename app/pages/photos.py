"""Photos page: the faces in photographs, one or hundreds, and their expressions."""

from __future__ import annotations

from functools import partial

import streamlit as st

from app.core.components import poll
from app.core.layout import header, show_features
from app.core.models import running_model
from app.core.models.head_picker import choose_head
from app.core.session.session_store import KEEP_SECONDS
from app.core.text import escape_markdown
from app.photos.cards import Cards
from app.photos.grid_view import show_alone, show_grid_title, show_growing, show_results
from app.photos.inputs import (
    answerers_now,
    gallery_session,
    offer_photo_sample,
    show_inputs,
    take_handed,
)
from app.photos.list_view import show_few
from app.photos.session import GallerySession
from fer.errors import ModelError

#: Features of the page, in Markdown.
_FEATURES = (
    ":material/center_focus_strong: **Finds faces**, also small ones and many at once.",
    ":material/bar_chart: **Gives every expression a probability**, and says *uncertain* when none "
    "stands out.",
    ":material/photo_library: **Reads one photo or hundreds**: drop a folder or a ZIP, filter what "
    "comes, and save tables and marked pictures.",
)


def main() -> None:
    """Render the page."""
    header(
        "Read the expressions in photos",
        "FER Lens finds the faces and says which expression each one shows, how sure it is, and "
        "what else it could be.",
    )
    session = gallery_session()
    show_inputs(session)
    notices = st.container()
    try:
        take_handed(session)
        with notices:
            for notice in session.notices:
                st.warning(escape_markdown(notice))
        if len(session):
            _show_photos(session)
        else:
            _show_start()
    except ModelError as error:
        running_model.show_model_error(error)


def _show_start() -> None:
    """Show the sample and the features while there are no photos."""
    offer_photo_sample()
    show_features(_FEATURES)
    st.caption(
        ":material/lock: Photos stay in this server's memory. None is saved or logged. They are "
        f"deleted when you remove them, or {KEEP_SECONDS / 60:.0f} minutes after you close this "
        "tab."
    )


def _show_photos(session: GallerySession) -> None:
    title = st.container()
    answerers = [answerer] = answerers_now()
    head, spec = choose_head(), running_model.model_spec()
    session.head = head
    session.ask(answerers)
    cards = Cards(running_model.matching_track_record(head), answerer.analyzer)
    if session.few:
        view = partial(session.view, head=head, model=answerer.key, spec=spec)
        show_few(session, view, cards)
        return
    views = partial(session.views, head, answerer.key, spec)
    with title:
        show_grid_title(session)
    poll(partial(show_growing, session, views, session.alone), active=session.running)
    with st.container():
        if session.alone is not None:
            st.fragment(show_alone)(session, views, cards)
        elif not session.running:
            show_results(session, views)


main()
