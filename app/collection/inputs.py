"""How a collection reaches the page: an archive, photos, or a folder."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app.background.memory import MB
from app.collection.upload import Upload
from app.collection.visit import CollectionVisit
from app.common import running_model
from app.common.components import mount
from app.common.head_text import offered
from app.common.page_layout import show_full
from app.common.text import escape_markdown
from app.session.tabs import forget_upload
from fer.images import MAX_BYTES, SUFFIXES

_FILES, _FOLDER = "collection_files", "collection_folder"
_TAKEN, _JUST_TAKEN = "collection_taken", "collection_just_taken"

#: Least bytes of the server's memory with which a collection is asked for.
_LEAST_ROOM = 32 * MB

#: What a browser's file picker offers first.
_ACCEPT = "image/*,.heic,.heif,.zip"


def just_taken() -> bool:
    """Return whether files came in this very run of the page.

    The uploaders must be on the page once more: what they refused, they tell only now.
    """
    return bool(st.session_state.pop(_JUST_TAKEN, False))


def show_inputs(visit: CollectionVisit) -> None:
    """Show the uploaders, either of which begins an analysis at once."""
    if visit.notice:
        st.warning(escape_markdown(visit.notice))
    if not visit.jobs.places or not visit.limits.photos:
        st.info(
            "**Collections are switched off.** This server analyses single photos.",
            icon=":material/info:",
        )
        return
    if visit.room.left < _LEAST_ROOM:
        show_full("collection", lambda: visit.room.left >= _LEAST_ROOM)
        return
    files, folder = st.tabs(
        [":material/folder_zip: ZIP or photos", ":material/folder_open: Folder"]
    )
    with files:
        _show_files(visit)
    with folder:
        _show_folder(visit)


def _show_files(visit: CollectionVisit) -> None:
    st.file_uploader(
        f"Drop a ZIP archive here, or photos: {_limits(visit)}",
        accept_multiple_files=True,
        key=_FILES,
        max_upload_size=visit.limits.bytes // MB,
        on_change=_take,
        args=(visit, _FILES),
    )
    _helper(visit, _FILES, _ACCEPT)


def _show_folder(visit: CollectionVisit) -> None:
    st.file_uploader(
        f"Drop a folder here, with all folders in it: {_limits(visit)}",
        type=[*SUFFIXES],
        accept_multiple_files="directory",
        key=_FOLDER,
        max_upload_size=min(visit.limits.bytes, MAX_BYTES) // MB,
        on_change=_take,
        args=(visit, _FOLDER),
    )
    _helper(visit, _FOLDER, suffixes=SUFFIXES)
    st.caption(
        ":material/smartphone: Phones cannot choose a folder in most browsers. Choose the photos "
        "themselves, or a ZIP of the folder."
    )


def _limits(visit: CollectionVisit) -> str:
    return f"up to {visit.limits.photos:,} photos, {visit.limits.bytes // MB} MB together"


def _helper(
    visit: CollectionVisit, uploader: str, accept: str = "", suffixes: Sequence[str] = ()
) -> None:
    """Let the page have the files that the uploader refuses, and empty it.

    Args:
        visit: the visitor's collection.
        uploader: key of the uploader.
        accept: what a browser's file picker offers first.
        suffixes: endings of the files that are uploaded; all if empty.
    """
    helper = f"{uploader}_helper"

    def tell_refused() -> None:
        files = st.session_state[helper].refused
        if too_large := [int(file["bytes"]) for file in files if "bytes" in file]:
            visit.refuse_all(too_large[0])
        else:
            visit.refuse([(str(file["name"]), str(file["reason"])) for file in files])

    names = [file.name for file in st.session_state.get(uploader) or [] if hasattr(file, "name")]
    data = {
        "uploader": uploader,
        "accept": accept,
        "pastes": "",
        "taken": names,
        "most": visit.limits.bytes,
        "suffixes": [*suffixes],
    }
    mount("common/uploader", data, key=helper, on_refused_change=tell_refused)


def _take(visit: CollectionVisit, uploader: str) -> None:
    taken: set[str] = st.session_state.setdefault(_TAKEN, set())
    new = [file for file in st.session_state[uploader] if file.file_id not in taken]
    taken.update(file.file_id for file in new)
    uploads = [Upload(file.name, file.getvalue()) for file in new if hasattr(file, "getvalue")]
    heads = offered(running_model.model_spec())
    visit.take(uploads, running_model.photo_analyzer(), heads)
    st.session_state[_JUST_TAKEN] = bool(uploads)
    # What was refused stays until the uploader is emptied, so that it can be chosen again.
    for file in new if visit.collection else ():
        forget_upload(file.file_id)
