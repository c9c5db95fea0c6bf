"""Charts of a stream or recording, with what their marks mean."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import streamlit as st

from app.core.components import show_picker
from app.core.stream_charts.drawing import (
    CAMERA_OFF,
    NO_DATA,
    curves_html,
    shares_html,
    timeline_html,
)
from app.core.stream_charts.timeline import (
    MAX_BARS,
    MAX_PEOPLE,
    Timeline,
    curves,
    describe_curves,
    describe_shares,
    describe_timeline,
    off_sentence,
    person_name,
    share_rows,
    timeline,
)
from app.core.text import counted, legend
from fer.export.stream import GAP_SECONDS, FrameTimes, StreamRows, shares
from fer.types import UNCERTAIN

_PERSON = "live_person"

#: Maximum number of bars of a running stream's timeline, which is drawn again and again.
ROLLING_BARS = 90

#: In the legend: the background of a person's row.
_NOT_IN_VIEW = ':color[■]{foreground="#85858D55"}\u00a0not in view'


def show_timeline(
    rows: StreamRows,
    start: float,
    end: float,
    until: float,
    key: str,
    *,
    empty: str = "No face in this time.",
    cuts: Sequence[float] = (),
    gap_seconds: float = GAP_SECONDS,
    max_bars: int = MAX_BARS,
) -> Timeline | None:
    """Show a timeline in a container of its own, of the key ``<key>_chart``, and return it.

    None where nobody was seen, which is said. For the other arguments see `timeline`, and
    `timeline_html` for the cuts.
    """
    line = timeline(rows, start, end, until, gap_seconds=gap_seconds, max_bars=max_bars)
    labels = rows.labels
    cuts = [cut for cut in cuts if line.start < cut < line.end]
    st.markdown("##### Timeline", anchors=False)
    if not line.people:
        st.caption(f"{empty} {off_sentence(line)}")
        return None
    alt = describe_timeline(line, labels, cuts)
    with st.container(key=f"{key}_chart"):
        st.html(timeline_html(line, labels, alt, cuts))
    _explain(line, labels, cuts)
    return line


def _explain(line: Timeline, labels: Sequence[str], cuts: Sequence[float]) -> None:
    seen = {int(i) for person in line.people for i in person.expression}
    unsure = any(person.uncertain.any() for person in line.people)
    marks = [legend([labels[i] for i in sorted(seen)] + [UNCERTAIN] * unsure), _NOT_IN_VIEW]
    marks += [f"▩\u00a0{NO_DATA}"] * bool(line.gaps)
    marks += [f"▤\u00a0{CAMERA_OFF}"] * bool(line.camera_off)
    marks += ["┆\u00a0another scene"] * bool(cuts)
    st.markdown("\u2002 ".join(marks))
    more = len(line.people) - MAX_PEOPLE
    hidden = f" Not drawn: {counted(more, 'person')} seen more briefly." if more > 0 else ""
    st.caption(
        f"Higher is more confident, hatched is uncertain. Each bar covers {line.width:g} s.{hidden}"
    )


def show_curves(
    rows: StreamRows, start: float, end: float, *, tips: bool = True, shown_key: str = ""
) -> None:
    """Show all probabilities of one person, whom the visitor chooses.

    Args:
        rows: the rows of the stream; nothing is shown if they have no face.
        start: first second of the chart.
        end: last second of the chart.
        tips: too much for a chart that is drawn again and again; see `curves_html`.
        shown_key: key of the session under which the person who is shown is remembered. While a
            stream runs, who was longest in view changes, and the chart keeps the person. If empty,
            the person longest in view is shown until the visitor chooses.
    """
    people, frames = np.unique(rows.track[rows.has_face], return_counts=True)
    if not len(people):
        return
    longest = people[np.argsort(-frames, kind="stable")][:MAX_PEOPLE].tolist()
    with st.container(border=True, gap="xsmall"):
        st.markdown("##### All probabilities of one person", anchors=False)
        person = _choose_person(sorted(longest), longest[0], shown_key)
        curve = curves(rows, person, start, end)
        alt = describe_curves(curve, person_name(person))
        st.html(curves_html(curve, start, end, alt, tips=tips))
        st.markdown(legend([curve.labels[i] for i in curve.occurring]))


def _choose_person(people: list[int], default: int, shown_key: str) -> int:
    remembered = [st.session_state.get(_PERSON)]
    if shown_key:
        remembered.append(st.session_state.get(shown_key))
    person = next((one for one in remembered if one in people), default)
    if shown_key:
        st.session_state[shown_key] = person
    if len(people) > 1:
        show_picker(
            st.pills,
            "Person",
            people,
            person,
            f"{_PERSON}_choice",
            partial(st.session_state.__setitem__, _PERSON),
            format_func=person_name,
            label_visibility="collapsed",
            wrap=True,
        )
    return person


def show_shares(rows: StreamRows, times: FrameTimes | None = None) -> None:
    """Show how long each person got each answer; of a camera session if no frames are given."""
    sums = shares(rows, times)
    if not sums.seconds.any():
        return
    with st.container(border=True):
        st.markdown("##### Share of time", anchors=False)
        alt = describe_shares(sums, rows.labels)
        st.html(shares_html(sums, rows.labels, alt))
        st.dataframe(
            share_rows(sums, rows.labels),
            hide_index=True,
            column_config={
                "person": st.column_config.NumberColumn("Person", width=64),
                "seen": st.column_config.TextColumn("Seen for"),
                **{
                    label: st.column_config.NumberColumn(label, format="%.0f%%")
                    for label in (*rows.labels, UNCERTAIN)
                },
            },
            alt="Table of the share of time per person and expression",
        )
