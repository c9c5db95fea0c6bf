"""How many photographs reach a page: an archive, the files, or a folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from app.core.budget import Budget
from app.core.components import mount
from app.core.layout import show_full
from app.core.memory import MB
from app.core.photo_session import PhotoSession
from app.core.server.gate import let_through
from app.core.session.tabs import forget_upload
from app.core.uploads import Upload
from fer.images import MAX_BYTES, SUFFIXES

#: Least bytes of the server's memory with which photographs are asked for.
_LEAST_ROOM = 32 * MB

#: What a browser's file picker offers first.
_ACCEPT = "image/*,.heic,.heif"


@dataclass(frozen=True)
class Intake:
    """What takes the files that a page's uploaders get.

    Attributes:
        key: first word of the keys of all widgets.
        what: what to drop beside a folder, as the label of the uploader.
        megabytes: size of the largest file.
        take: takes files, and returns whether the server may forget them as uploads at once.
        refuse: is told of the files that the browser did not send, each with the reason.
        tell: is told in a sentence why files were not taken.
        each: whether every file counts as an upload, as far as a visitor may upload often; or all
            that come at once, of which the session limits how much is in them.
        pastes: kind of the files that can be pasted; none if empty.
        others: endings of files that are taken beside photographs.
        most: bytes of all files that come at once; any number if 0.
        refuse_all: is told how many bytes were too many together.
    """

    key: str
    what: str
    megabytes: int
    take: Callable[[Sequence[Upload]], bool]
    refuse: Callable[[Sequence[tuple[str, str]]], None]
    tell: Callable[[str], None]
    each: bool = False
    pastes: str = ""
    others: tuple[str, ...] = ()
    most: int = 0
    refuse_all: Callable[[int], None] = lambda size: None


def just_taken(key: str) -> bool:
    """Return whether files came in this very run of the page.

    The uploaders must be on the page once more: what they refused, they tell only now.

    Args:
        key: of the `Intake`.
    """
    return bool(st.session_state.pop(f"{key}_just_taken", False))


def has_room(budget: Budget, noun: str) -> bool:
    """Return whether there is room for a visitor's photographs; if not, say so and wait for it."""
    if budget.left >= _LEAST_ROOM:
        return True
    show_full(noun, lambda: budget.left >= _LEAST_ROOM)
    return False


def show_uploaders(
    session: PhotoSession,
    key: str,
    what: str,
    take: Callable[[Sequence[Upload]], bool],
    others: tuple[str, ...] = (),
) -> None:
    """Show the uploaders of files, archives among them, and of a folder.

    Args:
        session: has the limits, and is told what is refused.
        key: see `Intake`.
        what: what to drop beside a folder, as the end of a sentence.
        take: see `Intake`.
        others: endings of files that are taken beside photographs and archives.
    """
    limits = session.limits
    most = f"up to {limits.photos:,} photos, {limits.bytes // MB} MB together"
    intake = Intake(
        key,
        f"Drop {what}: {most}",
        limits.bytes // MB,
        take,
        session.refuse,
        session.tell,
        others=("zip", *others),
        most=limits.bytes,
        refuse_all=session.refuse_all,
    )
    files, folder = st.tabs(
        [":material/folder_zip: ZIP or photos", ":material/folder_open: Folder"]
    )
    with files:
        show_files(intake)
    with folder:
        _show_folder(intake, f"Drop a folder here, with all folders in it: {most}", others)


def show_files(intake: Intake) -> None:
    """Show the uploader of files."""
    uploader = f"{intake.key}_files"
    st.file_uploader(
        intake.what,
        accept_multiple_files=True,
        key=uploader,
        max_upload_size=intake.megabytes,
        on_change=_hand_over,
        args=(intake, uploader),
    )
    accept = ",".join([_ACCEPT, *(f".{ending}" for ending in intake.others)])
    _helper(intake, uploader, accept=accept, pastes=intake.pastes)


def _show_folder(intake: Intake, label: str, others: tuple[str, ...]) -> None:
    uploader, suffixes = f"{intake.key}_folder", [*SUFFIXES, *others]
    st.file_uploader(
        label,
        type=suffixes,
        accept_multiple_files="directory",
        key=uploader,
        max_upload_size=min(intake.megabytes, MAX_BYTES // MB),
        on_change=_hand_over,
        args=(intake, uploader),
    )
    _helper(intake, uploader, suffixes=suffixes)
    st.caption(
        ":material/smartphone: Phones cannot choose a folder in most browsers. Choose the photos "
        "themselves, or a ZIP of the folder."
    )


def _helper(
    intake: Intake,
    uploader: str,
    *,
    accept: str = "",
    pastes: str = "",
    suffixes: Sequence[str] = (),
) -> None:
    """Let the page have the files that the uploader refuses, and empty it.

    An uploader forgets its files on a visit to another page, so somebody else has them; then they
    are removed from the uploader.

    Args:
        intake: takes the files.
        uploader: key of the uploader.
        accept: what a browser's file picker offers first.
        pastes: see `Intake`.
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
        "pastes": pastes,
        "taken": names,
        "most": intake.most,
        "suffixes": [*suffixes],
    }
    mount("core/uploader", data, key=helper, on_refused_change=tell_refused)


def _hand_over(intake: Intake, uploader: str) -> None:
    taken: set[str] = st.session_state.setdefault(f"{intake.key}_taken", set())
    new = [file for file in st.session_state[uploader] if file.file_id not in taken]
    taken.update(file.file_id for file in new)
    new = [file for file in new if hasattr(file, "getvalue")]
    st.session_state[f"{intake.key}_just_taken"] = False
    if not new:  # they were removed
        return
    names = [file.name for file in new] if intake.each else ["That"]
    count, too_fast = let_through(names)
    let_in = new[: count if intake.each else len(new) * count]
    uploads = [Upload(file.name, file.getvalue()) for file in let_in]
    if uploads and intake.take(uploads):
        # What was refused stays until the uploader is emptied, so that it can be chosen again.
        for file in let_in:
            forget_upload(file.file_id)
    if too_fast:
        intake.tell(too_fast)
    st.session_state[f"{intake.key}_just_taken"] = bool(let_in)
