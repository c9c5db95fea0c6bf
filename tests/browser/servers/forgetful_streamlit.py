"""Streamlit that forgets a tab in seconds after it was closed, where a server takes minutes.

If `CENSUS_VARIABLE` names a file, it also tells what it holds: once a second it writes how many
objects there are of each kind that belongs to visitors, and the megabytes that it has, as JSON.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
import weakref
from pathlib import Path
from typing import Any

from streamlit.runtime.app_session import AppSession
from streamlit.web.cli import main

from app.core import state
from app.core.server import cleanup
from app.core.server.cleanup import resident_bytes
from app.core.session import clicks
from app.core.session.session_store import SessionStore
from app.live.streaming.session import LiveSession
from app.own_data import view as own_data
from app.photos.session import GallerySession
from app.video.session import VideoSession

CENSUS_VARIABLE = "FER_TEST_CENSUS"

#: Kinds of objects that belong to one visitor.
CLASSES = (AppSession, GallerySession, LiveSession, VideoSession)
KINDS = tuple(kind.__name__ for kind in CLASSES)

#: Seconds after which everything goes.
SECONDS = 2


def _watch(kind: type, made: list[weakref.ref[Any]]) -> None:
    """Note every object of a kind that is made from now on, without keeping it."""
    begin = kind.__init__  # type: ignore[misc]

    def noted(self: object, *arguments: object, **options: object) -> None:
        begin(self, *arguments, **options)
        made.append(weakref.ref(self))

    kind.__init__ = noted  # type: ignore[misc]


def _tell(file: Path, made: dict[str, list[weakref.ref[Any]]]) -> None:
    while True:
        counts = {kind: sum(each() is not None for each in found) for kind, found in made.items()}
        megabytes = (resident_bytes() or 0) / 1e6
        half = file.with_suffix(".half")
        half.write_text(json.dumps(counts | {"mb": megabytes}))
        half.replace(file)
        time.sleep(1)


if __name__ == "__main__":
    cleanup.LOOK_SECONDS, cleanup.REST_SECONDS = 0.5, 1.0
    for module in (state, own_data):
        vars(module)["KEEP_SECONDS"] = SECONDS
    clicks.KEPT_SECONDS = clicks.BUTTON_SECONDS = SECONDS
    defaults: dict[str, object] = SessionStore.__init__.__kwdefaults__ or {}
    defaults["keep_seconds"] = SECONDS
    if census := os.environ.get(CENSUS_VARIABLE):
        found: dict[str, list[weakref.ref[Any]]] = {name: [] for name in KINDS}
        for kind in CLASSES:
            _watch(kind, found[kind.__name__])
        threading.Thread(target=_tell, args=(Path(census), found), daemon=True).start()
    main([*sys.argv[1:], f"--server.disconnectedSessionTTL={SECONDS}"], prog_name="streamlit")
