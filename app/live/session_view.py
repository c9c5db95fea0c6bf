"""What the Live page shows of a session: timeline, probabilities, shares of time, downloads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st

from app.common.legend import legend
from app.live import text
from app.live.charts.curves import curves, describe_curves
from app.live.charts.drawing import curves_html, shares_html
from app.live.charts.timeline import MAX_PEOPLE, person_name
from app.live.downloads import show_downloads
from app.live.streaming.record import LiveRecord
from app.live.timeline_view import ROLLING_BARS, show_timeline
from fer.export.stream import FrameTimes, StreamRows, shares
from fer.text import clock
from fer.types import UNCERTAIN

#: Span of a running stream's charts in seconds.
WINDOW_SECONDS = 90.0

#: Least span of a chart in seconds.
_LEAST_SECONDS = 10.0

_PERSON = "live_person"
_PERSON_CHOICE = "live_person_choice"


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
    show_curves(rows, start, end, said=False)


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


def show_curves(rows: StreamRows, start: float, end: float, *, said: bool = True) -> None:
    """Show all probabilities of one person, whom the visitor chooses.

    Args:
        rows: rows of a session or recording, with the heads that occur in them.
        start: first second.
        end: last second.
        said: whether the figures of a time appear where the pointer is: too much for a chart that
            is drawn again and again.
    """
    people, frames = np.unique(rows.track[rows.has_face], return_counts=True)
    if not len(people):
        return
    longest = people[np.argsort(-frames, kind="stable")][:MAX_PEOPLE].tolist()
    with st.container(border=True, gap="xsmall"):
        st.markdown("##### All probabilities of one person", anchors=False)
        person = _choose_person(sorted(longest), longest[0])
        curve = curves(rows, person, start, end)
        alt = describe_curves(curve, person_name(person))
        st.html(curves_html(curve, start, end, alt, said=said))
        st.markdown(legend([curve.labels[i] for i in curve.occurring]))


def _choose_person(people: list[int], default: int) -> int:
    chosen = st.session_state.get(_PERSON)
    person = chosen if chosen in people else default
    if len(people) == 1:
        return person
    if st.session_state.get(_PERSON_CHOICE) != person:  # else it would be sent, over a click
        st.session_state[_PERSON_CHOICE] = person
    st.pills(
        "Person",
        people,
        required=True,
        format_func=person_name,
        key=_PERSON_CHOICE,
        on_change=_store_person,
        label_visibility="collapsed",
        wrap=True,
    )
    return person


def _store_person() -> None:
    st.session_state[_PERSON] = st.session_state[_PERSON_CHOICE]


def show_shares(rows: StreamRows, times: FrameTimes | None = None) -> None:
    """Show how long each person got each answer.

    Args:
        rows: rows of a session or recording, with the heads that occur in them.
        times: the frames of the rows; those of a camera session if None.
    """
    sums = shares(rows, times)
    if not sums.seconds.any():
        return
    with st.container(border=True):
        st.markdown("##### Share of time", anchors=False)
        alt = text.describe_shares(sums, rows.labels)
        st.html(shares_html(sums, rows.labels, alt))
        st.dataframe(
            text.share_rows(sums, rows.labels),
            hide_index=True,
            column_config=_share_columns(rows.labels),
            alt="Table of the share of time per person and expression",
        )


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


def _share_columns(labels: Sequence[str]) -> dict[str, Any]:
    return {
        "person": st.column_config.NumberColumn("Person", width=64),
        "seen": st.column_config.TextColumn("Seen for"),
    } | {
        label: st.column_config.NumberColumn(label, format="%.0f%%")
        for label in (*labels, UNCERTAIN)
    }
