"""What all visitors of the Video page share, and each visitor's recording."""

from __future__ import annotations

import contextlib
import tempfile
from functools import partial
from pathlib import Path

import streamlit as st

from app.core.jobs import Jobs
from app.core.memory import MB
from app.core.server.end import at_end
from app.core.server.environment import server_settings
from app.core.settings import (
    MAX_VIDEO_JOBS,
    MAX_VIDEO_MB,
    MAX_VIDEO_MINUTES,
    MAX_VIDEO_TOTAL_MB,
)
from app.core.state import jobs, kept
from app.video.engine import Result, read_video
from app.video.visit import VideoVisit
from app.video.workspace import Workspaces, remove_left_overs

#: A limit that memory or disk impose is a multiple of so many megabytes, so that it stays the same
#: for a while: a new limit is a new uploader.
_STEP_MB = 25


def video_visit() -> VideoVisit:
    """Return the visitor's recording. A reload finds it by the key in the page's address."""
    return kept(
        "video_visit",
        lambda: VideoVisit(_jobs(), _workspaces(), _engine()),
        VideoVisit.end,
        lambda visit: int(visit.source is not None),  # the rest is on the disk
        ended=lambda visit: visit.ended,
    )


def max_upload_megabytes(visit: VideoVisit) -> int:
    """Return the size of the largest recording that can be taken now; 0 if there is no room."""
    # Streamlit's own limit holds for every upload, whatever an uploader says.
    limit = min(MAX_VIDEO_MB.number(server_settings()), st.get_option("server.maxUploadSize"))
    room = visit.workspaces.room // MB
    return int(limit if room >= limit else room // _STEP_MB * _STEP_MB)


@st.cache_resource(show_spinner=False)
def begin() -> None:
    """Delete what servers that were killed have left of visitors' recordings."""
    with contextlib.suppress(OSError):
        remove_left_overs(Path(tempfile.gettempdir()))


def _engine() -> partial[Result]:
    minutes = MAX_VIDEO_MINUTES.number(server_settings())
    return partial(read_video, processor_seconds=60.0 * minutes)


def _jobs() -> Jobs:
    return jobs(MAX_VIDEO_JOBS)


@st.cache_resource(show_spinner=False)
def _workspaces() -> Workspaces:
    workspaces = Workspaces(MAX_VIDEO_TOTAL_MB.number(server_settings()) * MB)
    at_end(workspaces.close)
    at_end(_jobs().close)  # before the folders go
    return workspaces
