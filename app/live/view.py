"""The Live page beside and below the video: controls, figures each second, the session."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from app.common.charts import CONFIG
from app.common.legend import legend
from app.common.page_layout import chart_ink
from app.common.text import counted
from app.live import charts, text
from app.live.notices import show_trouble
from app.live.streaming.connection import Phase
from app.live.streaming.session import LiveSession, LiveSettings
from app.live.streaming.throughput import Speed
from app.live.timeline import shares, timeline
from fer.export.sessions import stream_csv, stream_json
from fer.text import chance
from fer.types import UNCERTAIN

#: Seconds between two looks at a running stream, and of the timeline that rolls along with it.
POLL_SECONDS = 1.0
WINDOW_SECONDS = 90.0

#: What the stages are called on the page.
_STAGES = {
    "detect": "Find faces",
    "track": "Tell people apart",
    "align": "Straighten",
    "classify": "Read expressions",
    "draw": "Draw",
    "all": "**Together**",
}

_BADGES = {
    Phase.CONNECTING: ("Connecting …", ":material/sync:", "blue"),
    Phase.SLOW: ("Still connecting …", ":material/sync_problem:", "orange"),
    Phase.LIVE: ("Live", ":material/sensors:", "green"),
    Phase.STALLED: ("No picture", ":material/videocam_off:", "orange"),
}

Observe = Callable[[], Phase]


@st.fragment
def show_controls(session: LiveSession) -> None:
    """Show what can be changed while the stream runs; a change touches nothing else."""
    before = LiveSettings()
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        smoothing = st.slider(
            "Smoothing",
            0.0,
            3.0,
            before.smoothing_seconds,
            0.1,
            format="%.1f s",
            help="Each person's probabilities are averaged over this time. 0 shows every frame "
            "as it is; more is calmer, and slower to follow a change.",
            key="live_smoothing",
            persist_state="session",
            width=260,
        )
        mirrored = st.toggle(
            "Mirror",
            before.mirrored,
            help="Shows the picture as a mirror does. Downloads are as the camera sees.",
            key="live_mirror",
            persist_state="session",
        )
        bars = st.toggle(
            "All bars",
            before.bars,
            help="Draws the probability of every expression beside each face. With little room, "
            "the names are cut to two letters.",
            key="live_bars",
            persist_state="session",
        )
    session.settings = replace(
        session.settings, mirrored=mirrored, bars=bars, smoothing_seconds=smoothing
    )


def show_figures(session: LiveSession, observe: Observe) -> None:
    """Show the state of the stream, its speed, and the expressions in view."""
    phase, speed = observe(), session.speed()
    _status(session, phase)
    show_trouble(phase)
    _errors(session)
    if phase is Phase.CONNECTING:
        st.skeleton(height=220)
    if phase is not Phase.LIVE:
        return
    _metrics(speed)
    _in_view(session)
    _stages(speed)


def _metrics(speed: Speed) -> None:
    whole = speed.stages.get("all")
    with st.container(horizontal=True, gap="small"):
        st.metric(
            "Analysed",
            f"{speed.analysed:.1f}/s",
            delta=f"of {speed.received:.1f}/s received",
            delta_color="off",
            delta_arrow="off",
            border=True,
            width="stretch",
            help="When the server is busy, it analyses fewer frames than the browser sends: always "
            "the newest one.",
        )
        st.metric(
            "A frame takes",
            f"{whole.median:.0f} ms" if whole else "–",
            delta=f"95% within {whole.p95:.0f} ms" if whole else "no frame yet",
            delta_color="off",
            delta_arrow="off",
            border=True,
            width="stretch",
            help="The median of the last ten seconds. Analysis and drawing; the way through the "
            "network is not in it.",
        )


def _stages(speed: Speed) -> None:
    if not speed.stages:
        return
    lines = ["| Milliseconds | median | 95% |", "| :-- | --: | --: |"]
    lines += [
        f"| {_STAGES.get(name, name)} | {stage.median:.1f} | {stage.p95:.1f} |"
        for name, stage in speed.stages.items()
    ]
    with st.expander("Time by stage", icon=":material/timer:", expanded=True):
        st.markdown("\n".join(lines), width="content")


def _status(session: LiveSession, phase: Phase) -> None:
    if phase not in _BADGES:
        return
    label, icon, colour = _BADGES[phase]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge(label, icon=icon, color=colour)  # type: ignore[arg-type]
        if len(session):
            st.caption(f"{text.clock(session.now)} since the first frame", width="content")


def _errors(session: LiveSession) -> None:
    if session.refused:
        st.warning(
            "**All places are taken**, so the picture is passed on without an analysis. It begins "
            "by itself as soon as a place is free.",
            icon=":material/hourglass_top:",
        )
    sentence = text.error_sentence(session.errors)
    if sentence:
        st.warning(sentence, icon=":material/error:")


def _in_view(session: LiveSession) -> None:
    faces = session.in_view()
    labels = faces.labels
    mix = text.mean_mix(faces)
    with st.container(border=True, gap="xxsmall"):
        if not len(faces):
            st.markdown(":material/face_retouching_off: **No face in view**")
            st.caption("Faces are found more easily when they are lit, frontal and not too far.")
            return
        mean = "" if len(faces) == 1 else ", mean of their expressions"
        st.markdown(f":material/face: **{counted(len(faces), 'face')} in view**{mean}")
        st.plotly_chart(
            charts.mix_strip(mix, labels),
            config=CONFIG,
            alt=text.describe_now(mix, labels),
            key="live_mix",
        )
        order = (-mix).argsort(kind="stable")
        shares = {labels[i]: chance(mix[i]) for i in order}
        st.markdown(legend(list(shares), shares))
        flawed = text.describe_flaws(faces)
        if flawed:
            st.caption(f":material/lightbulb: {flawed}")


def show_rolling(session: LiveSession) -> None:
    """Show the last seconds of everybody, while the stream runs."""
    if not len(session):
        return
    now = session.now
    start = max(0.0, now - WINDOW_SECONDS)
    with st.container(border=True):
        _timeline(session, start, max(now, start + 10.0), "live_timeline")


def show_session(session: LiveSession) -> None:
    """Show all that was seen, when the stream has stopped."""
    rows = session.rows()
    sums = shares(rows)
    st.subheader("This session", anchor=False)
    first, last = float(rows.seconds[0]), float(rows.seconds[-1])
    if session.dropped:
        st.caption(
            f":material/info: What was seen before {text.clock(first)} had to make room: the "
            f"history holds {len(rows):,} entries."
        )
    with st.container(border=True):
        _timeline(session, first, max(last, first + 10.0), "live_whole_timeline")
    if sums.seconds.any():
        with st.container(border=True):
            st.markdown("##### Share of time", anchors=False)
            st.plotly_chart(
                charts.shares_figure(sums, rows.labels, chart_ink()),
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
    rows = session.rows(start)
    line, labels = timeline(rows, start, end), rows.labels
    st.markdown("##### Timeline", anchors=False)
    if not line.people:
        st.caption("No face yet." if not session.dropped else "No face in this time.")
        return
    st.plotly_chart(
        charts.timeline_figure(line, labels, chart_ink()),
        config=CONFIG,
        alt=text.describe_timeline(line, labels),
        key=key,
    )
    seen = {int(i) for person in line.people for i in person.expression}
    unsure = any(person.uncertain.any() for person in line.people)
    st.markdown(legend([labels[i] for i in sorted(seen)] + [UNCERTAIN] * unsure))
    more = len(line.people) - charts.MAX_PEOPLE
    hidden = f" {counted(more, 'person')} seen more briefly not drawn." if more > 0 else ""
    st.caption(
        "The higher a bar, the surer the expression; hatched ones are uncertain. Each sums up "
        f"{line.width:g} s.{hidden}"
    )


def _downloads(session: LiveSession) -> None:
    with st.container(horizontal=True):
        for label, make, suffix, mime in (
            ("CSV", lambda: stream_csv(session.rows()), "csv", "text/csv"),
            ("JSON", lambda: stream_json(session.rows()), "json", "application/json"),
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
            help="Forgets everything that was seen.",
        )


def _share_columns(labels: Sequence[str]) -> dict[str, Any]:
    return {
        "person": st.column_config.NumberColumn("Person", width=64),
        "seen": st.column_config.TextColumn("Seen for"),
    } | {
        label: st.column_config.NumberColumn(label, format="%.0f%%")
        for label in (*labels, UNCERTAIN)
    }
