"""How much a server can hold: memory and disk. Does not use Streamlit."""

from __future__ import annotations

import shutil
from pathlib import Path

from app.core.memory import MB, free_memory
from fer.errors import VideoError
from fer.video.opening import VideoInfo

#: Pixels of all frames together that are read of a recording: for each of its bytes, of any, and
#: at most. A film of a still picture with its sound has 8,000 a byte. Read of any are 80 seconds of
#: 1080p at 30 frames a second, and at most are 67 minutes of it.
_PIXELS_A_BYTE, _PIXELS_OF_ANY, _MOST_PIXELS = 20_000, 5_000_000_000, 250_000_000_000

#: Highest frame rate of a header that a recording is refused for; higher ones are often guesses.
_RATE_BELIEVED = 60.0

#: A recording costs its size twice: itself and the marked one, on the disk, and in memory while it
#: is uploaded, shown or downloaded.
COPIES = 2

#: Bytes that stay free, on the disk and in memory, for all else.
_SPARE = 200 * MB


def most_pixels(size: int) -> int:
    """Return how many pixels of all frames together are read of a file of so many bytes."""
    return min(_MOST_PIXELS, _PIXELS_OF_ANY + _PIXELS_A_BYTE * size)


def check_work(video: VideoInfo, size: int) -> None:
    """Raise VideoError if a header says that a file of so many bytes is too much work."""
    frames = (video.seconds or 0) * min(video.frame_rate or 0, _RATE_BELIEVED)
    most = most_pixels(size) / (video.width * video.height)
    if frames > most:
        raise VideoError(
            f"is too much work: about {frames:,.0f} frames of {video.width} × {video.height} "
            f"pixels; of such a file, {most:,.0f} are analysed. Cut it into parts, or make its "
            "picture smaller."
        )


def largest_possible(folder: Path) -> int:
    """Return the size in bytes of the largest recording that disk and memory have room for.

    Args:
        folder: where recordings are kept.
    """
    free = [_free_disk(folder), free_memory()]
    return min(max(0, known - _SPARE) // COPIES for known in free if known is not None)


def _free_disk(folder: Path) -> int:
    try:
        return shutil.disk_usage(folder).free
    except OSError:  # the folder is gone
        return 0
