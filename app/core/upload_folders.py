"""Folders of uploads that are too large for the memory. Does not use Streamlit.

The folders of one server process are in one root, which that process has locked: whatever is found
unlocked was left over by a process that was killed.
"""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from app.core.budget import Budget
from app.core.memory import free_memory

try:
    import fcntl
except ImportError:  # Windows, where left-overs stay until somebody clears the temporary files
    fcntl = None  # type: ignore[assignment]

#: Beginning of the names of the roots.
_PREFIX = "fer-lens-videos-"

#: Seconds for which an empty root is taken for that of a process that has not locked it yet.
_NEW_SECONDS = 60.0


class UploadFolders:
    """The folders of all visitors of a server process, readable for its user only. Thread-safe.

    Args:
        max_bytes: of all of them together.
        parent: folder of the root; the system's for temporary files if None.
        free: returns the bytes that the disk of a folder, and the memory, have left.
    """

    def __init__(
        self,
        max_bytes: int,
        parent: Path | None = None,
        free: Callable[[Path], int] | None = None,
    ) -> None:
        parent = parent or Path(tempfile.gettempdir())
        remove_left_overs(parent)
        self.root = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))  # mode 0700
        self._locked = _locked(self.root)
        #: Who of the folders has how many bytes.
        self.budget = Budget(max_bytes, lambda: (free or free_bytes)(self.root))

    def make(self, size: int) -> Path | None:
        """Return a new folder for so many bytes, or None if there is no room for them.

        Raises:
            OSError: it cannot be made.
        """
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
    """Delete the roots of processes that were killed.

    Args:
        parent: folder of the roots.
    """
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
