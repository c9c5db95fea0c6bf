"""Housekeeping of a server, from its first visitor on."""

from __future__ import annotations

import contextlib
import logging
import tempfile
from pathlib import Path

import streamlit as st
from streamlit import runtime

from app.core.budget import remove_left_overs
from app.core.priority import shorten_switches
from app.core.server.cleanup import CLEANUP, bound_allocator
from app.core.server.end import end_in_time
from app.core.server.events import begin_log, log_event
from app.core.server.metrics import serve_metrics
from app.core.server.operator_view import MIN_LENGTH, password_of
from app.core.server.streamlit_memory import (
    bound_uploads,
    end_on_hangup,
    forget_closed_tabs,
    hold_uploads,
)
from app.core.server.websocket_guard import guard_messages, guard_sessions
from app.core.session.clicks import keep_clicks, keep_downloads
from app.core.settings import OPERATOR_PASSWORD
from fer.images import MAX_BYTES

_log = logging.getLogger(__name__)


def begin_server() -> None:
    """Bound a server's memory, begin its log and figures, and start its cleanup; once.

    Recordings that a killed one has left are deleted. A test of a page has no server: nothing may
    outlast it.
    """
    st.secrets.load_if_toml_exists()  # into the environment, where settings are looked for
    if CLEANUP.running or not runtime.exists():
        return
    if type(runtime.get_instance()) is runtime.Runtime:
        begin_log()
        serve_metrics()
        log_event("server_started")
        if OPERATOR_PASSWORD.text() and not password_of():
            _log.warning(
                "%s is shorter than %d characters, so there is no operator's page",
                OPERATOR_PASSWORD.name,
                MIN_LENGTH,
            )
        with contextlib.suppress(OSError):  # there may be no folder for temporary files
            remove_left_overs(Path(tempfile.gettempdir()))
        bound_allocator()
        shorten_switches()
        guard_messages()
        guard_sessions(runtime.get_instance())
        keep_clicks()
        keep_downloads()
        hold_uploads(MAX_BYTES)
        bound_uploads()
        end_in_time()
        end_on_hangup()
        CLEANUP.add(forget_closed_tabs)
        CLEANUP.start()
