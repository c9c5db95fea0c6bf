"""Photo page: the faces in uploaded photographs and their expressions."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app.common import running_model
from app.common.head_picker import choose_head
from app.common.page_layout import CARD_WIDTH, header
from app.common.text import escape_markdown
from app.photo.inputs import choose_photos, offer_sample
from app.photo.results import show_results
from app.photo.store import MAX_PHOTOS, AnalysedPhoto, Analyzer, Photo, PhotoStore
from fer import ModelError

_STORE = "photo_store"

#: Features of the page, in Markdown.
_FEATURES = (
    ":material/center_focus_strong: **Finds faces**, also small ones and many at once, and marks "
    "them in the picture.",
    ":material/bar_chart: **Gives every expression a probability**, and says *uncertain* when none "
    "stands out. A small, blurred, dark or turned face needs a higher confidence for an answer.",
    ":material/download: **Gives you the numbers** as CSV and JSON, and the marked picture in full "
    "size.",
)


def main() -> None:
    """Render the page."""
    header(
        "Read the expressions in a photo",
        "FER Lens finds the faces and says which expression each one shows, how sure it is, and "
        "what else it could be.",
    )
    photos = choose_photos()
    store: PhotoStore = st.session_state.setdefault(_STORE, PhotoStore())
    store.keep_only(photos)
    if not photos:
        _show_start()
        return
    try:
        analyzer = running_model.photo_analyzer()
        head = choose_head()
    except ModelError as error:
        running_model.show_model_error(error)
        return
    analysed = _analysed(photos, store, analyzer, head)
    show_results(analysed, running_model.matching_track_record(head), analyzer)


def _show_start() -> None:
    """Show the sample and the features while there are no photos."""
    offer_sample()
    with st.container(horizontal=True):
        for text in _FEATURES:
            with st.container(width=CARD_WIDTH):
                st.markdown(text)
    st.caption(
        ":material/lock: Photos are analysed in the memory of this server. None is kept or logged; "
        "all are deleted soon after you close the page."
    )


def _analysed(
    photos: Sequence[Photo], store: PhotoStore, analyzer: Analyzer, head: str
) -> list[AnalysedPhoto]:
    """Return the results of the photos, with a progress bar while new ones are analysed."""
    if len(photos) > MAX_PHOTOS:
        st.warning(
            f"Only the first {MAX_PHOTOS} of {len(photos)} photos are shown. Remove some to see "
            "the others."
        )
    photos = photos[:MAX_PHOTOS]
    new = store.new(photos, head)
    if new:
        bar = st.progress(0.0)
        for index, photo in enumerate(new):
            name = escape_markdown(photo.name)
            bar.progress(index / len(new), f"Analysing {index + 1} of {len(new)}: {name}")
            store.analysed(photo, analyzer, head)
        bar.empty()
    return [store.analysed(photo, analyzer, head) for photo in photos]


main()
