"""Downloads of a live session, while it runs and after it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from app.core.session.stream_files import FORMATS, Format
from app.live.streaming.record import LiveRecord
from fer.export.stream import StreamResult


def show_downloads(record: LiveRecord) -> None:
    """Show buttons that download or delete what was recorded so far."""
    zone = visitors_zone()  # here, because files are made on a thread that has no visitor
    stamp = datetime.now(zone).strftime("%Y-%m-%d_%H-%M-%S")
    name = f"fer-lens-live_{stamp}"

    def offer(kind: Format) -> None:
        st.download_button(
            kind.label,
            lambda: kind.contents(stream_result(record, zone)),
            f"{name}{kind.ending}",
            kind.mime,
            key=f"live_download_{kind.ending.strip('.-').replace('.', '_')}",
            on_click="ignore",
            icon=":material/download:",
            help=kind.purpose,
        )

    first, second, *more = FORMATS
    with st.container(horizontal=True):
        offer(first)
        offer(second)
        with st.popover("More files", icon=":material/folder_open:"):
            for kind in more:
                offer(kind)
        st.button(
            "Clear",
            icon=":material/delete:",
            key="live_clear",
            on_click=record.clear,
            help="Deletes everything recorded in this session.",
        )


def stream_result(record: LiveRecord, zone: tzinfo) -> StreamResult:
    """Return what the session has found so far, with times in a zone."""
    info = record.info
    return StreamResult(record.rows(), replace(info, time=info.time.astimezone(zone)))


def visitors_zone() -> tzinfo:
    """Return the time zone of the visitor's browser; UTC if it is not known."""
    try:
        return ZoneInfo(st.context.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):  # not known here, or no name at all
        return UTC
