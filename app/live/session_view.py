"""What the Live page shows of a session: charts while it runs, all of it after a stop."""

from __future__ import annotations

import streamlit as st

from app.core.stream_charts.view import ROLLING_BARS, show_curves, show_shares, show_timeline
from app.live import text
from app.live.downloads import show_downloads
from app.live.streaming.record import LiveRecord
from fer.export.stream import StreamRows
from fer.text import clock

#: Span of a running stream's charts in seconds.
WINDOW_SECONDS = 90.0

#: Least span of a chart in seconds.
_LEAST_SECONDS = 10.0


def show_rolling_timeline(record: LiveRecord, every: float = 0.0) -> None:
    """Show the timeline of the last `WINDOW_SECONDS` while the stream runs.

    Args:
        record: what was found.
        every: seconds for which the chart stays as it is, once there is more to see than that.
    """
    if not len(record):
        return
    now = record.now
    if every and now > 2 * every:
        now -= now % every
    start = max(0.0, now - WINDOW_SECONDS)
    rows, empty = record.rows(start).used(), "No face yet."
    rows = rows.take(rows.seconds <= now)
    if record.dropped:
        empty = "No face in this time."
    with st.container(border=True, gap="xsmall"):
        show_timeline(
            rows,
            start,
            max(now, start + _LEAST_SECONDS),
            now,
            "live_timeline",
            empty=empty,
            max_bars=ROLLING_BARS,
        )


def show_rolling_curves(record: LiveRecord) -> None:
    """Show a person's probabilities in the last `WINDOW_SECONDS` while the stream runs."""
    if not len(record):
        return
    now = record.now
    start = max(0.0, now - WINDOW_SECONDS)
    rows = record.rows(start).used()
    end = max(now, start + _LEAST_SECONDS)
    show_curves(rows, start, end, tips=False)


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
    end = max(last, first + _LEAST_SECONDS)
    with st.container(border=True):
        show_timeline(rows, first, end, last, "live_whole_timeline")
    show_downloads(record)
    st.fragment(show_curves)(rows, first, end)
    show_shares(rows)
    _moments(rows)


def _moments(rows: StreamRows) -> None:
    """Show when each person showed each expression most surely."""
    found = text.moment_rows(rows)
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
