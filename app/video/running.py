"""What the Video page shows while a recording is analysed."""

from __future__ import annotations

import streamlit as st

from app.core.jobs import State
from app.core.pictures import fitted
from app.live.charts_view import show_timeline
from app.video.player import GAP, PANEL_WIDTH, PLAYER_WIDTH
from app.video.text import progress_line, waiting_line
from app.video.visit import VideoVisit
from fer.export.stream import NO_HOLES
from fer.video.recording import Progress

#: Greatest height in pixels of the newest picture, so that the timeline is seen below it.
_HEIGHT = 440

#: Least span of the timeline in seconds.
_LEAST_SECONDS = 10.0


def show_running(visit: VideoVisit) -> None:
    """Show how far the analysis is, and what it has found so far; rerun the page at its end."""
    job, progress = visit.job, visit.progress
    if job is None or not job.active:
        st.rerun()
    if job.state is State.WAITING:
        line = waiting_line(visit.jobs.ahead_of(job), visit.jobs.places)
        st.info(line, icon=":material/hourglass_top:")
        return
    newest = progress.newest
    line = progress_line(newest, progress.speed, progress.seconds_left)
    share = newest.share if newest else 0.0
    if share is None:  # nobody knows how long it is
        st.markdown(f":material/hourglass_top: {line}")
    else:
        st.progress(share, line)
    with st.container(horizontal=True, gap=GAP):
        with st.container(width=PLAYER_WIDTH):
            _picture(visit)
        with st.container(width=PANEL_WIDTH):
            _timeline(visit, newest)


def _picture(visit: VideoVisit) -> None:
    picture, source = visit.progress.picture, visit.source
    if not picture or source is None:
        st.skeleton(height=320)
        return
    size = (source.video.width, source.video.height)
    width = fitted(size, PLAYER_WIDTH, _HEIGHT)
    st.image(picture, width=width, alt="The newest analysed frame, with the faces marked")


def _timeline(visit: VideoVisit, newest: Progress | None) -> None:
    rows, source = visit.progress.rows, visit.source
    if source is None or newest is None or rows is None or not len(rows):
        return
    start = float(rows.seconds[0])
    until = max(newest.seconds, float(rows.seconds[-1]))
    end = max(until, start + max(source.video.seconds or 0.0, _LEAST_SECONDS))
    with st.container(border=True, gap="xsmall"):
        show_timeline(
            rows,
            start,
            end,
            until,
            "video_growing_timeline",
            empty="No face yet.",
            hole_seconds=NO_HOLES,
        )
