"""Open a recording and read what its header says, or raise a helpful error."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import av
import av.error
from av.stream import Disposition

from fer.errors import VideoError, failures_as
from fer.video.claims import claimed_samples

#: What is read, by the names of FFmpeg's demuxers. Anything else is refused before it is
#: interpreted: a playlist, for example, would have further files opened.
_DEMUXERS = "mov,matroska,webm,avi,gif,mpegts,mpeg,flv,asf"

#: File name extensions of those formats, for file pickers.
SUFFIXES = (
    "mp4", "mov", "m4v", "webm", "mkv", "avi", "wmv", "flv", "mpg", "mpeg", "ts", "mts", "m2ts",
    "gif",
)  # fmt: skip

#: The same for people.
FORMATS = "MP4, MOV, M4V, WebM, MKV, AVI, WMV, FLV, MPEG, MPEG-TS or an animated GIF"

#: What is wrong with a file of another kind.
_NO_VIDEO = f"is not a recording that can be read, or is cut off; expected {FORMATS}."

#: Least width and height in pixels, since a smaller picture cannot show a face, and most pixels of
#: a frame: 8K is 33 million. A frame of an animation takes four bytes a pixel, several times over.
MIN_SIDE, MAX_PIXELS, MAX_GIF_PIXELS = 16, 36_000_000, 9_000_000

#: Longest length that is believed, in seconds, and least bytes of a second of it.
_LONGEST, _LEAST_BYTES = 7 * 24 * 3600.0, 20.0

#: Most times that a pixel is believed to be wider than high, or higher than wide.
_MOST_ASPECT = 4.0

#: Where the first packet of an MPEG transport stream begins, and bytes of each: plain, and with the
#: time before it, as in camcorders.
_TS_SYNC = {0: 188, 4: 192}
_TS_SYNC_BYTE = b"\x47"

#: Highest frame rate that is believed.
_HIGHEST_RATE = 1000

#: Most frames and sound packets that a file may claim: ten hours of 30 frames a second with sound.
#: FFmpeg's index of them takes 210 MB.
_MOST_SAMPLES = 3_000_000

#: Threads of the decoder. More would hold more frames in memory.
_THREADS = 2

#: Earliest year of a recording; cameras without a clock write 1904 or 1970.
_EARLIEST_YEAR = 1990


@dataclass(frozen=True)
class VideoInfo:
    """What the header of a recording says; None where it says nothing, or nothing believable.

    Attributes:
        width: width of the upright picture, in pixels.
    """

    width: int
    height: int
    seconds: float | None
    frame_rate: float | None
    codec: str
    has_sound: bool
    created: datetime | None = None


def opened(source: Path) -> Any:
    """Open a file as an `av.container.InputContainer`, to be closed, or raise a VideoError."""

    def failure(error: Exception) -> VideoError:
        if isinstance(error, OSError) and not isinstance(error, av.error.FFmpegError):
            return VideoError(f"cannot be opened: {error.strerror or error}.")
        return VideoError(_NO_VIDEO)

    with failures_as(failure):
        if not source.stat().st_size:
            raise VideoError("is empty (0 bytes).")
        claimed = claimed_samples(source)
        if claimed > _MOST_SAMPLES:
            raise VideoError(
                f"claims to have {claimed:,} frames and sound packets; at most {_MOST_SAMPLES:,} "
                "are read. It is damaged, or has to be cut into shorter parts."
            )
        only = {"format_whitelist": _DEMUXERS, "protocol_whitelist": "file"}
        return av.open(str(source.resolve()), options=only, metadata_errors="replace")


def picture_of(container: Any) -> Any:
    """Return the track that a player shows, an `av.VideoStream`, or raise a VideoError."""
    stream = container.streams.best("video")
    if stream is None or stream.disposition & Disposition.attached_pic:  # the cover of an album
        heard = "sound, but no picture" if container.streams.audio else "no picture"
        raise VideoError(f"holds {heard}. Faces can be found in recordings with a picture only.")
    codec = stream.codec_context
    if codec is None:
        raise VideoError("holds a picture in a codec that is not known here.")
    most = MAX_GIF_PIXELS if container.format.name == "gif" else MAX_PIXELS
    check_size(codec.width, codec.height, most)
    check_size(round(codec.width * pixel_aspect_of(stream)), codec.height, most)
    # The header may say less than the frames do.
    codec.options = {"max_pixels": str(most)}
    codec.thread_count, codec.thread_type = _THREADS, "AUTO"
    return stream


def pixel_aspect_of(stream: Any) -> float:
    """Return the width of a stored pixel in its heights; 1 where the file says nothing believable.

    Cameras and discs for television store pixels that are shown wider or narrower than high.
    """
    aspect = float(stream.sample_aspect_ratio or 1)
    return aspect if 1 / _MOST_ASPECT <= aspect <= _MOST_ASPECT else 1.0


def is_cut_off(container: Any, source: Path) -> bool:
    """Return whether an open file ends within a packet, as far as its format tells."""
    if container.format.name != "mpegts":
        return False
    with source.open("rb") as file:
        begin = file.read(max(_TS_SYNC) + 1)
    sizes = [size for at, size in _TS_SYNC.items() if begin[at : at + 1] == _TS_SYNC_BYTE]
    return bool(sizes) and source.stat().st_size % sizes[0] != 0


def check_size(width: int, height: int, most: int = MAX_PIXELS) -> None:
    """Raise VideoError if frames of this size in pixels cannot be analysed."""
    if width * height > most:
        may = f"{most // 10**6} million pixels"
        raise VideoError(f"is too large: {width} × {height} pixels; frames may have {may}.")
    if not width or not height:
        raise VideoError(
            "does not say how large its picture is. It is damaged, or its frames are too large."
        )
    if min(width, height) < MIN_SIDE:
        raise VideoError(
            f"is too small: {width} × {height} pixels; expected {MIN_SIDE} × {MIN_SIDE} at least."
        )


def describe(
    container: Any, stream: Any, size: tuple[int, int], start: float, file_bytes: int
) -> VideoInfo:
    """Return what an open file says of an upright picture, its first frame shown at a second."""
    rate = stream.average_rate or stream.guessed_rate
    return VideoInfo(
        *size,
        seconds=_length(container, stream, start, file_bytes),
        frame_rate=float(rate) if rate and 0 < rate <= _HIGHEST_RATE else None,
        codec=stream.codec_context.name,
        has_sound=container.streams.best("audio") is not None,
        created=_created(container),
    )


def _length(container: Any, stream: Any, start: float, file_bytes: int) -> float | None:
    """Return the length of the picture in seconds, if the header says something believable."""
    if container.format.name == "avi" and stream.frames and stream.average_rate:
        # FFmpeg takes for its length what is there, also of a file that is cut off.
        seconds = float(stream.frames / stream.average_rate)
    elif stream.duration and stream.time_base:
        seconds = float(stream.duration * stream.time_base)
    elif container.duration:
        seconds = container.duration / av.time_base
    else:
        return None
    if "matroska" in container.format.name:  # which counts from zero, whenever the picture begins
        seconds -= start
    believable = 0 < seconds <= min(_LONGEST, file_bytes / _LEAST_BYTES)
    return seconds if believable else None


def _created(container: Any) -> datetime | None:
    try:
        time = datetime.fromisoformat(container.metadata.get("creation_time", ""))
    except ValueError:
        return None
    time = time if time.tzinfo else time.replace(tzinfo=UTC)
    return time if time.year >= _EARLIEST_YEAR else None
