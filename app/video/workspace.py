"""Folders with visitors' recordings, which go with them. Does not use Streamlit.

A recording is too large to stay in memory while it is analysed, so it is written to a folder that
only this server's user may read. The folders of one server process are in one root, which that
process has locked: whatever is found unlocked was left over by a process that was killed.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from app.core.memory import MB
from app.core.server.events import log_disk_failure
from app.video.room import COPIES, largest_possible

try:
    import fcntl
except ImportError:  # Windows, where left-overs stay until somebody clears the temporary files
    fcntl = None  # type: ignore[assignment]

#: Beginning of the names of the roots.
_PREFIX = "fer-lens-videos-"

#: Seconds for which an empty root is taken for that of a process that has not locked it yet.
_NEW_SECONDS = 60.0

#: Bytes that are written at a time.
_CHUNK = MB


class NoRoomError(Exception):
    """The server cannot hold a recording. Its message is for the visitor."""


#: What is said where there is no room. A visitor cannot change it, but wait.
_FULL = (
    "This server has no room for it at the moment: the recordings of other visitors take it. Try "
    "again later, or with a shorter or smaller recording."
)
_DISK_FULL = (
    "The disk of this server is full. Try again later, or with a shorter or smaller recording."
)


class Workspace:
    """The folder of one recording. Safe to share between threads."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def bytes(self) -> int:
        """How much is in it."""
        try:
            return sum(entry.stat().st_size for entry in os.scandir(self.folder))
        except OSError:  # it was removed meanwhile
            return 0

    def remove(self) -> None:
        """Delete it with all that is in it. What is still open there goes when it is closed."""
        shutil.rmtree(self.folder, ignore_errors=True)


class Workspaces:
    """The folders of all visitors of a server process. Safe to share between threads.

    Args:
        max_bytes: of all of them together.
        parent: folder of the root; the system's for temporary files if None.
        possible: returns the size of the largest recording that a folder's disk and the memory
            have room for.
    """

    def __init__(
        self,
        max_bytes: int,
        parent: Path | None = None,
        possible: Callable[[Path], int] = largest_possible,
    ) -> None:
        self._max_bytes, self._possible = max_bytes, possible
        parent = parent or Path(tempfile.gettempdir())
        remove_left_overs(parent)
        self.root = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))  # mode 0700
        self._locked = _locked(self.root)
        self._lock = threading.Lock()
        #: Bytes that each workspace may come to have.
        self._open: dict[Workspace, int] = {}

    def __len__(self) -> int:
        return len(self._open)

    @property
    def room(self) -> int:
        """Size in bytes of the largest recording that can be taken now."""
        with self._lock:
            return self._room()

    def open(self, size: int) -> Workspace:
        """Return a new workspace for a recording.

        Args:
            size: of the recording, in bytes.

        Raises:
            NoRoomError: there is no room for it.
        """
        with self._lock:
            if size > self._room():
                raise NoRoomError(_FULL)
            workspace = Workspace(self.root / secrets.token_hex(8))
            self._open[workspace] = COPIES * size
        try:
            workspace.folder.mkdir(mode=0o700)
        except OSError as error:
            raise self._given_up(workspace, error) from error
        return workspace

    def take(self, file: BinaryIO, size: int, name: str) -> Workspace:
        """Return a new workspace with a recording in it.

        Args:
            file: the recording.
            size: its size in bytes.
            name: of the file in the workspace.

        Raises:
            NoRoomError: there is no room for it.
        """
        workspace = self.open(size)
        try:
            with (workspace.folder / name).open("wb") as out:
                shutil.copyfileobj(file, out, _CHUNK)
        except OSError as error:
            raise self._given_up(workspace, error) from error
        return workspace

    def remove(self, workspace: Workspace) -> None:
        """Delete a workspace. One that was deleted before may be deleted again."""
        workspace.remove()
        with self._lock:
            self._open.pop(workspace, None)

    def close(self) -> None:
        """Delete all of them, and the root."""
        shutil.rmtree(self.root, ignore_errors=True)
        with self._lock:
            self._open.clear()
            if self._locked is not None:
                os.close(self._locked)
                self._locked = None

    def _given_up(self, workspace: Workspace, error: OSError) -> NoRoomError:
        """Delete a workspace that could not be written, and return what to raise."""
        self.remove(workspace)
        log_disk_failure(error, "video")
        return NoRoomError(failure(error))

    def _room(self) -> int:
        taken = sum(max(expected, one.bytes) for one, expected in self._open.items())
        return max(0, min((self._max_bytes - taken) // COPIES, self._possible(self.root)))


def failure(error: OSError) -> str:
    """Return what to tell a visitor when a file could not be written."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return _DISK_FULL
    return "This server could not write it to its disk. Try again later."


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
