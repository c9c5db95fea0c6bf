"""The operator's side of a server, from its first visitor on."""

from __future__ import annotations

import logging

from streamlit import runtime

from app.common.server import server_settings
from app.common.settings import OPERATOR_PASSWORD
from app.live.streaming.stream_limit import max_streams
from app.operation.events import counters, log_event
from app.operation.figures import Figures, figures
from app.operation.log import count_logs
from app.operation.password import MIN_LENGTH, password_of
from app.operation.streamlit_stats import open_tabs, serve_metrics

_log = logging.getLogger(__name__)


def begin_operation() -> None:
    """Count what is logged and serve the figures, once, where a server runs."""
    if runtime.exists() and type(runtime.get_instance()) is runtime.Runtime:
        server_settings()  # brings the secrets into the environment, where the log looks
        count_logs()
        serve_metrics(figures_now)
        if not counters().total("server_started"):
            log_event("server_started")
            if OPERATOR_PASSWORD.text(server_settings()) and not has_password():
                _log.warning(
                    "%s is shorter than %d characters, so there is no operator's page",
                    OPERATOR_PASSWORD.name,
                    MIN_LENGTH,
                )


def has_password() -> bool:
    """Return whether there is a page for the operator."""
    return bool(password_of(server_settings()))


def figures_now() -> Figures:
    """Return the figures of this server."""
    return figures(open_tabs() if runtime.exists() else 0, max_streams(server_settings()))
