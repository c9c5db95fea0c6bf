"""What the Video page shows of a recording: how far its analysis is, and then its result."""

from __future__ import annotations

import base64
import secrets
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import tzinfo
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, cast

import streamlit as st

from app.core.components import download, mount
from app.core.jobs import State
from app.core.layout import CONTENT_WIDTH
from app.core.models.running_model import show_answered
from app.core.pictures import fitted
from app.core.session.stream_files import FORMATS
from app.core.state import visitors_zone
from app.core.stream_charts.timeline import Timeline, person_name
from app.core.stream_charts.view import show_curves, show_shares, show_timeline
from app.core.text import escape_markdown, stem_of, waiting_line
from app.video.engine import Result, VideoProgress
from app.video.session import Source, VideoSession
from app.video.text import browser_plays, facts, found_line, progress_line, unplayable
from fer.export.stream import NO_GAPS, StreamResult
from fer.export.subtitles import webvtt
from fer.labels import colour_of, person_colour
from fer.text import chance, clock
from fer.video.recording import Moment, result_of

#: Pixels: greatest width and height of the player, the gap to what stands beside it, and the width
#: of that; greatest height of the newest picture, so that the timeline is seen below it.
_PLAYER_WIDTH, _PLAYER_HEIGHT = 640, 440
_GAP = 24
_PANEL_WIDTH = CONTENT_WIDTH - _PLAYER_WIDTH - _GAP
_PICTURE_HEIGHT = 440

#: Least span in seconds of the timeline that grows.
_LEAST_SECONDS = 10.0

_MARKED, _ORIGINAL = "Marked video", "Original with subtitles"

#: End of the name of the marked video, as a file to save.
_MARKED_ENDING = "-expressions.mp4"

#: Keys of the container of the player, and of the timeline.
_PLAYER, _TIMELINE = "video_player", "video_timeline"

#: Where there is room, moments and downloads stand beside the player, and the timeline below both.
#: On a phone it follows the player at once. A press on it goes to its time.
_TOP = "video_top"
_STYLE = f"""<style>
@media (min-width: {CONTENT_WIDTH + 100}px) {{
  .st-key-{_TOP} {{
    display: grid; align-items: start;
    grid-template-columns: {_PLAYER_WIDTH}px {_PANEL_WIDTH}px;
  }}
  .st-key-{_TOP} > :nth-child(2) {{ grid-area: 2 / 1 / auto / span 2; }}
  .st-key-{_TOP} > :nth-child(3) {{ grid-area: 1 / 2; }}
}}
.st-key-{_TIMELINE}_chart .fer-timeline div {{ cursor: pointer; }}
</style>"""


def show_running(session: VideoSession) -> None:
    """Show how far the analysis is, and what it has found so far; rerun the page at its end."""
    job, progress, source = session.job, session.progress, session.source
    if job is None or source is None or not job.active:
        st.rerun()
    newest = progress.newest
    with st.container(horizontal=True, vertical_alignment="center"):
        if job.state is State.WAITING:
            line = waiting_line(session.jobs.ahead_of(job), session.jobs.places, "recording")
            st.info(line, icon=":material/hourglass_top:")
        elif session.stopping:
            st.markdown(":material/hourglass_top: Cancelled: keeping what was analysed so far …")
        else:
            _show_progress(progress)
        # Not where "Another video" is after the end, which a late click would meet.
        if not session.stopping:
            st.button(
                "Cancel", icon=":material/close:", key="video_cancel", on_click=session.cancel
            )
    if job.state is State.WAITING:
        return
    with st.container(horizontal=True, gap=_GAP):
        with st.container(width=_PLAYER_WIDTH):
            if picture := progress.picture:
                width = fitted(_size(source), _PLAYER_WIDTH, _PICTURE_HEIGHT)
                alt = "The newest analysed frame, with the faces marked"
                st.image(picture, width=width, alt=alt)
            else:
                st.skeleton(height=320)
            st.caption(escape_markdown(facts(source)))
        with st.container(width=_PANEL_WIDTH):
            rows = progress.rows
            if newest and rows is not None and len(rows):
                start = float(rows.seconds[0])
                until = max(newest.seconds, float(rows.seconds[-1]))
                end = max(until, start + max(source.video.seconds or 0.0, _LEAST_SECONDS))
                with st.container(border=True, gap="xsmall"):
                    show_timeline(
                        rows, start, end, until, "video_growing_timeline",
                        empty="No face yet.", gap_seconds=NO_GAPS,
                    )  # fmt: skip


def _show_progress(progress: VideoProgress) -> None:
    newest = progress.newest
    line = progress_line(newest, progress.speed, progress.seconds_left)
    share = newest.share if newest else 0.0
    if share is None:  # nobody knows how long it is
        st.markdown(f":material/hourglass_top: {line}", width="stretch")
    else:
        st.progress(share, line)


def show_result(session: VideoSession, source: Source, result: Result) -> None:
    """Show what was found in a recording: player, timeline, moments, shares of time, downloads."""
    found = stream_result(source, result, visitors_zone())
    if result.cancelled:
        note = found.note or "Cancelled: all of it was analysed."
        st.info(f"{escape_markdown(note)} There is no marked video.", icon=":material/content_cut:")
    elif found.note:
        st.warning(escape_markdown(found.note), icon=":material/content_cut:")
    if result.note:
        st.warning(
            f"**There is no marked video.** {result.note} The numbers are all here.",
            icon=":material/hard_drive:",
        )
    st.markdown(found_line(found, fine=session.settings.fine))
    st.html(_STYLE)
    rows, times = found.rows.used(), found.times
    first, last = 0.0, 1.0
    if len(times.seconds):
        first, last = float(times.seconds[0]), float(times.until[-1])
    with st.container(gap=_GAP, key=_TOP):
        with st.container():
            _show_player(source, result, found)
        with st.container(), st.container(border=True, gap="xsmall"):
            line = show_timeline(
                rows, first, last, last, _TIMELINE, empty="No face in this recording.",
                cuts=found.cuts, gap_seconds=found.gap_seconds,
            )  # fmt: skip
            if line:
                st.caption(
                    ":material/touch_app: Press anywhere in the timeline to go there in the video."
                )
        with st.container():
            if result.recording.moments:
                st.markdown("##### Surest moments", anchors=False)
            _show_places(result.recording.moments, line, str(session.folder))
            st.markdown("##### Downloads", anchors=False)
            _show_downloads(source, result, found, session.folder)
            st.caption(escape_markdown(facts(source)))
            show_answered(result.model, "the next analysis")
    st.fragment(show_curves)(rows, first, last)
    show_shares(rows, times)


def _size(source: Source) -> tuple[int, int]:
    return source.video.width, source.video.height


def _show_player(source: Source, result: Result, found: StreamResult) -> None:
    above = st.container()
    choice = _ORIGINAL
    if result.marked:
        choice = st.segmented_control(
            "Video",
            [_MARKED, _ORIGINAL],
            default=_MARKED,
            required=True,
            key="video_shown",
            label_visibility="collapsed",
        )
    file, what = result.marked, "with a box and an expression on every face that was found"
    tracks: dict[str, Any] | None = None
    if choice == _ORIGINAL or file is None:
        if browser_plays(source):
            file, what = source.path, "with subtitles of who shows what"
            tracks = {"Expressions": webvtt(found)}
        else:
            no_player = "Not every browser plays this kind of file."
            st.caption(f":material/info: {unplayable(source) if file else no_player}")
    if file:
        width = fitted(_size(source), _PLAYER_WIDTH, _PLAYER_HEIGHT)
        with above.container(key=_PLAYER):
            st.video(str(file), subtitles=tracks, alt=f"{source.name}, {what}", width=width)


def _show_places(moments: Sequence[Moment], line: Timeline | None, video: str) -> None:
    """Show moments that take the player to their time, and let the timeline do the same."""
    data = {
        "player": _PLAYER,
        "chart": f"{_TIMELINE}_chart",
        "start": line.start if line else 0.0,
        "end": line.end if line else 0.0,
        "video": video,
        "people": [
            {
                "name": person_name(person),
                "colour": person_colour(person),
                "moments": [_moment(moment) for moment in moments if moment.person == person],
            }
            for person in sorted({moment.person for moment in moments})
        ],
    }
    mount("video/places", data, key="video_places")


def _moment(moment: Moment) -> dict[str, Any]:
    time, share = clock(moment.seconds), chance(moment.confidence)
    return {
        "seconds": moment.seconds,
        "time": time,
        "answer": moment.expression,
        "colour": colour_of(moment.expression),
        "label": f"{person_name(moment.person)}, {moment.expression} {share}: go to {time}",
        "portrait": base64.b64encode(moment.portrait).decode(),
    }


def _show_downloads(
    source: Source, result: Result, found: StreamResult, folder: Path | None
) -> None:
    #: Label, contents, ending, media type, purpose.
    files: list[tuple[str, Callable[[], Any], str, str, str]] = []
    if marked := result.marked:
        about = "With a box and an expression on every face that was found, and the sound."
        write = partial(marked.open, "rb")  # Streamlit reads and closes it
        files.append(("Marked video (MP4)", write, _MARKED_ENDING, "video/mp4", about))
    if folder:
        pack = partial(open_archive, source, found, marked, folder)
        about = "All of these in one archive."
        files.append(("All files (ZIP)", pack, "-expressions.zip", "application/zip", about))
    files += [(f.label, partial(f.contents, found), f.ending, f.mime, f.purpose) for f in FORMATS]
    with st.container(horizontal=True, gap="small"):
        for label, contents, ending, mime, purpose in files:
            download(label, contents, file_name(source, ending), mime, "video", purpose)


def stream_result(source: Source, result: Result, zone: tzinfo) -> StreamResult:
    """Return what the files say of a recording, with times in a zone."""
    found = result_of(result.recording, source.name)
    return replace(found, info=replace(found.info, time=found.info.time.astimezone(zone)))


def file_name(source: Source, ending: str) -> str:
    """Return the name of a file with results: ``holiday.csv`` for ``holiday.mov``."""
    return f"{stem_of(source.name, 'video')}{ending}"


def open_archive(
    source: Source, result: StreamResult, marked: Path | None, folder: Path
) -> BinaryIO:
    """Return a ZIP with all files, open for reading; it is gone from the disk when it is closed.

    It is made in the folder, so that no more than a part of it is in memory; OSError if it cannot
    be written.
    """
    target = folder / f"{secrets.token_hex(8)}.zip"
    try:
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for kind in FORMATS:
                name = file_name(source, kind.ending)
                with archive.open(name, "w", force_zip64=True) as out:
                    kind.write(result, cast(BinaryIO, out))
            if marked:  # a video gets no smaller
                name = file_name(source, _MARKED_ENDING)
                archive.write(marked, name, compress_type=zipfile.ZIP_STORED)
        return target.open("rb")
    finally:
        target.unlink(missing_ok=True)
