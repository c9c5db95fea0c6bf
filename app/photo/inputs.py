"""Sources of photographs: files, the clipboard, the camera, or the sample."""

from __future__ import annotations

import streamlit as st

from app.common.paths import SAMPLE
from app.photo.clipboard import paste_into
from app.photo.store import Photo
from fer.images import MAX_BYTES, SUFFIXES

_SOURCE = "photo_source"
_UPLOADER = "photo_files"
_UPLOADER_NUMBER = "photo_files_number"
_CAMERA = "photo_camera"
_SAMPLE_CHOSEN = "photo_sample"

_FILES_TAB = ":material/upload: Upload or paste"
_CAMERA_TAB = ":material/photo_camera: Camera"


def choose_photos() -> list[Photo]:
    """Show the uploader and the camera; return the photographs, none at first."""
    files, camera = st.tabs([_FILES_TAB, _CAMERA_TAB], on_change="rerun", key=_SOURCE)
    with files:
        uploaded = _from_files()
    if camera.open:
        # Not before its tab is open: the widget makes the browser ask for the camera.
        with camera:
            return from_camera(_CAMERA)
    if uploaded:
        st.session_state.pop(_SAMPLE_CHOSEN, None)
        return uploaded
    return _from_sample()


def offer_sample() -> None:
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
                on_click=_choose_sample,
                args=(True,),
            )


def _from_files() -> list[Photo]:
    number = st.session_state.setdefault(_UPLOADER_NUMBER, 0)
    key = f"{_UPLOADER}_{number}"
    files = st.file_uploader(
        "Photos: drop them here, or paste one with Ctrl+V or ⌘V",
        type=list(SUFFIXES),
        accept_multiple_files=True,
        key=key,
        max_upload_size=MAX_BYTES // 2**20,
    )
    paste_into(key)
    if len(files) > 1:
        st.button(
            f"Remove all {len(files)} photos",
            type="tertiary",
            icon=":material/delete:",
            key="photo_remove_all",
            on_click=_remove_all,
        )
    return [Photo(file.name, file.getvalue()) for file in files]


def _remove_all() -> None:
    # An uploader cannot be emptied. One with a new key starts empty, and Streamlit drops the files
    # of the old one.
    st.session_state[_UPLOADER_NUMBER] += 1


def from_camera(key: str) -> list[Photo]:
    """Show the camera widget and return the snapshot, if one was taken.

    The widget makes the browser ask for permission to use the camera.

    Args:
        key: key of the widget.
    """
    with st.container(width=640):
        snapshot = st.camera_input("Take a snapshot", key=key, resolution="720p")
    return [Photo("snapshot.jpg", snapshot.getvalue())] if snapshot else []


def _from_sample() -> list[Photo]:
    if not st.session_state.get(_SAMPLE_CHOSEN):
        return []
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.caption("A sample: the astronaut Eileen Collins, by NASA.", width="content")
        st.button(
            "Close the sample",
            type="tertiary",
            icon=":material/close:",
            key="photo_close_sample",
            on_click=_choose_sample,
            args=(False,),
        )
    return [Photo("sample.jpg", SAMPLE.read_bytes())]


def _choose_sample(chosen: bool) -> None:
    st.session_state[_SAMPLE_CHOSEN] = chosen
    if chosen:  # the sample is shown on the files tab; the visitor may be on the camera tab
        st.session_state[_SOURCE] = _FILES_TAB
