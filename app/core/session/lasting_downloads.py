"""Keeps what a click on a download button needs until the browser has its file."""

from __future__ import annotations

import time
from collections.abc import Callable

from streamlit import runtime
from streamlit.runtime.media_file_manager import MediaFileManager, MediaFileMetadata
from streamlit.runtime.media_file_storage import MediaFileKind

from app.core.server.cleanup import CLEANUP

#: Seconds for which a file is kept, from the first look after it was made. The browser asks for it
#: at once; the rest is for a phone that changes its network just then, and a paused download.
KEPT_SECONDS = 60.0

#: Seconds for which a button is good after its page has replaced it, or its visitor has left: it
#: has hold of what it would save.
BUTTON_SECONDS = 30.0

#: Bytes of all kept files, so that memory is bounded. Where there are more, the oldest go early.
#: The newest is kept however large it is.
KEPT_BYTES = 128 * 2**20

#: What is used of Streamlit's manager, most of it private.
_NEEDED = (
    *("_deferred_callables", "_delete_file", "_drop_deferred_id", "_file_metadata", "_lock"),
    *("_files_by_session_and_coord", "_get_inactive_file_ids"),
    *("_remove_orphaned_deferred_callables", "can_read_files"),
)


def keep_downloads() -> None:
    """Keep each file that a click on a download button makes for a minute, for all visitors.

    No page shows such a file, so Streamlit deletes it as soon as two scripts or fragments have
    ended, whosever they are. The same holds for the buttons: each run of a page gives them new
    numbers, and when anybody's script ends, Streamlit forgets the old ones, which a browser may
    still show. Old numbers are now good for half a minute.

    `MediaFileManager.add` is no way to hold a file: it gives it to the page of the thread that
    calls, of which there is none here, and a page lets go of its files when it runs anew.

    Seen in Streamlit 1.67.0. Without it, with several visitors on the Live page a file could be
    gone before the browser asked for it, and the download failed with 404. It can go when Streamlit
    keeps such a file for a while. Where a newer version decides in another way what to delete,
    nothing is changed.
    """
    manager = runtime.get_instance().media_file_mgr
    known = all(hasattr(manager, name) for name in _NEEDED)
    # Another server's own storage may not tell how large its files are.
    if known and manager.can_read_files:
        CLEANUP.add(Keeper(manager).look)


class Keeper:
    """Has a manager of files keep for a while what was made on a click; changes it in place."""

    def __init__(
        self, manager: MediaFileManager, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._manager, self._clock = manager, clock
        self._inactive = manager._get_inactive_file_ids
        self._since: dict[MediaFileMetadata, float] = {}
        self._replaced: dict[str, float] = {}
        manager._get_inactive_file_ids = self._tidy  # type: ignore[method-assign]
        manager._remove_orphaned_deferred_callables = (  # type: ignore[method-assign]
            self._tidy_buttons
        )

    def look(self) -> bool:
        """See to it that what is oldest goes in time, even if no page runs any more."""
        with self._manager._lock:
            before = self._held()
            self._tidy()
            self._tidy_buttons()
            return self._held() < before

    def _tidy(self) -> set[str]:
        """Delete the downloads that had their time, and return what else no page shows.

        The manager calls it with its lock held, and deletes what it returns.
        """
        inactive, known = self._inactive(), self._manager._file_metadata
        # A file that is made once more is another object here, and its time begins anew.
        downloads = [i for i in inactive if known[i].kind is MediaFileKind.DOWNLOADABLE]
        files = {known[file_id]: file_id for file_id in downloads}
        now, room = self._clock(), KEPT_BYTES
        since = {file: self._since.get(file, now) for file in files}
        self._since = {}
        for file in sorted(since, key=since.__getitem__, reverse=True):
            if now - since[file] < KEPT_SECONDS and room > 0:
                self._since[file] = since[file]
                content = self._manager.read_file(files[file])
                room -= content.content_size if content else 0
            else:
                self._manager._delete_file(files[file])
        return inactive.difference(downloads)

    def _tidy_buttons(self) -> None:
        """Forget the buttons that a page has replaced long ago. Called with the lock held."""
        pages = self._manager._files_by_session_and_coord.values()
        shown = {file_id for files in pages for file_id in files.values()}
        now, old = self._clock(), self._replaced
        replaced = [i for i in self._manager._deferred_callables if i not in shown]
        self._replaced = {file_id: old.get(file_id, now) for file_id in replaced}
        for file_id in replaced:
            if now - self._replaced[file_id] >= BUTTON_SECONDS:
                self._manager._drop_deferred_id(file_id)
                del self._replaced[file_id]

    def _held(self) -> int:
        return len(self._manager._file_metadata) + len(self._manager._deferred_callables)
