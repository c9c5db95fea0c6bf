"""The part of the Live page below the video: timeline, shares of time, and downloads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from app.common.charts import CONFIG
from app.common.legend import legend
from app.common.page_layout import chart_ink
from app.common.text import counted
from app.live import text
from app.live.people_marks import MAX_PEOPLE
from app.live.share_charts import shares_figure
from app.live.streaming.session import LiveSession
from app.live.timeline import shares, timeline
from app.live.timeline_chart import timeline_figure
from fer.export.sessions import stream_csv, stream_json
from fer.types import UNCERTAIN

#: Span of a running stream's timeline in seconds.
WINDOW_SECONDS = 90.0


def show_rolling(session: LiveSession) -> None:
    """Show the timeline of the last `WINDOW_SECONDS` while the stream runs."""
    if not len(session):
        return
    now = session.now
    start = max(0.0, now - WINDOW_SECONDS)
    with st.container(border=True):
        _timeline(session, start, max(now, start + 10.0), "live_timeline")


def show_session(session: LiveSession) -> None:
    """Show the timeline, shares of time and downloads of the whole session after a stop."""
    rows = session.rows().used()
    sums = shares(rows)
    st.subheader("This session", anchor=False)
    first, last = float(rows.seconds[0]), float(rows.seconds[-1])
    if session.dropped:
        st.caption(
            f":material/info: The history holds {len(rows):,} entries. Older ones, from before "
            f"{text.clock(first)}, were deleted."
        )
    with st.container(border=True):
        _timeline(session, first, max(last, first + 10.0), "live_whole_timeline")
    if sums.seconds.any():
        with st.container(border=True):
            st.markdown("##### Share of time", anchors=False)
            st.plotly_chart(
                shares_figure(sums, rows.labels, chart_ink()),
                config=CONFIG,
                alt=text.describe_shares(sums, rows.labels),
                key="live_shares",
            )
            st.dataframe(
                text.share_rows(sums, rows.labels),
                hide_index=True,
                column_config=_share_columns(rows.labels),
                alt="Table of the share of time per person and expression",
            )
    _downloads(session)


def _timeline(session: LiveSession, start: float, end: float, key: str) -> None:
    rows = session.rows(start).used()
    line, labels = timeline(rows, start, end), rows.labels
    st.markdown("##### Timeline", anchors=False)
    if not line.people:
        st.caption("No face yet." if not session.dropped else "No face in this time.")
        return
    st.plotly_chart(
        timeline_figure(line, labels, chart_ink()),
        config=CONFIG,
        alt=text.describe_timeline(line, labels),
        key=key,
    )
    seen = {int(i) for person in line.people for i in person.expression}
    unsure = any(person.uncertain.any() for person in line.people)
    st.markdown(legend([labels[i] for i in sorted(seen)] + [UNCERTAIN] * unsure))
    more = len(line.people) - MAX_PEOPLE
    hidden = f" Not drawn: {counted(more, 'person')} seen more briefly." if more > 0 else ""
    st.caption(
        "The higher a bar, the higher the confidence; hatched bars are uncertain. Each bar covers "
        f"{line.width:g} s.{hidden}"
    )


def _downloads(session: LiveSession) -> None:
    with st.container(horizontal=True):
        for label, make, suffix, mime in (
            ("CSV", lambda: stream_csv(session.rows(), session.info), "csv", "text/csv"),
            ("JSON", lambda: stream_json(session.rows(), session.info), "json", "application/json"),
        ):
            st.download_button(
                label,
                make,
                f"live-expressions.{suffix}",
                mime,
                key=f"live_download_{suffix}",
                on_click="ignore",
                icon=":material/download:",
            )
        st.button(
            "Clear",
            icon=":material/delete:",
            key="live_clear",
            on_click=session.clear,
            help="Deletes everything recorded in this session.",
        )


def _share_columns(labels: Sequence[str]) -> dict[str, Any]:
    return {
        "person": st.column_config.NumberColumn("Person", width=64),
        "seen": st.column_config.TextColumn("Seen for"),
    } | {
        label: st.column_config.NumberColumn(label, format="%.0f%%")
        for label in (*labels, UNCERTAIN)
    }
