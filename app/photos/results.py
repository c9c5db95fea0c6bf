"""The results of photographs, as the page shows them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import streamlit as st

from app.core import text
from app.core.components import mount
from app.core.layout import CONTENT_WIDTH
from app.core.models import running_model
from app.core.photo import Photo
from app.core.pictures import fitted
from app.photos.album import Album
from app.photos.cards import Cards
from app.photos.downloads import csv_of, file_name, json_of, marked_zip
from app.photos.photo_view import (
    all_table_rows,
    download,
    show_mix,
    show_photo,
    table_columns,
)
from app.photos.pictures import PhotoView
from app.photos.text import answers_legend, answers_line, crowd_note
from fer import Faces

#: Key of the container of all results, which is scrolled to on a phone.
_RESULTS = "photo_results"

#: Pixels: longest side of a thumbnail, and width of the inside of a container with a border.
_THUMBNAIL_SIDE = 96
_BORDERED_WIDTH = CONTENT_WIDTH - 34


def show_album(album: Album, read: Callable[[Photo], PhotoView], cards: Cards, new: int) -> None:
    """Show an album, each photo as soon as it is read.

    Args:
        album: the photographs; clicks on the page change it.
        read: returns the result of a photo.
        cards: shows cards of faces.
        new: number of photos whose analysis takes time, because they were not read before.
    """
    with st.container(key=_RESULTS):
        if len(album) == 1:
            _show_only(album, read, cards)
        else:
            _show_list(album, read, cards, new)


def _show_only(album: Album, read: Callable[[Photo], PhotoView], cards: Cards) -> None:
    (photo,) = album.photos
    with st.spinner("Looking for faces …"):
        view = read(photo)
    if not view.photo.error:
        about = " · a sample: the astronaut Eileen Collins, by NASA" if album.is_sample else ""
        show_title(view, about, partial(_remove_button, album, photo))
        st.fragment(show_photo)(view, cards, album.faces)
    else:
        _removable_error(album, view)
    _scroll_to_results(album)


def _show_list(album: Album, read: Callable[[Photo], PhotoView], cards: Cards, new: int) -> None:
    title = st.container(horizontal=True, vertical_alignment="center")
    with title:
        st.subheader("All photos", anchor=False, width="content")
        _remove_all_button(album)
    top = st.empty()
    done: list[PhotoView] = []
    for photo in list(album.photos):
        if new:
            with top.container():
                _show_progress(photo, done, len(album))
        done.append(read(photo))
        # A click in a fragment updates only its row, but waits for the end of the analysis.
        row = _row if new else st.fragment(_row)
        row(album, done[-1], cards)
        if len(done) == 1:
            with title:
                _scroll_to_results(album)
    with top.container():
        _summary(done)


def _show_progress(photo: Photo, done: Sequence[PhotoView], total: int) -> None:
    name = text.escape_markdown(photo.name)
    st.progress(len(done) / total, f"Photo {len(done) + 1} of {total}: {name}")
    faces = [view.faces for view in done]
    if any(map(len, faces)):
        st.markdown(answers_line(faces))


def show_counts(faces: Sequence[Faces], missing: Mapping[str, int], key: str) -> None:
    """Show how many photographs and faces there are, and the share of each answer.

    Args:
        faces: the faces of each photograph that was read.
        missing: number of those that were not, by what they count as.
        key: key of the chart.
    """
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


def _summary(views: Sequence[PhotoView]) -> None:
    """Show the counts over all photos, one table over all, and the downloads for all."""
    readable = [view for view in views if not view.photo.error]
    faces = [view.faces for view in readable]
    show_counts(
        faces, Counter(view.photo.missing for view in views if view.photo.error), "photo_mix"
    )
    if not any(map(len, faces)):
        return
    with st.expander("Table of all faces", icon=":material/table:"):
        st.dataframe(
            all_table_rows(readable),
            hide_index=True,
            column_config=table_columns(faces[0].labels),
            alt=f"Table of {text.counted(sum(map(len, faces)), 'face')} in all photos",
        )
    _downloads(views, readable[0])


def _downloads(views: Sequence[PhotoView], one: PhotoView) -> None:
    name = partial(file_name, "photos", one.head)
    what = ([view.photo for view in views], one.head, one.spec or running_model.model_spec())
    with st.container(horizontal=True):
        download("CSV of all", partial(csv_of, *what), name("csv"), "text/csv", "all")
        download("JSON of all", partial(json_of, *what), name("json"), "application/json", "all")
        pictures = partial(marked_zip, views)
        download("Marked pictures (ZIP)", pictures, name("zip"), "application/zip", "all")


def _row(album: Album, view: PhotoView, cards: Cards) -> None:
    """Show a photo in a list: what it is, what was found, and on demand its faces."""
    photo = view.photo
    if photo.key not in album:  # removed by a click in this row
        st.rerun()
    if view.photo.error:
        _removable_error(album, view)
        return
    is_open = photo.key in album.opened
    with st.container(border=True):
        with st.container(horizontal=True, wrap=False, gap="small"):
            with st.container(width=_THUMBNAIL_SIDE, horizontal_alignment="center"):
                size = (view.photo.width, view.photo.height)
                width = fitted(size, _THUMBNAIL_SIDE, _THUMBNAIL_SIDE)
                st.image(view.photo.thumbnail, width=width, alt=f"Thumbnail of {photo.name}")
            with st.container(gap="xxsmall"):
                st.markdown(f"**{text.escape_markdown(photo.name)}**")
                _found(view.faces)
                with st.container(horizontal=True, gap="small"):
                    st.button(
                        "Close" if is_open else "Details",
                        type="tertiary",
                        icon=":material/expand_less:" if is_open else ":material/expand_more:",
                        key=f"photo_open_{photo.key}",
                        on_click=album.toggle,
                        args=(photo.key,),
                    )
                    _remove_button(album, photo)
        if is_open:
            show_photo(view, cards, album.faces, _BORDERED_WIDTH)


def show_title(view: PhotoView, about: str = "", action: Callable[[], None] = lambda: None) -> None:
    """Show a photo's name, an action beside it, and what was found in a line."""
    photo = view.photo
    with st.container(gap="xxsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.subheader(text.escape_markdown(photo.name), anchor=False, width="content")
            action()
        _found(view.faces)
        st.caption(f"{photo.width} × {photo.height} pixels{about}")


def _found(faces: Faces) -> None:
    """Show what was found in a line, and whether there may be more."""
    st.markdown(answers_line([faces]))
    if note := crowd_note(faces):
        st.caption(f":material/groups: {note}")


def show_error(view: PhotoView) -> None:
    """Say why a photo was not read."""
    reason = f"{view.photo.name} {view.photo.error}"
    st.error(text.escape_markdown(reason), icon=":material/error:")


def _removable_error(album: Album, view: PhotoView) -> None:
    with st.container(gap="xxsmall"):
        show_error(view)
        _remove_button(album, view.photo)


def _remove_button(album: Album, photo: Photo) -> None:
    st.button(
        "Close the sample" if album.is_sample else "Remove",
        type="tertiary",
        icon=":material/close:" if album.is_sample else ":material/delete:",
        key=f"photo_remove_{photo.key}",
        on_click=album.remove,
        args=(photo.key,),
    )


def _remove_all_button(album: Album) -> None:
    st.button(
        f"Remove all {len(album)} photos",
        type="tertiary",
        icon=":material/delete:",
        key="photo_remove_all",
        on_click=album.clear,
    )


def _scroll_to_results(album: Album) -> None:
    mount("core/scroll", {"target": _RESULTS, "additions": album.additions}, key="photo_scroll")
