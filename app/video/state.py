"""What all visitors of the Video page share, and each visitor's recording."""

from __future__ import annotations

from functools import partial

import streamlit as st

from app.core.budget import MB, UploadFolders
from app.core.server.end import at_end
from app.core.settings import (
    MAX_VIDEO_JOBS,
    MAX_VIDEO_MB,
    MAX_VIDEO_MINUTES,
    MAX_VIDEO_TOTAL_MB,
)
from app.core.state import jobs, kept, upload_megabytes
from app.video.engine import read_video
from app.video.session import COPIES, VideoSession

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
