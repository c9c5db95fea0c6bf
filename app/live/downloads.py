"""Downloads of a live session, while it runs and after it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from app.live.streaming.session import LiveSession
from fer.export.face_rows import BYTE_ORDER_MARK
from fer.export.info import ExportInfo
from fer.export.sessions import stream_csv, stream_json


def show_downloads(session: LiveSession) -> None:
    """Show buttons that download or delete what was recorded so far."""
    zone = visitors_zone()  # here, because files are made on a thread that has no visitor
    stamp = datetime.now(zone).strftime("%Y-%m-%d_%H-%M-%S")
    name = f"fer-lens-live_{stamp}"
    with st.container(horizontal=True):
        st.download_button(
            "CSV",
            lambda: session_csv(session, zone),
            f"{name}.csv",
            "text/csv",
            key="live_download_csv",
            on_click="ignore",
            icon=":material/download:",
            help="A row per person and frame, for spreadsheets.",
        )
        st.download_button(
            "JSON",
            lambda: stream_json(session.rows(), _info(session, zone)),
            f"{name}.json",
            "application/json",
            key="live_download_json",
            on_click="ignore",
            icon=":material/download:",
            help="The same, with model, detector and every change of the settings, for programs.",
        )
        st.button(
            "Clear",
            icon=":material/delete:",
            key="live_clear",
            on_click=session.clear,
            help="Deletes everything recorded in this session.",
        )


def session_csv(session: LiveSession, zone: tzinfo) -> bytes:
    """Return the session as a CSV file for a spreadsheet, with times in a zone."""
    return f"{BYTE_ORDER_MARK}{stream_csv(session.rows(), _info(session, zone))}".encode()


def _info(session: LiveSession, zone: tzinfo) -> ExportInfo:
    info = session.info
    return replace(info, time=info.time.astimezone(zone))


def visitors_zone() -> tzinfo:
    """Return the time zone of the visitor's browser; UTC if it is not known."""
    try:
        return ZoneInfo(st.context.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):  # not known here, or no name at all
        return UTC
