"""How much memory this process has, and giving back what it does not use. No Streamlit."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

_STATUS = Path("/proc/self/status")

#: What `bound_allocator` sets: the name in the environment, the number in GNU's ``malloc.h``, the
#: value. Number of heaps; bytes from which memory comes straight from the system and goes straight
#: back, more than a camera frame has; free bytes at the end of a heap that are given back; what
#: memory is filled with as it is freed.
_BOUNDS = (
    ("MALLOC_ARENA_MAX", -8, 1),
    ("MALLOC_MMAP_THRESHOLD_", -3, 2**20),
    ("MALLOC_TRIM_THRESHOLD_", -1, 4 * 2**20),
    ("MALLOC_PERTURB_", -6, 0xAA),
)


def resident_bytes(status: Path = _STATUS) -> int | None:
    """Return the bytes of memory that this process has; None where nobody says.

    Args:
        status: what Linux says about a process.
    """
    with contextlib.suppress(OSError, ValueError, IndexError):
        return 1024 * int(status.read_text().split("VmRSS:")[1].split()[0])
    return None


def give_back() -> None:
    """Collect garbage, and give unused memory back to the system where the C library can.

    An allocator keeps what was freed for whoever asks next. After a large picture that is more than
    the pages themselves take.
    """
    gc.collect()
    if library := _gnu_library():
        library.malloc_trim(0)


def bound_allocator(environment: Mapping[str, str] = os.environ) -> list[str]:
    """Have the GNU C library keep less of what was freed, and wipe it; others stay as they are.

    By default it has up to eight heaps for each core, so that threads need not wait for each other,
    and what is free in one is of no use to another. And it raises the size from which memory comes
    straight from the system, and goes straight back, to that of what was freed last. After four
    photographs of up to 24 megapixels the server had 411 MB; with these bounds it has 302. One heap
    is enough: small objects come from Python's own allocator, and pictures from the system.

    What is freed stays in memory until somebody needs the place. A visitor's file of 400 kB was
    found there long after the tab was closed, up to twice, and some of its pixels.

    Args:
        environment: what whoever runs the server has set there holds.

    Returns:
        The names of the bounds that were set.
    """
    library = _gnu_library()
    if library is None:
        return []
    wanted = [bound for bound in _BOUNDS if bound[0] not in environment]
    return [name for name, number, value in wanted if library.mallopt(number, value)]


@cache
def _gnu_library() -> ctypes.CDLL | None:
    if sys.platform != "linux":
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "gnu_get_libc_version") else None
