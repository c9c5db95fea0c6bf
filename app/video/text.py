"""Texts of the Video page that depend on a recording or its analysis. Does not use Streamlit."""

from __future__ import annotations

import math
from pathlib import PurePath

import numpy as np

from app.core.budget import MB
from app.core.stream_charts.timeline import whole_line
from app.core.text import counted, escape_markdown, left
from app.video.engine import disk_message
from app.video.session import UNREAD, Source
from fer.errors import VideoError
from fer.export.stream import StreamResult, shares
from fer.text import clock, duration
from fer.video.recording import Progress

#: Names that people know codecs by.
_CODECS = {
    "h264": "H.264",
    "hevc": "HEVC",
    "vp8": "VP8",
    "vp9": "VP9",
    "av1": "AV1",
    "mpeg4": "MPEG-4",
    "gif": "GIF",
    "prores": "ProRes",
    "mjpeg": "Motion JPEG",
    "mpeg1video": "MPEG-1",
    "mpeg2video": "MPEG-2",
    "wmv1": "WMV",
    "wmv2": "WMV",
    "wmv3": "WMV",
    "vc1": "VC-1",
    "flv": "FLV",
}

#: What all browsers play: codecs, in files of these formats.
_PLAYABLE_CODECS = frozenset({"h264", "vp8", "vp9", "av1"})
_PLAYABLE_SUFFIXES = frozenset({".mp4", ".m4v", ".mov", ".webm"})

_STAGES = {"analysis": "Step 1 of 2: reading expressions", "picture": "Step 2 of 2: marked video"}


def facts(source: Source) -> str:
    """Return what is known of a recording before its analysis, in a line.

    It is empty until the header has been read.
    """
    video, count = source.video, source.bytes
    if video is UNREAD:
        return ""
    parts = [clock(video.seconds)] if video.seconds is not None else ["unknown length"]
    parts.append(f"{video.width} × {video.height} pixels")
    if video.frame_rate:
        parts.append(f"{video.frame_rate:.3g} frames a second")
    codec = _CODECS.get(video.codec, video.codec)
    parts += [codec, "with sound" if video.has_sound else "no sound"]
    if source.is_sample:
        parts.append("a sample: a photo of the astronaut Eileen Collins (NASA), moved about")
    if count:
        parts.append(f"{count / MB:.1f} MB" if count < 10 * MB else f"{count / MB:.0f} MB")
    return " · ".join(parts)


def browser_plays(source: Source) -> bool:
    """Return whether all browsers play the recording as it is."""
    suffix = PurePath(source.name).suffix.lower()
    return suffix in _PLAYABLE_SUFFIXES and source.video.codec in _PLAYABLE_CODECS


def unplayable(source: Source) -> str:
    """Return why the original is not shown."""
    codec = _CODECS.get(source.video.codec, source.video.codec)
    kind = PurePath(source.name).suffix.lstrip(".").upper() or "such"
    what = f"{codec} in {kind} files" if codec != kind else f"{kind} files as videos"
    return f"Not every browser plays {what}, so the marked video is shown here."


def progress_line(progress: Progress | None, speed: float, seconds_left: float | None) -> str:
    """Return what is being done, how far it is, how fast, and how long it will take."""
    if progress is None:
        return "Getting ready …"
    if progress.stage == "analysis" and progress.share == 1:
        return "Step 1 of 2: choosing the surest moments …"
    parts = [_STAGES[progress.stage]]
    if progress.share is None:
        parts.append(f"{clock(progress.seconds)} so far")
    else:
        parts.append(f"{math.floor(100 * progress.share)}%")
    if speed:
        parts.append(f"{speed:.0f} frames a second")
    if seconds_left is not None:
        parts.append(left(seconds_left))
    return " · ".join(parts)


def found_line(found: StreamResult, *, fine: bool) -> str:
    """Return what everybody shows on the whole, as Markdown, and what may help to find more."""
    rows, times = found.rows.used(), found.times
    closer = "" if fine else " “Small faces too” in Settings looks more closely."
    if not rows.has_face.any():
        return (
            ":material/face_retouching_off: **No face was found.** It helps when faces are larger, "
            f"well lit and turned to the camera.{closer}"
        )
    time = duration(float(times.until[-1] - times.seconds[0]))
    if not found.cuts:
        return whole_line(shares(rows, times), rows.labels, time)
    time = f"{time}, {len(found.cuts) + 1} scenes"
    scene = np.searchsorted(found.cuts, rows.seconds, side="right")
    empty = len(set(scene.tolist()) - set(scene[rows.has_face].tolist()))
    nobody = f" In {counted(empty, 'scene')} no face was found.{closer}" if empty else ""
    return (
        f"{whole_line(shares(rows, times), rows.labels, time)} After a cut, people are recognised "
        f"by their looks and may get a new number.{nobody}"
    )


def failure_line(source: Source, error: Exception | None) -> tuple[str, bool]:
    """Return what to say of an analysis that failed, as Markdown, and whether to try it again."""
    if isinstance(error, VideoError):
        return escape_markdown(f"{source.name} {error}"), False
    if isinstance(error, OSError):
        return f"**The analysis had to stop.** {disk_message(error)}", True
    return (
        "**Something went wrong in FER Lens**, and the analysis had to stop. Try it again; if that "
        "does not help, try another recording.",
        True,
    )
