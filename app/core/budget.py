"""What visitors' uploads may take of a server's memory and disk. Does not use Streamlit.

Folders of uploads that are too large for the memory are in one root for each server process, which
that process has locked: whatever is found unlocked was left over by a process that was killed.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Hashable
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows, where left-overs stay until somebody clears the temporary files
    fcntl = None  # type: ignore[assignment]

MB = 2**20

_PROCESS_MEMORY = Path("/sys/fs/cgroup")
_MACHINE_MEMORY = Path("/proc/meminfo")


def free_memory(process: Path = _PROCESS_MEMORY, machine: Path = _MACHINE_MEMORY) -> int | None:
    """Return the bytes of memory that this server may still use; None where nobody says.

    The smaller of what a container (control groups, version 2) and the whole machine have.
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


#: Bytes that stay free for all else, a photo that is being read among it.
_SPARE = 250 * MB


class Budget:
    """Who holds how many bytes of a server's memory or disk. Safe to share between threads.

    `free` returns the bytes that are left, or None where nobody says; of memory if not given.
    """

    def __init__(self, max_bytes: int, free: Callable[[], int | None] | None = None) -> None:
        self._max_bytes, self._free = max_bytes, free
        self._lock = threading.Lock()
        self._held: dict[Hashable, int] = {}

    @property
    def left(self) -> int:
        """Bytes that somebody can still take."""
        with self._lock:
            return self._left()

    def take(self, who: Hashable, uploaded: int, expected: int) -> bool:
        """Note that somebody holds bytes, or return False if there is no room for them.

        Who holds some already holds these in their place. What was uploaded is in memory already,
        but still counts as a visitor's; what is expected comes on top.
        """
        with self._lock:
            own = self._held.get(who, 0)
            if expected > self._left() + own or uploaded + expected > self._unheld() + own:
                return False
            self._held[who] = uploaded + expected
            return True

    def hold(self, who: Hashable, count: int) -> None:
        """Note how many bytes somebody who has taken some really holds; nothing is refused."""
        with self._lock:
            if who in self._held:
                self._held[who] = count

    def release(self, who: Hashable) -> None:
        """Note that somebody holds nothing any more."""
        with self._lock:
            self._held.pop(who, None)

    def _left(self) -> int:
        free = (self._free or free_memory)()
        unheld = self._unheld()
        return unheld if free is None else max(0, min(unheld, free - _SPARE))

    def _unheld(self) -> int:
        return max(0, self._max_bytes - sum(self._held.values()))


#: Beginning of the names of the roots.
_PREFIX = "fer-lens-videos-"

#: Seconds for which an empty root is taken for that of a process that has not locked it yet.
_NEW_SECONDS = 60.0


class UploadFolders:
    """The folders of all visitors of a server process, readable for its user only. Thread-safe.

    `free` returns the bytes that the disk of a folder, and the memory, have left.
    """

    def __init__(
        self, max_bytes: int, parent: Path | None = None, free: Callable[[Path], int] | None = None
    ) -> None:
        parent = parent or Path(tempfile.gettempdir())
        remove_left_overs(parent)
        self.root = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))  # mode 0700
        self._locked = _locked(self.root)
        #: Who of the folders has how many bytes.
        self.budget = Budget(max_bytes, lambda: (free or free_bytes)(self.root))

    def make(self, size: int) -> Path | None:
        """Return a new folder for so many bytes, or None without room; OSError if it fails."""
        folder = self.root / secrets.token_hex(8)
        if not self.budget.take(folder, 0, size):
            return None
        try:
            folder.mkdir(mode=0o700)
        except OSError:
            self.remove(folder)
            raise
        return folder

    def remove(self, folder: Path) -> None:
        """Delete a folder with all that is in it; it may have been deleted before.

        What is still open there goes when it is closed.
        """
        shutil.rmtree(folder, ignore_errors=True)
        self.budget.release(folder)

    def close(self) -> None:
        """Delete all of them, and the root."""
        shutil.rmtree(self.root, ignore_errors=True)
        if self._locked is not None:
            os.close(self._locked)
            self._locked = None


def free_bytes(folder: Path) -> int:
    """Return the bytes that are left: of the disk, and of memory, through which downloads go."""
    try:
        disk = shutil.disk_usage(folder).free
    except OSError:  # the folder is gone
        return 0
    memory = free_memory()
    return disk if memory is None else min(disk, memory)


def remove_left_overs(parent: Path) -> None:
    """Delete the roots of processes that were killed."""
    for root in parent.glob(f"{_PREFIX}*"):
        try:
            new = time.time() - root.stat().st_mtime < _NEW_SECONDS
            if root.is_symlink() or (new and not any(root.iterdir())):
                continue
            locked = _locked(root)
        except OSError:  # of another user, or gone
            continue
        if locked is not None:
            shutil.rmtree(root, ignore_errors=True)
            os.close(locked)


def _locked(root: Path) -> int | None:
    """Lock a root for as long as this process lives, or return None if another one has it."""
    if fcntl is None:
        return None
    handle = os.open(root, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return None
    return handle
