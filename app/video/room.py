"""How much a server can hold: memory and disk. Does not use Streamlit."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Mapping
from pathlib import Path

from app.common.settings import whole_number

#: Setting, in the environment or the secrets, with the megabytes of the largest recording.
SIZE_VARIABLE = "FER_MAX_VIDEO_MB"
_SIZE = 200

#: Setting with the megabytes of all visitors' recordings together, marked ones included.
TOTAL_VARIABLE = "FER_MAX_VIDEO_TOTAL_MB"
_TOTAL = 2000

MB = 2**20

#: A recording costs its size twice: itself and the marked one, on the disk, and in memory while it
#: is uploaded, shown or downloaded.
COPIES = 2

#: Bytes that stay free, on the disk and in memory, for all else.
_SPARE = 200 * MB

_PROCESS_MEMORY = Path("/sys/fs/cgroup")
_MACHINE_MEMORY = Path("/proc/meminfo")


def max_megabytes(settings: Mapping[str, str]) -> int:
    """Return the size of the largest recording that is taken.

    Raises:
        ValueError: the setting `SIZE_VARIABLE` is not a whole number.
    """
    return whole_number(settings, SIZE_VARIABLE, _SIZE)


def max_total_megabytes(settings: Mapping[str, str]) -> int:
    """Return how large all recordings together may be.

    Raises:
        ValueError: the setting `TOTAL_VARIABLE` is not a whole number.
    """
    return whole_number(settings, TOTAL_VARIABLE, _TOTAL)


def largest_possible(folder: Path) -> int:
    """Return the size in bytes of the largest recording that disk and memory have room for.

    Args:
        folder: where recordings are kept.
    """
    free = [_free_disk(folder), free_memory()]
    return min(max(0, known - _SPARE) // COPIES for known in free if known is not None)


def free_memory(process: Path = _PROCESS_MEMORY, machine: Path = _MACHINE_MEMORY) -> int | None:
    """Return the bytes of memory that this server may still use; None where nobody says.

    Args:
        process: what Linux says about the limits of a container (control groups, version 2).
        machine: what it says about all memory.
    """
    known = []
    with contextlib.suppress(OSError, ValueError):  # no container, or one without a limit ("max")
        most = int((process / "memory.max").read_text())
        used = int((process / "memory.current").read_text())
        # What was read from files and is kept in case somebody needs it again is as good as free.
        kept = _entry((process / "memory.stat").read_text(), "inactive_file")
        known.append(max(0, most - used + kept))
    with contextlib.suppress(OSError, ValueError):
        known.append(1024 * _entry(machine.read_text(), "MemAvailable:"))
    return min(known, default=None)


def _entry(text: str, name: str) -> int:
    words = text.split()
    return int(words[words.index(name) + 1])


def _free_disk(folder: Path) -> int:
    try:
        return shutil.disk_usage(folder).free
    except OSError:  # the folder is gone
        return 0
