"""Sources of photographs: files, the clipboard, the camera, or the sample."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app.core.memory import MB
from app.core.paths import SAMPLE
from app.core.photo import Photo
from app.core.photo_limits import photo_limits
from app.core.server.gate import let_through
from app.core.state import kept
from app.core.uploaders import Intake, show_files
from app.core.uploads import Upload
from app.photos.album import Album, new_photo

_SOURCE = "photo_source"
_CAMERA = "photo_camera"

_FILES_TAB = ":material/upload: Upload or paste"
_CAMERA_TAB = ":material/photo_camera: Camera"

#: Largest file that the uploader takes, in MB of 1,000,000 bytes, which is less than
#: `fer.images.MAX_BYTES` however a browser counts.
MAX_UPLOAD_MB = 64


def photo_album() -> Album:
    """Return the visitor's photographs. A reload finds them by the key in the page's address."""
    return kept("photo_album", Album, Album.clear, lambda album: album.size)


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
    return [new_photo("snapshot.jpg", snapshot.getvalue())] if snapshot else []


def _show_uploader(album: Album) -> None:
    def take(uploads: Sequence[Upload]) -> bool:
        album.add([new_photo(upload.name, upload.data) for upload in uploads])
        return False  # the browser empties the uploader, which stays, and needs their names for it

    def refuse(files: Sequence[tuple[str, str]]) -> None:
        album.add(
            [new_photo(name, b"", f"was not uploaded. {reason}".strip()) for name, reason in files]
        )

    show_files(
        Intake(
            "photo",
            "Photos: JPEG, PNG, WebP, HEIC, BMP or GIF",
            max(1, min(MAX_UPLOAD_MB, photo_limits().bytes // MB)),
            take,
            refuse,
            album.tell,
            each=True,
            pastes="image/",
        )
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
    album.show_sample(new_photo("sample.jpg", SAMPLE.read_bytes()))
    st.session_state[_SOURCE] = _FILES_TAB  # the camera need not stay on
