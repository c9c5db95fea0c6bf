"""How a visitor's photographs reach a page, and how far it is with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from io import BytesIO

import streamlit as st

from app.core.budget import MB
from app.core.components import RefusedFiles, component_value, mount
from app.core.jobs import State
from app.core.photo import Upload
from app.core.photo_session import PhotoSession
from app.core.server.gate import let_through
from app.core.text import counted, escape_markdown, waiting_line
from fer.images import MAX_BYTES, SUFFIXES

#: What a browser's file picker offers first.
_ACCEPT = ",".join(["image/*", *(f".{suffix}" for suffix in SUFFIXES)])

#: Photographs that wait for the Photos page, taken by itself or another page.
HANDED = "photos_handed"

PHOTOS_PAGE = "app/pages/photos.py"

Take = Callable[[Sequence[Upload]], object]


def hand_to_photos(uploads: Sequence[Upload]) -> None:
    """Have the Photos page read files when it runs next."""
    st.session_state.setdefault(HANDED, []).extend(uploads)


def hand_snapshot_to_photos(data: bytes) -> str:
    """Have the Photos page read a snapshot when it runs next; return why not, "" if it will."""
    let_in, too_fast = let_through(["The snapshot"])
    if let_in:
        hand_to_photos([Upload("snapshot.jpg", data)])
    return too_fast


def show_files(
    session: PhotoSession,
    key: str,
    label: str,
    take: Take,
    others: Sequence[str] = (),
    *,
    formats: str = "",
) -> None:
    """Show the uploader of photographs and archives, and of files with other endings.

    `key` is the first word of the keys of all widgets. Where photographs can be dropped and pasted
    anywhere, `formats` says as help what is taken.
    """
    uploader = f"{key}_files"
    _drop_contents(key, uploader)
    st.file_uploader(
        label,
        accept_multiple_files=True,
        key=uploader,
        max_upload_size=max(1, session.limits.bytes // MB),
        help=formats or None,
        on_change=_hand_over,
        args=(session, key, uploader, take),
    )
    accept = ",".join([_ACCEPT, *(f".{ending}" for ending in ("zip", *others))])
    _helper(session, uploader, accept=accept, pastes="image/" if formats else "")


def show_folder(
    session: PhotoSession, key: str, label: str, take: Take, others: Sequence[str] = ()
) -> None:
    """Show the uploader of a folder; for the arguments see `show_files`."""
    uploader, suffixes = f"{key}_folder", [*SUFFIXES, *others]
    _drop_contents(key, uploader)
    st.file_uploader(
        label,
        type=suffixes,
        accept_multiple_files="directory",
        key=uploader,
        max_upload_size=max(1, min(session.limits.bytes, MAX_BYTES) // MB),
        on_change=_hand_over,
        args=(session, key, uploader, take),
    )
    _helper(session, uploader, suffixes=suffixes)
    st.caption(
        ":material/smartphone: Phones cannot choose a folder in most browsers. Choose the photos "
        "themselves, or a ZIP of the folder."
    )


def most_in_words(session: PhotoSession) -> str:
    """Return how much a visitor may upload."""
    limits = session.limits
    return f"up to {limits.photos:,} photos, {limits.bytes // MB} MB together"


def show_session_title(
    session: PhotoSession, title: str, facts: str, offer_clear: Callable[[], None]
) -> None:
    """Show what was uploaded, and after the analysis the way to delete it."""
    with st.container(gap="xxsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.subheader(escape_markdown(title), anchor=False, width="content")
            if not session.running:
                offer_clear()
        if facts:
            st.caption(facts)
    offer_to_continue(session)


def show_progress(session: PhotoSession) -> bool:
    """Show how far the analysis of a set of photos is, and return whether it has begun.

    Cancel stands beside it, where nothing is after the end: a late click must not meet the button
    that deletes the photos.
    """
    job = session.job
    waits = job is None or job.state is State.WAITING
    with st.container(horizontal=True, vertical_alignment="center"):
        if waits:
            ahead = session.jobs.ahead_of(job) if job else 0
            line = waiting_line(ahead, session.jobs.places, "set of photos")
            st.info(line, icon=":material/hourglass_top:")
        else:
            st.progress(*session.progress)
        st.button(
            "Cancel",
            icon=":material/close:",
            key=f"{session.where}_cancel",
            on_click=session.cancel,
        )
    return not waits


def offer_to_continue(session: PhotoSession) -> None:
    """Offer to read what a cancelled analysis has not read, if there is anything."""
    left = session.left_by_cancel
    if not left:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            "Continue",
            icon=":material/play_arrow:",
            key=f"{session.where}_continue",
            on_click=session.resume,
        )
        st.markdown(f"**Cancelled.** {len(left):,} of {counted(len(session), 'photo')} not read.")


def _helper(
    session: PhotoSession,
    uploader: str,
    *,
    accept: str = "",
    pastes: str = "",
    suffixes: Sequence[str] = (),
) -> None:
    """Let the page have the files that the uploader refuses, and empty it.

    An uploader forgets its files on a visit to another page, so the session has them; then they
    are removed from the uploader. `accept` is what a browser's file picker offers first, `pastes`
    the kind of the files that can be pasted, and dropped anywhere.
    """
    helper = f"{uploader}_helper"

    def tell_refused() -> None:
        files = component_value(helper, "refused", RefusedFiles) or []
        too_large = [file.total_bytes for file in files if file.total_bytes is not None]
        if too_large:
            session.refuse_all(too_large[0])
        else:
            session.refuse([(file.name, file.reason) for file in files])

    data = {
        "uploader": uploader,
        "accept": accept,
        "pastes": pastes,
        # One that the server has let go of meanwhile has no name.
        "taken": [
            file.name for file in st.session_state.get(uploader) or [] if hasattr(file, "name")
        ],
        "most": session.limits.bytes,
        "suffixes": [*suffixes],
    }
    mount("core/uploader", data, key=helper, on_refused_change=tell_refused)


def _hand_over(session: PhotoSession, key: str, uploader: str, take: Take) -> None:
    taken: set[str] = st.session_state.setdefault(f"{key}_taken", set())
    new = [file for file in st.session_state[uploader] if file.file_id not in taken]
    taken.update(file.file_id for file in new)
    new = [file for file in new if hasattr(file, "getvalue")]
    if not new:  # some were removed
        return
    # However much it is, it is one upload: the session limits how much is in it.
    let_in, too_fast = let_through(["That"])
    if let_in:
        take([Upload(file.name, file.getvalue()) for file in new])
    if too_fast:
        session.tell(too_fast)


def _drop_contents(key: str, uploader: str) -> None:
    """Empty the files of an uploader that were handed over; they keep their names.

    Streamlit copies the value of a widget in each run, and keeps the last one until the page has
    run twice without it. Call this before the uploader is shown.
    """
    taken: set[str] = st.session_state.get(f"{key}_taken", set())
    for file in st.session_state.get(uploader) or []:
        if file.file_id in taken and isinstance(file, BytesIO):  # else the server has let it go
            file.truncate(0)
