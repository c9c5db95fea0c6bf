"""Addresses on this server from which browsers fetch the networks of a model."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

from streamlit import runtime
from streamlit.runtime.media_file_manager import MediaFileManager

from fer.ondevice.networks import device_networks

#: Files that are kept, a few megabytes each at most: ten that serve every model, and a file for
#: each of the models that were asked for last.
KEPT_FILES = 18

#: What is used of Streamlit's manager beside `add`, all of it private.
_NEEDED = ("_files_by_session_and_coord", "_lock")

#: In place of a visitor: the files are the server's own. No session has such an id.
_OWNER = "fer-lens-ondevice"

#: From the folder of the component's scripts to the app's root, which may lie deep in a host.
_ROOT = "../../.."


def served_networks(directory: Path, key: str = "") -> dict[str, Any]:
    """Return where a browser finds the networks of a model; ModelError without a complete one.

    That is ``{"key": …, "detector": {canvas: file}, "landmark": file, "expression": file}``, each
    file ``{"url": …, "sha256": …, "bytes": …}``. Addresses are relative to the folder of the
    component's scripts. All visitors share the files, and they stay until other models take their
    place. Static files of an app lie in a folder, which may be read-only; the networks are made.

    Seen in Streamlit 1.67.0, where a file is the page's that asked, and goes when it runs anew.
    Without it, a start could fail with 404. It can go when Streamlit lets an app serve a content of
    its own for as long as it likes. Where a newer version keeps its files in another way, they
    belong to the page that asks.
    """
    networks = device_networks(directory)
    shelf = Shelf(runtime.get_instance().media_file_mgr)
    return {
        "key": key,
        "detector": {canvas: shelf.put(file) for canvas, file in networks.detector.items()},
        "landmark": shelf.put(networks.landmark),
        "expression": shelf.put(networks.expression),
    }


class Shelf:
    """Files that stay with a manager of files: those that were asked for last."""

    def __init__(self, manager: MediaFileManager) -> None:
        self._manager = manager

    def put(self, content: bytes) -> dict[str, Any]:
        """Return the address of a file, its SHA-256 and its size."""
        digest = self._sha256(content)
        name = f"{_OWNER}-{digest}"
        # The name is part of the address, which else depends on parts of a large file only.
        url = self._manager.add(content, "application/octet-stream", name, f"{digest}.tflite")
        if all(hasattr(self._manager, needed) for needed in _NEEDED):
            with self._manager._lock:  # the file is of the page so far; let it be the server's own
                files_of = self._manager._files_by_session_and_coord
                kept = files_of[_OWNER]
                file_id = next(files[name] for files in files_of.values() if name in files)
                kept.pop(name, "")  # so that it is the newest
                kept[name] = file_id
                while len(kept) > KEPT_FILES:
                    del kept[next(iter(kept))]
        address = url if "://" in url else _ROOT + url
        return {"url": address, "sha256": digest, "bytes": len(content)}

    @staticmethod
    @lru_cache(maxsize=KEPT_FILES)
    def _sha256(content: bytes) -> str:
        return hashlib.sha256(content).hexdigest()
