"""Sources of photographs: files, the clipboard, the camera, or the sample."""

from __future__ import annotations

import streamlit as st

from app.background.memory import MB
from app.common.components import mount
from app.common.paths import SAMPLE
from app.limits.gate import let_through
from app.limits.photos import photo_limits
from app.photo.album import Album
from app.photo.store import Photo

_SOURCE = "photo_source"
_UPLOADER = "photo_files"
_TAKEN = "photo_files_taken"
_HELPER = "photo_files_helper"
_CAMERA = "photo_camera"

_FILES_TAB = ":material/upload: Upload or paste"
_CAMERA_TAB = ":material/photo_camera: Camera"

#: Largest file that the uploader takes, in MB of 1,000,000 bytes, which is less than
#: `fer.images.MAX_BYTES` however a browser counts.
MAX_UPLOAD_MB = 64

#: What a browser's file picker offers first.
_ACCEPT = "image/*,.heic,.heif"


def show_inputs(album: Album) -> None:
    """Show the uploader and the camera, which add to the album."""
    files, camera = st.tabs([_FILES_TAB, _CAMERA_TAB], on_change="rerun", key=_SOURCE)
    with files:
        _show_uploader(album)
    if camera.open:
        # Not before its tab is open: the widget makes the browser ask for the camera.
        with camera:
            _show_camera(album)


def offer_sample(album: Album) -> None:
    """Offer the sample photograph, for a first result with one click."""
    with st.container(border=True, horizontal=True, vertical_alignment="center", gap="medium"):
        st.image(str(SAMPLE), width=132, alt="The sample: a portrait of Eileen Collins by NASA")
        with st.container(width=560, gap="xsmall"):
            st.markdown("#### No photo at hand?", anchors=False)
            st.markdown("See a result with a portrait of the astronaut Eileen Collins (NASA).")
            st.button(
                "Try it with a sample photo",
                type="primary",
                icon=":material/play_arrow:",
                key="photo_try_sample",
                on_click=_show_sample,
                args=(album,),
            )


def from_camera(key: str) -> list[Photo]:
    """Show the camera widget and return the snapshot, if one was taken.

    The widget makes the browser ask for permission to use the camera.

    Args:
        key: key of the widget.
    """
    with st.container(width=640):
        snapshot = st.camera_input("Take a snapshot", key=key, resolution="720p")
    return [Photo("snapshot.jpg", snapshot.getvalue())] if snapshot else []


def _show_uploader(album: Album) -> None:
    files = st.file_uploader(
        "Photos: JPEG, PNG, WebP, HEIC, BMP or GIF",
        accept_multiple_files=True,
        key=_UPLOADER,
        max_upload_size=max(1, min(MAX_UPLOAD_MB, photo_limits().bytes // MB)),
        on_change=_take_files,
        args=(album,),
    )
    # An uploader forgets its files on a visit to another page, so the album has them; then they
    # are removed from the uploader.
    mount(
        "common/uploader",
        {
            "uploader": _UPLOADER,
            "accept": _ACCEPT,
            "pastes": "image/",
            "taken": [file.name for file in files],
        },
        key=_HELPER,
        on_refused_change=lambda: _tell_refused(album),
    )


def _take_files(album: Album) -> None:
    taken: set[str] = st.session_state.setdefault(_TAKEN, set())
    new = [file for file in st.session_state[_UPLOADER] if file.file_id not in taken]
    taken.update(file.file_id for file in new)
    count, too_fast = let_through([file.name for file in new])
    album.add([Photo(file.name, file.getvalue()) for file in new[:count]])
    album.notice = f"{album.notice if count else ''} {too_fast}".strip()


def _tell_refused(album: Album) -> None:
    files = st.session_state[_HELPER].refused
    album.add(
        [
            Photo(str(f["name"]), b"", error=f"was not uploaded. {f['reason']}".strip())
            for f in files
        ]
    )


def _show_camera(album: Album) -> None:
    with st.container(width=640):
        st.camera_input(
            "Take a snapshot",
            key=_CAMERA,
            resolution="720p",
            on_change=_take_snapshot,
            args=(album,),
        )


def _take_snapshot(album: Album) -> None:
    if snapshot := st.session_state[_CAMERA]:  # None when it was cleared
        count, too_fast = let_through(["The snapshot"])
        if count:
            album.add_snapshot(snapshot.getvalue())
        else:
            album.notice = too_fast


def _show_sample(album: Album) -> None:
    album.show_sample(Photo("sample.jpg", SAMPLE.read_bytes()))
    st.session_state[_SOURCE] = _FILES_TAB  # the camera need not stay on
