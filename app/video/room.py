"""How much a server can hold: memory and disk. Does not use Streamlit."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from app.background.memory import MB, free_memory
from app.common.settings import whole_number

#: Setting, in the environment or the secrets, with the number of recordings analysed at once.
JOBS_VARIABLE = "FER_MAX_VIDEO_JOBS"

#: Setting with the megabytes of the largest recording.
SIZE_VARIABLE = "FER_MAX_VIDEO_MB"

#: Setting with the megabytes of all visitors' recordings together, marked ones included.
TOTAL_VARIABLE = "FER_MAX_VIDEO_TOTAL_MB"

#: A recording costs its size twice: itself and the marked one, on the disk, and in memory while it
#: is uploaded, shown or downloaded.
COPIES = 2

#: Bytes that stay free, on the disk and in memory, for all else.
_SPARE = 200 * MB


def max_megabytes(settings: Mapping[str, str]) -> int:
    """Return the size of the largest recording that is taken.

    Raises:
        ValueError: the setting `SIZE_VARIABLE` is not a whole number.
    """
    return whole_number(settings, SIZE_VARIABLE)


def max_total_megabytes(settings: Mapping[str, str]) -> int:
    """Return how large all recordings together may be.

    Raises:
        ValueError: the setting `TOTAL_VARIABLE` is not a whole number.
    """
    return whole_number(settings, TOTAL_VARIABLE)


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
