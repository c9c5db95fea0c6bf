"""Photo page: the faces in uploaded photographs and their expressions."""

from __future__ import annotations

import streamlit as st

from app.core.layout import header, show_features
from app.core.models import running_model
from app.core.models.head_picker import choose_head
from app.core.models.model_choice import chosen_key
from app.core.photo import Photo
from app.core.session.session_store import KEEP_SECONDS
from app.core.text import escape_markdown
from app.photos.album import Album
from app.photos.cards import Cards
from app.photos.inputs import offer_sample, photo_album, show_inputs
from app.photos.pictures import PhotoView
from app.photos.results import show_album
from fer import ModelError

#: Features of the page, in Markdown.
_FEATURES = (
    ":material/center_focus_strong: **Finds faces**, also small ones and many at once.",
    ":material/bar_chart: **Gives every expression a probability**, and says *uncertain* when none "
    "stands out.",
    ":material/download: **Gives you the numbers** as CSV and JSON, and the marked picture.",
)


def main() -> None:
    """Render the page."""
    header(
        "Read the expressions in a photo",
        "FER Lens finds the faces and says which expression each one shows, how sure it is, and "
        "what else it could be.",
    )
    album = photo_album()
    show_inputs(album)
    if album.notice:
        st.warning(escape_markdown(album.notice))
    if not album:
        _show_start(album)
        return
    try:
        analyzer = running_model.photo_analyzer()
        head = choose_head()
    except ModelError as error:
        running_model.show_model_error(error)
        return
    model = chosen_key()
    cards = Cards(running_model.matching_track_record(head), analyzer)

    def view(photo: Photo) -> PhotoView:
        return album.view(photo, analyzer, head, model)

    show_album(album, view, cards, new=len(album.unread(model)))


def _show_start(album: Album) -> None:
    """Show the sample and the features while there are no photos."""
    offer_sample(album)
    show_features(_FEATURES)
    st.page_link(
        "app/pages/collection.py",
        label="A folder, or a ZIP with hundreds?",
        icon=":material/photo_library:",
    )
    st.caption(
        ":material/lock: Photos stay in this server's memory. None is saved or logged. They are "
        f"deleted when you remove them, or {KEEP_SECONDS / 60:.0f} minutes after you close this "
        "tab."
    )


main()
