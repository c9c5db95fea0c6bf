"""How a collection reaches the page: an archive, photos, or a folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import streamlit as st

from app.background.memory import MB
from app.collection.room import Room
from app.collection.upload import Upload
from app.collection.visit import CollectionVisit, Limits
from app.common import running_model
from app.common.components import mount
from app.common.head_text import offered
from app.common.model_choice import choose_model, chosen_entry
from app.common.page_layout import show_full
from app.common.text import escape_markdown
from app.limits.gate import let_through
from app.session.tabs import forget_upload
from fer.images import MAX_BYTES, SUFFIXES

#: Least bytes of the server's memory with which a collection is asked for.
_LEAST_ROOM = 32 * MB

#: What a browser's file picker offers first.
_ACCEPT = "image/*,.heic,.heif,.zip"


@dataclass(frozen=True)
class Intake:
    """What takes the files that a page's uploaders get.

    Attributes:
        key: first word of the keys of all widgets.
        what: what to drop beside a folder, as the end of a sentence.
        limits: what is taken at most.
        take: takes files, and returns whether they are elsewhere now.
        refuse: is told of the files that the browser did not send, each with the reason.
        refuse_all: is told how many bytes were too many together.
        tell: is told in a sentence why nothing was taken.
        others: endings of files that are taken beside photographs.
    """

    key: str
    what: str
    limits: Limits
    take: Callable[[Sequence[Upload]], bool]
    refuse: Callable[[Sequence[tuple[str, str]]], None]
    refuse_all: Callable[[int], None]
    tell: Callable[[str], None]
    others: tuple[str, ...] = ()

    @property
    def files(self) -> str:
        """Key of the uploader of files."""
        return f"{self.key}_files"

    @property
    def folder(self) -> str:
        """Key of the uploader of a folder."""
        return f"{self.key}_folder"


def just_taken(key: str = "collection") -> bool:
    """Return whether files came in this very run of the page.

    The uploaders must be on the page once more: what they refused, they tell only now.

    Args:
        key: of the `Intake`.
    """
    return bool(st.session_state.pop(f"{key}_just_taken", False))


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
    if has_room(visit.room, "collection"):
        show_uploaders(
            Intake(
                "collection",
                "a ZIP archive here, or photos",
                visit.limits,
                partial(_take, visit),
                visit.refuse,
                visit.refuse_all,
                visit.tell,
            )
        )
        if visit.collection is None:
            choose_model()


def has_room(room: Room, noun: str) -> bool:
    """Return whether there is room for a visitor's photographs; if not, say so and wait for it."""
    if room.left >= _LEAST_ROOM:
        return True
    show_full(noun, lambda: room.left >= _LEAST_ROOM)
    return False


def show_uploaders(intake: Intake) -> None:
    """Show the uploaders of files and of a folder."""
    files, folder = st.tabs(
        [":material/folder_zip: ZIP or photos", ":material/folder_open: Folder"]
    )
    with files:
        _show_files(intake)
    with folder:
        _show_folder(intake)


def _show_files(intake: Intake) -> None:
    st.file_uploader(
        f"Drop {intake.what}: {_limits(intake)}",
        accept_multiple_files=True,
        key=intake.files,
        max_upload_size=intake.limits.bytes // MB,
        on_change=_hand_over,
        args=(intake, intake.files),
    )
    accept = ",".join([_ACCEPT, *(f".{ending}" for ending in intake.others)])
    _helper(intake, intake.files, accept)


def _show_folder(intake: Intake) -> None:
    suffixes = (*SUFFIXES, *intake.others)
    st.file_uploader(
        f"Drop a folder here, with all folders in it: {_limits(intake)}",
        type=[*suffixes],
        accept_multiple_files="directory",
        key=intake.folder,
        max_upload_size=min(intake.limits.bytes, MAX_BYTES) // MB,
        on_change=_hand_over,
        args=(intake, intake.folder),
    )
    _helper(intake, intake.folder, suffixes=suffixes)
    st.caption(
        ":material/smartphone: Phones cannot choose a folder in most browsers. Choose the photos "
        "themselves, or a ZIP of the folder."
    )


def _limits(intake: Intake) -> str:
    return f"up to {intake.limits.photos:,} photos, {intake.limits.bytes // MB} MB together"


def _helper(intake: Intake, uploader: str, accept: str = "", suffixes: Sequence[str] = ()) -> None:
    """Let the page have the files that the uploader refuses, and empty it.

    Args:
        intake: takes the files.
        uploader: key of the uploader.
        accept: what a browser's file picker offers first.
        suffixes: endings of the files that are uploaded; all if empty.
    """
    helper = f"{uploader}_helper"

    def tell_refused() -> None:
        files = st.session_state[helper].refused
        if too_large := [int(file["bytes"]) for file in files if "bytes" in file]:
            intake.refuse_all(too_large[0])
        else:
            intake.refuse([(str(file["name"]), str(file["reason"])) for file in files])

    names = [file.name for file in st.session_state.get(uploader) or [] if hasattr(file, "name")]
    data = {
        "uploader": uploader,
        "accept": accept,
        "pastes": "",
        "taken": names,
        "most": intake.limits.bytes,
        "suffixes": [*suffixes],
    }
    mount("common/uploader", data, key=helper, on_refused_change=tell_refused)


def _hand_over(intake: Intake, uploader: str) -> None:
    taken: set[str] = st.session_state.setdefault(f"{intake.key}_taken", set())
    new = [file for file in st.session_state[uploader] if file.file_id not in taken]
    taken.update(file.file_id for file in new)
    uploads = [Upload(file.name, file.getvalue()) for file in new if hasattr(file, "getvalue")]
    # However many files: how much is in them has limits of its own.
    count, too_fast = let_through(["That"] if uploads else [])
    if uploads and not count:
        intake.tell(too_fast)
        uploads = []
    is_elsewhere = bool(uploads) and intake.take(uploads)
    st.session_state[f"{intake.key}_just_taken"] = bool(uploads)
    # What was refused stays until the uploader is emptied, so that it can be chosen again.
    for file in new if is_elsewhere else ():
        forget_upload(file.file_id)


def _take(visit: CollectionVisit, uploads: Sequence[Upload]) -> bool:
    analyzer = running_model.photo_analyzer()
    visit.take(uploads, analyzer, offered(analyzer.spec), chosen_entry())
    return visit.collection is not None
