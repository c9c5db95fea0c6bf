"""The results of photographs, as the page shows them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import streamlit as st

from app.common import running_model, text
from app.common.components import mount
from app.common.page_layout import CONTENT_WIDTH
from app.common.track_record import TrackRecord
from app.photo.album import Album
from app.photo.cards import Cards
from app.photo.downloads import csv_of, file_name, json_of, zip_of
from app.photo.face_picker import Selection
from app.photo.layout import fitted
from app.photo.photo_view import download, show_mix, show_photo
from app.photo.store import AnalysedPhoto, Analyzer, Photo
from app.photo.summary import answers_legend, answers_line, crowd_note
from app.photo.table import all_table_rows, table_columns
from fer import Faces
from fer.model.spec import ModelSpec

#: Key of the container of all results, which is scrolled to on a phone.
_RESULTS = "photo_results"

#: Pixels: longest side of a thumbnail, and width of the inside of a container with a border.
_THUMBNAIL_SIDE = 96
_BORDERED_WIDTH = CONTENT_WIDTH - 34

_SELECTION = "photo_selected_faces"


def show_results(
    photos: Sequence[AnalysedPhoto], record: TrackRecord | None, analyzer: Analyzer | None = None
) -> None:
    """Show the results of photographs below each other.

    Args:
        photos: the analysed photographs.
        record: measurements of the model, shown with its answers; None to show none.
        analyzer: computes class activation maps; None to offer none.
    """
    selection: Selection = st.session_state.setdefault(_SELECTION, {})
    for analysed in photos:
        if analysed.readable:
            _title(analysed)
            st.fragment(show_photo)(analysed, Cards(record, analyzer), selection)
        else:
            _error(analysed)


def show_album(
    album: Album, analyse: Callable[[Photo], AnalysedPhoto], cards: Cards, new: int
) -> None:
    """Show an album, each photo as soon as it is analysed.

    Args:
        album: the photographs; clicks on the page change it.
        analyse: returns the result of a photo.
        cards: shows cards of faces.
        new: number of photos whose analysis takes time, because they were not analysed before.
    """
    with st.container(key=_RESULTS):
        if len(album) == 1:
            _show_only(album, analyse, cards)
        else:
            _show_list(album, analyse, cards, new)


def _show_only(album: Album, analyse: Callable[[Photo], AnalysedPhoto], cards: Cards) -> None:
    (photo,) = album.photos
    with st.spinner("Looking for faces …"):
        analysed = analyse(photo)
    if analysed.readable:
        about = " · a sample: the astronaut Eileen Collins, by NASA" if album.is_sample else ""
        _title(analysed, about, partial(_remove_button, album, photo))
        st.fragment(show_photo)(analysed, cards, album.faces)
    else:
        _removable_error(album, analysed)
    _scroll_to_results(album)


def _show_list(
    album: Album, analyse: Callable[[Photo], AnalysedPhoto], cards: Cards, new: int
) -> None:
    title = st.container(horizontal=True, vertical_alignment="center")
    with title:
        st.subheader("All photos", anchor=False, width="content")
        _remove_all_button(album)
    top = st.empty()
    done: list[AnalysedPhoto] = []
    for photo in list(album.photos):
        if new:
            with top.container():
                _show_progress(photo, done, len(album))
        done.append(analyse(photo))
        # A click in a fragment updates only its row, but waits for the end of the analysis.
        row = _row if new else st.fragment(_row)
        row(album, done[-1], cards)
        if len(done) == 1:
            with title:
                _scroll_to_results(album)
    with top.container():
        _summary(done)


def _show_progress(photo: Photo, done: Sequence[AnalysedPhoto], total: int) -> None:
    name = text.escape_markdown(photo.name)
    st.progress(len(done) / total, f"Photo {len(done) + 1} of {total}: {name}")
    faces = [analysed.faces for analysed in done]
    if any(map(len, faces)):
        st.markdown(answers_line(faces))


def _summary(photos: Sequence[AnalysedPhoto]) -> None:
    """Show the counts over all photos, one table over all, and the downloads for all."""
    readable = [analysed for analysed in photos if analysed.readable]
    faces = [analysed.faces for analysed in readable]
    with st.container(horizontal=True, vertical_alignment="distribute"):
        st.metric("Photos", len(readable), border=True, width=120)
        st.metric("Faces", sum(map(len, faces)), border=True, width=120)
        if len(readable) < len(photos):
            st.metric("Not read", len(photos) - len(readable), border=True, width=120)
        if any(map(len, faces)):
            with st.container(border=True, width="stretch", gap="xxsmall"):
                st.caption("Faces by answer")
                show_mix(faces, key="photo_mix")
                st.markdown(answers_legend(faces))
    if not any(map(len, faces)):
        return
    with st.expander("Table of all faces", icon=":material/table:"):
        st.dataframe(
            all_table_rows(readable),
            hide_index=True,
            column_config=table_columns(faces[0].labels),
            alt=f"Table of {text.counted(sum(map(len, faces)), 'face')} in all photos",
        )
    _downloads(photos, faces[0].head, readable[0].spec or running_model.model_spec())


def _downloads(photos: Sequence[AnalysedPhoto], head: str, spec: ModelSpec) -> None:
    name = partial(file_name, "photos", head)
    table, record = partial(csv_of, photos, spec), partial(json_of, photos, spec)
    pictures = partial(zip_of, photos)
    with st.container(horizontal=True):
        download("CSV of all", table, name("csv"), "text/csv", "all")
        download("JSON of all", record, name("json"), "application/json", "all")
        download("Marked pictures (ZIP)", pictures, name("zip"), "application/zip", "all")


def _row(album: Album, analysed: AnalysedPhoto, cards: Cards) -> None:
    """Show a photo in a list: what it is, what was found, and on demand its faces."""
    photo = analysed.photo
    if photo.key not in album:  # removed by a click in this row
        st.rerun()
    if not analysed.readable:
        _removable_error(album, analysed)
        return
    is_open = photo.key in album.opened
    with st.container(border=True):
        with st.container(horizontal=True, wrap=False, gap="small"):
            with st.container(width=_THUMBNAIL_SIDE, horizontal_alignment="center"):
                size = (analysed.result.width, analysed.result.height)
                width = fitted(size, _THUMBNAIL_SIDE, _THUMBNAIL_SIDE)
                st.image(analysed.thumbnail, width=width, alt=f"Thumbnail of {photo.name}")
            with st.container(gap="xxsmall"):
                st.markdown(f"**{text.escape_markdown(photo.name)}**")
                _found(analysed.faces)
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
            show_photo(analysed, cards, album.faces, _BORDERED_WIDTH)


def _title(
    analysed: AnalysedPhoto, about: str = "", action: Callable[[], None] | None = None
) -> None:
    """Show a photo's name, an action beside it, and what was found in a line."""
    result = analysed.result
    with st.container(gap="xxsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.subheader(text.escape_markdown(result.name), anchor=False, width="content")
            if action:
                action()
        _found(result.faces)
        st.caption(f"{result.width} × {result.height} pixels{about}")


def _found(faces: Faces) -> None:
    """Show what was found in a line, and whether there may be more."""
    st.markdown(answers_line([faces]))
    if note := crowd_note(faces):
        st.caption(f":material/groups: {note}")


def _error(analysed: AnalysedPhoto) -> None:
    reason = f"{analysed.result.name} {analysed.result.error}"
    st.error(text.escape_markdown(reason), icon=":material/error:")


def _removable_error(album: Album, analysed: AnalysedPhoto) -> None:
    with st.container(gap="xxsmall"):
        _error(analysed)
        _remove_button(album, analysed.photo)


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
    mount("common/scroll", {"target": _RESULTS, "additions": album.additions}, key="photo_scroll")
