"""How much memory a server has left."""

from __future__ import annotations

import contextlib
from pathlib import Path

MB = 2**20

_PROCESS_MEMORY = Path("/sys/fs/cgroup")
_MACHINE_MEMORY = Path("/proc/meminfo")


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
