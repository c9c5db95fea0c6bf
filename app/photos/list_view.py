"""The results of photographs: what there is in all of them, and few one below the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial

import streamlit as st

from app.core import text
from app.core.components import download
from app.core.layout import CONTENT_WIDTH
from app.core.photo import Photo
from app.core.pictures import fitted
from app.photos.cards import Cards
from app.photos.downloads import csv_of, file_name, json_of, zip_of
from app.photos.photo_view import show_mix, show_photo, show_table
from app.photos.pictures import PhotoView
from app.photos.session import COPY_SIDE, GallerySession
from app.photos.text import summary

#: Key of the sentence that says the whole, which is smaller than other titles.
_SUMMARY = "photo_summary"
_SUMMARY_STYLE = (
    f"<style>.st-key-{_SUMMARY} h1 {{font-size: 1.35rem; padding-block: 0.25rem 0.75rem}}</style>"
)

#: Pixels: longest side of a thumbnail, and width of the inside of a container with a border.
_THUMBNAIL_SIDE = 96
_BORDERED_WIDTH = CONTENT_WIDTH - 34

#: Returns a photograph as it is shown.
View = Callable[[Photo], PhotoView]


def show_few(session: GallerySession, view_of: View, cards: Cards) -> None:
    """Show few photographs, each as soon as it is read.

    Args:
        session: the photographs; clicks on the page change it.
        view_of: returns one as it is shown.
        cards: shows cards of faces.
    """
    photos = session.all
    if len(photos) == 1:
        _show_only(session, photos[0], view_of, cards)
    else:
        _show_list(session, photos, view_of, cards)


def _show_only(session: GallerySession, photo: Photo, view_of: View, cards: Cards) -> None:
    with st.spinner("Looking for faces …"):
        read = session.wait_for(photo.number)
    if read is None:
        st.rerun()
    view = view_of(read)
    if view.photo.error:
        _show_error(view)
        return
    show_summary(summary([view.faces]))
    st.fragment(show_photo)(view, cards, session.faces)
    if session.is_sample:
        st.caption("A sample: the astronaut Eileen Collins, by NASA.")


def show_summary(said: str) -> None:
    """Show the sentence that says the whole, as the title of the page."""
    st.html(_SUMMARY_STYLE)
    with st.container(key=_SUMMARY):
        st.title(said, anchor=False)


def _show_list(
    session: GallerySession, photos: Sequence[Photo], view_of: View, cards: Cards
) -> None:
    top, done = st.empty(), list[PhotoView]()
    new = any(not photo.done or (not photo.error and session.lacks(photo)) for photo in photos)
    for photo in photos:
        if new:
            with top.container():
                _show_progress(photo, done, len(photos))
        read = session.wait_for(photo.number)
        if read is None:
            st.rerun()
        done.append(view_of(read))
        # A click in a fragment updates only its row, but waits for the end of the analysis.
        row = _row if new else st.fragment(_row)
        row(session, done[-1], cards)
    with top.container():
        show_counts(done, "photo_mix")
    if any(len(view.faces) for view in done):
        show_table(done, "photo_table")
        show_downloads(done, "photos")


def _show_progress(photo: Photo, done: Sequence[PhotoView], total: int) -> None:
    name = text.escape_markdown(photo.name)
    st.progress(len(done) / total, f"Photo {len(done) + 1} of {total}: {name}")
    if done:
        st.markdown(summary([view.faces for view in done], len(done)))


def show_counts(views: Sequence[PhotoView], key: str) -> None:
    """Show how many photographs and faces there are, and the share of each answer.

    Args:
        views: the photographs.
        key: key of the chart.
    """
    faces = [view.faces for view in views if not view.photo.error]
    missing = Counter[str](view.photo.missing for view in views if view.photo.error)
    show_summary(summary(faces, len(faces), missing))
    if any(map(len, faces)):
        show_mix(faces, key=key)


def show_downloads(views: Sequence[PhotoView], title: str) -> None:
    """Offer all results: as one archive, or the tables alone."""
    name = partial(file_name, title, views[0].head)
    with st.container(horizontal=True, vertical_alignment="center"):
        small = any(view.photo.picture for view in views)
        most = f", up to {COPY_SIDE} pixels large" if small else ""
        marked = f"The CSV, the JSON, and every photo with its faces marked{most}."
        for label, make, ending, mime, purpose in (
            ("Everything (ZIP)", zip_of, "zip", "application/zip", marked),
            ("CSV of all", csv_of, "csv", "text/csv", None),
            ("JSON of all", json_of, "json", "application/json", None),
        ):
            download(label, partial(make, views), name(ending), mime, "photos", purpose)


def _row(session: GallerySession, view: PhotoView, cards: Cards) -> None:
    """Show a photo in a list: what it is, what was found, and on demand its faces."""
    photo = view.photo
    if photo.number not in session:  # removed by a click in this row
        st.rerun()
    if photo.error:
        _show_error(view)
        offer_removal(session, photo)
        return
    is_open = photo.number in session.opened
    with st.container(border=True):
        with st.container(horizontal=True, wrap=False, gap="small"):
            with st.container(width=_THUMBNAIL_SIDE, horizontal_alignment="center"):
                width = fitted((photo.width, photo.height), _THUMBNAIL_SIDE, _THUMBNAIL_SIDE)
                st.image(photo.thumbnail, width=width, alt=f"Thumbnail of {photo.name}")
            with st.container(gap="xxsmall"):
                st.markdown(f"**{text.escape_markdown(photo.name)}**")
                st.markdown(summary([view.faces]))
                with st.container(horizontal=True, gap="small"):
                    st.button(
                        "Close" if is_open else "Details",
                        type="tertiary",
                        icon=":material/expand_less:" if is_open else ":material/expand_more:",
                        key=f"photo_open_{photo.number}",
                        on_click=session.toggle,
                        args=(photo.number,),
                    )
                    offer_removal(session, photo)
        if is_open:
            show_photo(view, cards, session.faces, _BORDERED_WIDTH)


def _show_error(view: PhotoView) -> None:
    reason = f"{view.photo.name} {view.photo.error}"
    st.error(text.escape_markdown(reason), icon=":material/error:")


def offer_removal(session: GallerySession, photo: Photo | None = None) -> None:
    """Offer to remove one photograph, or all."""
    label = f"Remove all {len(session):,} photos"
    if photo or len(session) == 1:
        label = "Close the sample" if session.is_sample else "Remove"
    st.button(
        label,
        type="tertiary",
        icon=":material/close:" if session.is_sample else ":material/delete:",
        key=f"photo_remove_{photo.number if photo else 'all'}",
        on_click=session.remove if photo else session.clear,
        args=(photo.number,) if photo else (),
    )
