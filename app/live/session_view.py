"""What the Live page shows of a session: charts while it runs, all of it after a stop."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from app.core.components import download
from app.core.session.stream_files import FORMATS, Format
from app.core.state import visitors_zone
from app.core.stream_charts.timeline import whole_line
from app.core.stream_charts.view import ROLLING_BARS, show_curves, show_shares, show_timeline
from app.live import text
from app.live.streaming.record import LiveRecord
from fer.export.sessions import surest_moments
from fer.export.stream import StreamRows, shares
from fer.text import chance, clock, duration

#: Span of a running stream's charts, and least span of a chart, in seconds.
WINDOW_SECONDS, _LEAST_SECONDS = 90.0, 10.0


#: Key of the person whose probabilities are shown.
_SHOWN_PERSON = "live_person_shown"


def show_rolling_timeline(record: LiveRecord, every: float = 0.0) -> None:
    """Show the timeline of the last `WINDOW_SECONDS` while the stream runs.

    Once there is more to see than that, it stays as it is for so many seconds.
    """
    if not len(record):
        return
    now = record.now
    if every and now > 2 * every:
        now -= now % every
    rows, start, end = _window(record, now)
    empty = "No face in this time." if record.dropped else "No face yet."
    with st.container(border=True, gap="xsmall"):
        show_timeline(rows, start, end, now, "live_timeline", empty=empty, max_bars=ROLLING_BARS)


def show_rolling_curves(record: LiveRecord) -> None:
    """Show a person's probabilities in the last `WINDOW_SECONDS` while the stream runs."""
    if len(record):
        show_curves(*_window(record, record.now), tips=False, shown_key=_SHOWN_PERSON)


def _window(record: LiveRecord, now: float) -> tuple[StreamRows, float, float]:
    start = max(0.0, now - WINDOW_SECONDS)
    rows = record.rows(start).used()
    return rows.take(rows.seconds <= now), start, max(now, start + _LEAST_SECONDS)


def show_session(record: LiveRecord) -> None:
    """Show timeline, probabilities, shares of time and downloads of the session after a stop."""
    rows = record.rows().used()
    st.subheader("This session", anchor=False)
    first, last = float(rows.seconds[0]), float(rows.seconds[-1])
    if record.dropped:
        st.caption(
            f":material/info: The history holds {len(rows):,} entries. Older ones, from before "
            f"{clock(first)}, were deleted."
        )
    if lost := text.lost_sentence(record.errors.lost):
        st.caption(f":material/info: {lost}")
    sums = shares(rows)
    if sums.tracks:
        st.markdown(whole_line(sums, rows.labels, duration(last - first)))
    end = max(last, first + _LEAST_SECONDS)
    with st.container(border=True):
        show_timeline(rows, first, end, last, "live_whole_timeline")
    show_downloads(record)
    st.fragment(show_curves)(rows, first, end, shown_key=_SHOWN_PERSON)
    show_shares(rows)
    found = [
        {
            "person": int(row["track"]),
            "expression": rows.labels[int(row["probabilities"].argmax())],
            "confidence": chance(float(row["probabilities"].max())),
            "at": clock(float(row["seconds"])),
        }
        for row in rows.array[surest_moments(rows)]
    ]
    if not found:
        return
    with st.container(border=True):
        st.markdown("##### Surest moments", anchors=False)
        st.dataframe(
            found,
            hide_index=True,
            column_config={
                "person": st.column_config.NumberColumn("Person", width=64),
                "expression": st.column_config.TextColumn("Expression"),
                "confidence": st.column_config.TextColumn("Confidence"),
                "at": st.column_config.TextColumn("At"),
            },
            alt="Table of the surest moment of each person and expression",
        )
        st.caption("One moment per person and expression, from a time in which the answer lasted.")


def show_downloads(record: LiveRecord) -> None:
    """Show buttons that download or delete what was recorded so far."""
    zone = visitors_zone()  # here, because files are made on a thread that has no visitor
    name = f"fer-lens-live_{datetime.now(zone):%Y-%m-%d_%H-%M-%S}"

    def offer(kind: Format) -> None:
        def make() -> bytes:
            return kind.contents(record.result(zone))

        download(kind.label, make, f"{name}{kind.ending}", kind.mime, "live", kind.purpose)

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
