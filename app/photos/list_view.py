"""The results of photographs: what there is in all of them, and few one below the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial

import streamlit as st

from app.core import text
from app.core.components import download, mount
from app.core.layout import CONTENT_WIDTH
from app.core.photo import Photo
from app.core.pictures import fitted
from app.photos.cards import Cards
from app.photos.downloads import csv_of, file_name, json_of, zip_of
from app.photos.photo_view import show_mix, show_photo, table_columns, table_rows
from app.photos.pictures import PhotoView
from app.photos.session import COPY_SIDE, GallerySession
from app.photos.text import answers_legend, answers_line, crowd_note

#: Key of the container of all results, which is scrolled to on a phone.
_RESULTS = "photo_results"

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
    with st.container(key=_RESULTS):
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
    if not view.photo.error:
        about = " · a sample: the astronaut Eileen Collins, by NASA" if session.is_sample else ""
        show_title(view, about, partial(offer_removal, session, photo))
        st.fragment(show_photo)(view, cards, session.faces)
    else:
        _removable_error(session, view)
    _scroll_to_results(session)


def _show_list(
    session: GallerySession, photos: Sequence[Photo], view_of: View, cards: Cards
) -> None:
    title = st.container(horizontal=True, vertical_alignment="center")
    with title:
        st.subheader(
            text.escape_markdown(session.title) or "All photos", anchor=False, width="content"
        )
        offer_clear(session)
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
        if len(done) == 1:
            with title:
                _scroll_to_results(session)
    with top.container():
        show_counts(done, "photo_mix")
        if any(len(view.faces) for view in done):
            show_table(done)
            show_downloads(done, "photos")


def _show_progress(photo: Photo, done: Sequence[PhotoView], total: int) -> None:
    name = text.escape_markdown(photo.name)
    st.progress(len(done) / total, f"Photo {len(done) + 1} of {total}: {name}")
    faces = [view.faces for view in done]
    if any(map(len, faces)):
        st.markdown(answers_line(faces))


def show_counts(views: Sequence[PhotoView], key: str) -> None:
    """Show how many photographs and faces there are, and the share of each answer.

    Args:
        views: the photographs.
        key: key of the chart.
    """
    faces = [view.faces for view in views if not view.photo.error]
    missing = Counter(view.photo.missing for view in views if view.photo.error)
    with st.container(horizontal=True, vertical_alignment="distribute"):
        st.metric("Photos", len(faces), border=True, width=120)
        st.metric("Faces", sum(map(len, faces)), border=True, width=120)
        for what, count in missing.items():
            st.metric(what.capitalize(), count, border=True, width=120)
        if any(map(len, faces)):
            with st.container(border=True, width="stretch", gap="xxsmall"):
                st.caption("Faces by answer")
                show_mix(faces, key=key)
                st.markdown(answers_legend(faces))


def show_table(views: Sequence[PhotoView]) -> None:
    """Offer a table of the faces of all photographs, which is made when it is opened."""
    table = st.expander(
        "Table of all faces", icon=":material/table:", key="photo_table", on_change="rerun"
    )
    if table.open:
        rows = [{"file": v.photo.name, **row} for v in views for row in table_rows(v.faces)]
        with table:
            st.dataframe(
                rows,
                hide_index=True,
                column_config=table_columns(next(v.faces.labels for v in views if len(v.faces))),
                alt=f"Table of {text.counted(len(rows), 'face')} in all photos",
            )


def show_downloads(views: Sequence[PhotoView], title: str) -> None:
    """Offer all results: as one archive, or the tables alone."""
    name = partial(file_name, title, views[0].head)
    with st.container(horizontal=True, vertical_alignment="center"):
        for label, make, ending, mime in (
            ("Everything (ZIP)", zip_of, "zip", "application/zip"),
            ("CSV of all", csv_of, "csv", "text/csv"),
            ("JSON of all", json_of, "json", "application/json"),
        ):
            download(label, partial(make, views), name(ending), mime, "photos")
        small = any(view.photo.picture for view in views)
        most = f", up to {COPY_SIDE} pixels large" if small else ""
        st.caption(
            f"The ZIP holds the CSV, the JSON, and every photo with its faces marked{most}.",
            width="stretch",
        )


def _row(session: GallerySession, view: PhotoView, cards: Cards) -> None:
    """Show a photo in a list: what it is, what was found, and on demand its faces."""
    photo = view.photo
    if photo.number not in session:  # removed by a click in this row
        st.rerun()
    if photo.error:
        _removable_error(session, view)
        return
    is_open = photo.number in session.opened
    with st.container(border=True):
        with st.container(horizontal=True, wrap=False, gap="small"):
            with st.container(width=_THUMBNAIL_SIDE, horizontal_alignment="center"):
                width = fitted((photo.width, photo.height), _THUMBNAIL_SIDE, _THUMBNAIL_SIDE)
                st.image(photo.thumbnail, width=width, alt=f"Thumbnail of {photo.name}")
            with st.container(gap="xxsmall"):
                st.markdown(f"**{text.escape_markdown(photo.name)}**")
                _found(view)
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


def show_title(view: PhotoView, about: str = "", action: Callable[[], None] = lambda: None) -> None:
    """Show a photo's name, an action beside it, and what was found in a line."""
    photo = view.photo
    with st.container(gap="xxsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.subheader(text.escape_markdown(photo.name), anchor=False, width="content")
            action()
        _found(view)
        st.caption(f"{photo.width} × {photo.height} pixels{about}")


def _found(view: PhotoView) -> None:
    """Show what was found in a line, and whether there may be more."""
    st.markdown(answers_line([view.faces]))
    if note := crowd_note(view.faces):
        st.caption(f":material/groups: {note}")


def _removable_error(session: GallerySession, view: PhotoView) -> None:
    with st.container(gap="xxsmall"):
        reason = f"{view.photo.name} {view.photo.error}"
        st.error(text.escape_markdown(reason), icon=":material/error:")
        offer_removal(session, view.photo)


def offer_removal(session: GallerySession, photo: Photo) -> None:
    """Offer to remove one photograph."""
    st.button(
        "Close the sample" if session.is_sample else "Remove",
        type="tertiary",
        icon=":material/close:" if session.is_sample else ":material/delete:",
        key=f"photo_remove_{photo.number}",
        on_click=session.remove,
        args=(photo.number,),
    )


def offer_clear(session: GallerySession) -> None:
    """Offer to remove all photographs."""
    st.button(
        f"Remove all {len(session):,} photos",
        type="tertiary",
        icon=":material/delete:",
        key="photo_remove_all",
        on_click=session.clear,
    )


def _scroll_to_results(session: GallerySession) -> None:
    mount("core/scroll", {"target": _RESULTS, "additions": session.additions}, key="photo_scroll")
