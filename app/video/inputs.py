"""How a recording reaches the Video page: a file or the sample, how to analyse it, and its room."""

from __future__ import annotations

from functools import partial
from io import BytesIO

import streamlit as st

from app.core.budget import MB, UploadFolders
from app.core.components import RefusedFiles, component_value, mount
from app.core.layout import offer_sample, show_full
from app.core.models.running_model import chosen_head, chosen_model
from app.core.server.end import at_end
from app.core.server.gate import let_through
from app.core.session.session_store import KEEP_SECONDS
from app.core.session.tabs import forget_upload
from app.core.settings import (
    MAX_VIDEO_JOBS,
    MAX_VIDEO_MB,
    MAX_VIDEO_MINUTES,
    MAX_VIDEO_TOTAL_MB,
    SAMPLE,
)
from app.core.state import jobs, kept, upload_megabytes
from app.core.text import escape_markdown
from app.video.engine import VideoSettings, read_video
from app.video.session import CANCELLED, COPIES, VideoSession
from fer.labelled.names import shown_name
from fer.video.opening import FORMATS, SUFFIXES
from fer.video.recording import DEFAULT_RATE

_UPLOADER = "video_file"
_HELPER = "video_file_helper"

#: What a browser's file picker offers first.
_ACCEPT = ",".join(["video/*", *(f".{suffix}" for suffix in SUFFIXES)])

_RATE, _FINE = "video_rate", "video_fine"

#: Frames a second that can be chosen, by their names; the usual one.
_RATES: dict[str, float | None] = {"5": 5.0, "10": DEFAULT_RATE, "every frame": None}
_USUAL = "10"


#: A limit that memory or disk impose is a multiple of so many megabytes, so that it stays the same
#: for a while: a new limit is a new uploader.
_STEP_MB = 25


def video_session() -> VideoSession:
    """Return the visitor's recording. A reload finds it by the key in the page's address."""
    seconds = 60.0 * MAX_VIDEO_MINUTES.number()
    engine = partial(read_video, processor_seconds=seconds)
    return kept(
        "video_session",
        lambda: VideoSession(jobs(MAX_VIDEO_JOBS), _folders(), engine),
        VideoSession.end,
        lambda session: int(session.source is not None),  # the rest is on the disk
        ended=lambda session: session.ended,
    )


def max_upload_megabytes(session: VideoSession) -> int:
    """Return the size of the largest recording that can be taken now; 0 if there is no room."""
    limit = upload_megabytes(MAX_VIDEO_MB)
    room = session.folders.budget.left // COPIES // MB
    return limit if room >= limit else room // _STEP_MB * _STEP_MB


@st.cache_resource(show_spinner=False)
def _folders() -> UploadFolders:
    folders = UploadFolders(MAX_VIDEO_TOTAL_MB.number() * MB)
    at_end(folders.close)
    at_end(jobs(MAX_VIDEO_JOBS).close)  # before the folders go
    return folders


def show_inputs(session: VideoSession) -> None:
    """Show the uploader and the sample, either of which begins an analysis at once."""
    if session.notice:
        say = st.info if session.notice == CANCELLED else st.warning
        say(escape_markdown(session.notice))
    if not session.jobs.places:
        st.info("**Videos are switched off.** This server analyses photos.", icon=":material/info:")
        return
    if megabytes := max_upload_megabytes(session):
        _show_uploader(session, megabytes)
        st.caption(
            ":material/lock: On this server's disk, readable for FER Lens only, until you choose "
            f"another one, or {KEEP_SECONDS / 60:.0f} minutes after you close this tab."
        )
        offer_sample(
            SAMPLE,
            "From the sample: a portrait of Eileen Collins",
            "No video at hand?",
            "24 seconds of a portrait of the astronaut Eileen Collins (NASA), moved about.",
            "Try it with a sample video",
            "video_try_sample",
            lambda: session.take_sample(chosen_settings()),
        )
    else:
        show_full("recording", lambda: bool(max_upload_megabytes(session)))


def show_settings() -> None:
    """Show what can be chosen about the analysis."""
    st.segmented_control(
        "Frames analysed a second",
        list(_RATES),
        default=_USUAL,
        required=True,
        key=_RATE,
        persist_state="session",
        width="content",
        help="More show shorter expressions, and take longer. The marked video has every frame in "
        "any case.",
    )
    st.toggle(
        "Small faces too",
        key=_FINE,
        persist_state="session",
        help="Searches every frame as the Photos page does. It takes about twenty times as long.",
    )


def chosen_settings() -> VideoSettings:
    """Return the visitor's choice; ModelError if the model is missing or incomplete."""
    rate = _RATES[st.session_state.get(_RATE) or _USUAL]
    fine = bool(st.session_state.get(_FINE))
    return VideoSettings(rate, fine, chosen_head(), chosen_model())


def _show_uploader(session: VideoSession, megabytes: int) -> None:
    file = st.file_uploader(
        f"A video: {FORMATS}",
        key=_UPLOADER,
        max_upload_size=megabytes,
        on_change=_take_file,
        args=(session,),
    )
    # A file that is still there was refused, and is removed, so that it can be chosen again.
    refused = [file.name] if file else []
    mount(
        "core/uploader",
        {"uploader": _UPLOADER, "accept": _ACCEPT, "pastes": "", "taken": refused},
        key=_HELPER,
        on_refused_change=lambda: _tell_refused(session),
    )


def _take_file(session: VideoSession) -> None:
    file = st.session_state[_UPLOADER]
    if not isinstance(file, BytesIO):  # it was removed, or is on the disk already
        return
    count, too_fast = let_through([file.name])
    if not count:
        session.notice = too_fast
        return
    session.take(file, file.size, file.name, chosen_settings())  # type: ignore[attr-defined]
    if session.source:
        forget_upload(file.file_id)  # type: ignore[attr-defined]


def _tell_refused(session: VideoSession) -> None:
    for file in component_value(_HELPER, "refused", RefusedFiles) or []:
        session.notice = f"{shown_name(file.name)} was not uploaded. {file.reason}".strip()
