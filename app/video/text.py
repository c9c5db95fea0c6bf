"""Texts of the Video page that depend on a recording or its analysis. Does not use Streamlit."""

from __future__ import annotations

import math
from pathlib import PurePath

import numpy as np

from app.core.budget import MB
from app.core.text import counted, escape_markdown, left
from app.video.engine import disk_message
from app.video.session import Source
from fer.errors import VideoError
from fer.export.stream import StreamResult
from fer.text import clock
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
}

#: What all browsers play: codecs, in files of these formats.
_PLAYABLE_CODECS = frozenset({"h264", "vp8", "vp9", "av1"})
_PLAYABLE_SUFFIXES = frozenset({".mp4", ".m4v", ".mov", ".webm"})

_STAGES = {"analysis": "Step 1 of 2: reading expressions", "picture": "Step 2 of 2: marked video"}


def facts(source: Source) -> str:
    """Return what is known of a recording before its analysis, in a line."""
    video, count = source.video, source.bytes
    parts = [clock(video.seconds)] if video.seconds is not None else ["unknown length"]
    parts.append(f"{video.width} × {video.height} pixels")
    if video.frame_rate:
        parts.append(f"{video.frame_rate:.3g} frames a second")
    parts += [_codec_name(video.codec), "with sound" if video.has_sound else "no sound"]
    if source.is_sample:
        parts.append("a sample: a photo of the astronaut Eileen Collins (NASA), moved about")
    if count:
        parts.append(f"{count / MB:.1f} MB" if count < 10 * MB else f"{count / MB:.0f} MB")
    return " · ".join(parts)


def _codec_name(codec: str) -> str:
    return _CODECS.get(codec, codec)


def browser_plays(source: Source) -> bool:
    """Return whether all browsers play the recording as it is."""
    suffix = PurePath(source.name).suffix.lower()
    return suffix in _PLAYABLE_SUFFIXES and source.video.codec in _PLAYABLE_CODECS


def unplayable(source: Source) -> str:
    """Return why the original is not shown."""
    codec = _codec_name(source.video.codec)
    kind = PurePath(source.name).suffix.lstrip(".").upper() or "such"
    what = f"{codec} in {kind} files" if codec != kind else f"{kind} files as videos"
    return f"Not every browser plays {what}, so the marked video is shown here."


def progress_line(progress: Progress | None, speed: float, seconds_left: float | None) -> str:
    """Return what is being done, how far it is, how fast, and how long it will take.

    Args:
        progress: the last report; None before the first.
        speed: frames a second; 0 if unknown.
        seconds_left: until all is done; None if unknown.
    """
    if progress is None:
        return "Getting ready …"
    if progress.stage == "analysis" and progress.share == 1:
        return "Step 1 of 2: choosing the surest moments …"
    parts = [_STAGES.get(progress.stage, progress.stage)]
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
    """Return how many people were found in how many scenes, as Markdown, and what may help.

    Args:
        found: what was found in a recording.
        fine: whether small faces were looked for.
    """
    seen = found.rows.has_face
    people = len({int(track) for track in found.rows.track[seen]})
    closer = "" if fine else " “Small faces too” below looks more closely."
    if not people:
        return (
            ":material/face_retouching_off: **No face was found.** It helps when faces are larger, "
            f"well lit and turned to the camera.{closer}"
        )
    who = counted(people, "person").replace("persons", "people")
    if not found.cuts:
        return f":material/groups: **{who}**"
    scene = np.searchsorted(found.cuts, found.rows.seconds, side="right")
    empty = len(set(scene.tolist()) - set(scene[seen].tolist()))
    nobody = f" In {counted(empty, 'scene')} no face was found.{closer}" if empty else ""
    scenes = counted(len(found.cuts) + 1, "scene")
    return (
        f":material/groups: **{who}** in {scenes}. After a cut to another scene everybody has a "
        f"new number.{nobody}"
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
