"""The result of a recording: player, timeline, moments, shares of time, downloads."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import streamlit as st

from app.core.layout import CONTENT_WIDTH
from app.core.models.model_choice import show_answered
from app.core.pictures import fitted
from app.core.session.stream_files import FORMATS
from app.core.text import escape_markdown
from app.live.charts.timeline import Timeline
from app.live.charts_view import show_curves, show_shares, show_timeline
from app.live.downloads import visitors_zone
from app.video.engine import Result
from app.video.files import (
    MARKED_ENDING,
    file_name,
    open_archive,
    stream_result,
)
from app.video.inputs import choose_settings, chosen_settings
from app.video.player import GAP, PANEL_WIDTH, PLAYER_HEIGHT, PLAYER_WIDTH, show_places, show_player
from app.video.text import browser_plays, found_line, unplayable
from app.video.visit import Source, VideoVisit
from fer.export.stream import StreamResult
from fer.export.subtitles import webvtt

_CHOICE = "video_shown"
_MARKED = "Marked video"
_ORIGINAL = "Original with subtitles"

#: Key of the timeline.
_TIMELINE = "video_timeline"

#: Where there is room, moments and downloads stand beside the player, and the timeline below both.
#: On a phone it follows the player at once. A press on it goes to its time.
_TOP = "video_top"
_STYLE = f"""<style>
@media (min-width: {CONTENT_WIDTH + 100}px) {{
  .st-key-{_TOP} {{
    display: grid; align-items: start;
    grid-template-columns: {PLAYER_WIDTH}px {PANEL_WIDTH}px;
  }}
  .st-key-{_TOP} > :nth-child(2) {{ grid-area: 2 / 1 / auto / span 2; }}
  .st-key-{_TOP} > :nth-child(3) {{ grid-area: 1 / 2; }}
}}
.st-key-{_TIMELINE}_chart .fer-timeline div {{ cursor: pointer; }}
</style>"""


def show_result(visit: VideoVisit, source: Source, result: Result) -> None:
    """Show what was found in a recording.

    Args:
        visit: the visitor's recording.
        source: where it is.
        result: what was found.
    """
    found = stream_result(source, result, visitors_zone())
    if found.note:
        st.warning(escape_markdown(found.note), icon=":material/content_cut:")
    if result.note:
        st.warning(
            f"**There is no marked video.** {result.note} The numbers are all here.",
            icon=":material/hard_drive:",
        )
    st.markdown(found_line(found, fine=visit.settings.fine))
    show_answered(result.model, "the next analysis")
    st.html(_STYLE)
    with st.container(gap=GAP, key=_TOP):
        with st.container():
            _show_player(source, result, found)
        with st.container():
            line = _show_timeline(found)
        with st.container():
            if result.recording.moments:
                st.markdown("##### Surest moments", anchors=False)
            show_places(result.recording.moments, line, f"{_TIMELINE}_chart", str(visit.folder))
            st.markdown("##### Downloads", anchors=False)
            _show_downloads(visit, source, result, found)
    rows = found.rows.used()
    first, last = _span(found)
    st.fragment(show_curves)(rows, first, last)
    show_shares(rows, found.times)
    _offer_again(visit)


def _show_player(source: Source, result: Result, found: StreamResult) -> None:
    name, marked = source.name, result.marked
    size = (source.video.width, source.video.height)
    width = fitted(size, PLAYER_WIDTH, PLAYER_HEIGHT)
    choice = st.segmented_control(
        "Video",
        [_MARKED, _ORIGINAL],
        default=_MARKED,
        required=True,
        key=_CHOICE,
        label_visibility="collapsed",
    )
    original = choice == _ORIGINAL or marked is None
    if original and not browser_plays(source):
        st.caption(f":material/info: {unplayable(source)}" if marked else _NOTHING_TO_PLAY)
        original = False
    if original:
        show_player(source.path, f"{name}, with subtitles of who shows what", width, webvtt(found))
    elif marked:
        show_player(
            marked, f"{name}, with a box and an expression on every face that was found", width
        )


_NOTHING_TO_PLAY = ":material/info: Not every browser plays this kind of file."


def _span(found: StreamResult) -> tuple[float, float]:
    """Return the first and the last second of what was found."""
    times = found.times
    if not len(times.seconds):
        return 0.0, 1.0
    return float(times.seconds[0]), float(times.until[-1])


def _show_timeline(found: StreamResult) -> Timeline | None:
    first, last = _span(found)
    with st.container(border=True, gap="xsmall"):
        line = show_timeline(
            found.rows.used(),
            first,
            last,
            last,
            _TIMELINE,
            empty="No face in this recording.",
            cuts=found.cuts,
            hole_seconds=found.hole_seconds,
        )
        if line:
            st.caption(
                ":material/touch_app: Press anywhere in the timeline to go there in the video."
            )
    return line


def _show_downloads(visit: VideoVisit, source: Source, result: Result, found: StreamResult) -> None:
    marked, folder = result.marked, visit.folder
    with st.container(horizontal=True, gap="small"):
        if marked:
            _download(
                "Marked video (MP4)",
                partial(marked.open, "rb"),  # Streamlit reads and closes it
                file_name(source, MARKED_ENDING),
                "video/mp4",
                "With a box and an expression on every face that was found, and the sound.",
            )
        if folder:
            _download(
                "All files (ZIP)",
                partial(open_archive, source, found, marked, folder),
                file_name(source, "-expressions.zip"),
                "application/zip",
                "All of these in one archive.",
            )
        for kind in FORMATS:
            name = file_name(source, kind.ending)
            _download(kind.label, partial(kind.contents, found), name, kind.mime, kind.purpose)


def _download(label: str, make: Callable[[], Any], name: str, mime: str, purpose: str) -> None:
    st.download_button(
        label,
        make,
        name,
        mime,
        key=f"video_download_{label}",
        on_click="ignore",
        icon=":material/download:",
        help=purpose,
    )


def _offer_again(visit: VideoVisit) -> None:
    with st.expander("Analyse it once more, in another way", icon=":material/tune:"):
        choose_settings()
        st.button(
            "Analyse again",
            icon=":material/replay:",
            key="video_again",
            on_click=lambda: visit.start(chosen_settings()),
        )
