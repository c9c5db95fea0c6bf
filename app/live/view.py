"""Controls below the video of the Live page, and what is shown beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import streamlit as st

from app.core.components import poll
from app.core.stream_charts.drawing import strip_html
from app.core.text import legend
from app.live import text
from app.live.notices import WITHOUT_SERVER, camera_problem, show_trouble
from app.live.session_view import show_rolling_timeline
from app.live.streaming.connection import Phase
from app.live.streaming.frames import LiveSettings
from app.live.streaming.record import LatestResult, Speed
from app.live.streaming.session import LiveSession
from app.live.streaming.turn import RelayState
from fer.text import chance, clock

#: Names of the processing stages on the page.
_STAGES = {
    "detect": "Find faces",
    "track": "Tell people apart",
    "align": "Straighten",
    "classify": "Read expressions",
    "draw": "Draw",
    "all": "**Total**",
}

_BADGES = {
    Phase.CONNECTING: ("Connecting …", ":material/sync:", "blue"),
    Phase.SLOW: ("Still connecting …", ":material/sync_problem:", "orange"),
    Phase.LOADING: ("Loading …", ":material/downloading:", "blue"),
    Phase.LIVE: ("Live", ":material/sensors:", "green"),
    Phase.PAUSED: ("Paused", ":material/pause_circle:", "gray"),
    Phase.STALLED: ("No picture", ":material/videocam_off:", "orange"),
}

#: Keys of what is seen now, and of what stands in its place while the browser has no connection.
#: The browser decides which is shown: nobody else can know.
_NOW, _CUT = "live_now", "live_not_connected"
CUT_STYLE = f"""<style>
[data-test-connection-state=CONNECTED] :has(> .st-key-{_CUT}),
[data-testid=stApp]:not([data-test-connection-state=CONNECTED]) :has(> .st-key-{_NOW}) {{
  display: none;
}}
</style>"""


@st.fragment
def show_controls(session: LiveSession) -> None:
    """Show the settings, which can be changed while the stream runs.

    This is a fragment, so a change does not rerun the rest of the page.
    """
    defaults = LiveSettings()
    smoothing = st.slider(
        "Smoothing",
        0.0,
        3.0,
        defaults.smoothing_seconds,
        0.1,
        format="%.1f s",
        help="Answers are averaged over this time. More is steadier, but slower to change.",
        key="live_smoothing",
        persist_state="session",
    )
    with st.container(horizontal=True, gap="medium"):
        mirrored = st.toggle(
            "Mirror",
            defaults.mirrored,
            help="Shows the picture like a mirror. Downloads are not mirrored.",
            key="live_mirror",
            persist_state="session",
        )
        bars = st.toggle(
            "All bars",
            defaults.bars,
            help="Draws the probability of every expression beside each face, where there is room.",
            key="live_bars",
            persist_state="session",
        )
    session.settings = replace(
        session.settings, mirrored=mirrored, bars=bars, smoothing_seconds=smoothing
    )


def show_panel(
    session: LiveSession,
    observe: Callable[[], Phase],
    stopped: Callable[[Phase, str], None],
    source: str,
    relay: Callable[[], RelayState | None] = lambda: None,
    *,
    cut: str = WITHOUT_SERVER,
    chart_seconds: float = 0.0,
) -> Phase:
    """Show the panel beside the picture, and return the phase of the session.

    While it runs, that is the state of the stream, the expressions in view, the timeline, and the
    speed. `observe` returns the phase of the connection, `relay` how its TURN server is, and
    `stopped` shows the panel while nothing runs. What is shown is named after its `source`, and
    `cut` is said while the browser has no connection. The figures are updated every second, the
    timeline every `chart_seconds`, or with the figures if that is 0.
    """

    def figures() -> None:
        phase = observe()
        with st.container(key=_CUT):
            st.badge("Not connected", icon=":material/cloud_off:", color="orange")
            st.caption(cut)
        with st.container(key=_NOW):
            _show_state(session, phase, source)
            show_trouble(phase, relay)
            if session.refused:
                st.warning(
                    "**All places are taken**, so the video is not analysed. That starts by itself "
                    "as soon as a place is free.",
                    icon=":material/hourglass_top:",
                )
            if sentence := text.error_sentence(session.record.errors):
                st.warning(sentence, icon=":material/error:")
            if phase in (Phase.CONNECTING, Phase.LOADING):
                st.skeleton(height=220)
            if phase is Phase.LIVE:
                _show_in_view(session)
        if phase is Phase.LIVE:
            show_rolling_timeline(session.record, chart_seconds)
            with st.expander("Speed", icon=":material/speed:"):
                _show_speed(session.record.speed())

    panel = st.container()
    phase, problem = observe(), camera_problem()  # which takes room, but below
    with panel:
        poll(figures, active=phase.active)
        if not phase.active:
            session.ended()
            stopped(phase, problem)
    return phase


def _show_speed(speed: Speed) -> None:
    median, p95 = speed.stages.get("all", (None, None))
    tile = partial(st.metric, delta_color="off", delta_arrow="off", border=True, width="stretch")
    with st.container(horizontal=True, gap="small"):
        tile(
            "Analysed",
            f"{speed.analysed:.1f}/s",
            delta=f"{speed.received:.1f}/s received, {speed.shown:.1f}/s shown",
            help="A busy machine analyses fewer frames than it receives, always the newest one. "
            "The video goes on, and boxes move on with the people.",
        )
        tile(
            "A frame takes",
            "–" if median is None else f"{median:.0f} ms",
            delta="no frame yet" if p95 is None else f"95% within {p95:.0f} ms",
            help="Analysis and drawing, without the way over the network: median of the last ten "
            "seconds.",
        )
    if speed.stages:
        lines = ["| Milliseconds | median | 95% |", "| :-- | --: | --: |"]
        for name, (middle, most) in speed.stages.items():
            lines.append(f"| {_STAGES.get(name, name)} | {middle:.1f} | {most:.1f} |")
        st.markdown("\n".join(lines), width="content")


def _show_state(session: LiveSession, phase: Phase, source: str) -> None:
    if phase not in _BADGES:
        return
    label, icon, colour = _BADGES[phase]
    if phase is Phase.LIVE:
        label = source
        if session.record.latest().camera_off:
            label, icon, colour = "Camera off", ":material/videocam_off:", "orange"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge(label, icon=icon, color=colour)  # type: ignore[arg-type]
        if len(session.record):
            st.caption(f"{clock(session.record.now)} since the first frame", width="content")


#: What is said where there is nothing to see, and what helps.
_CAMERA_OFF = (
    ":material/videocam_off: **The camera is off**",
    "It sends a black picture, which is not analysed. Switch it on, or open its shutter: the "
    "session goes on by itself.",
)
_BUSY = (
    ":material/hourglass_top: **No result at the moment**",
    "The analysis is busy. The video goes on, and the analysis catches up.",
)
_NO_FRAMES = (
    ":material/videocam_off: **Nothing arrives at the moment**",
    "For a few seconds, no picture or result has come from your browser. The analysis goes on as "
    "soon as one does.",
)
_NOBODY = (
    ":material/face_retouching_off: **No face in view**",
    "Good light, a frontal view and a short distance help.",
)


def _without_faces(latest: LatestResult) -> tuple[str, str]:
    """Return title and text that say why no faces are shown, in Markdown."""
    if latest.camera_off:
        return _CAMERA_OFF
    if latest.fresh:
        return _NOBODY
    return _BUSY if latest.arriving else _NO_FRAMES


def _show_in_view(session: LiveSession) -> None:
    latest = session.record.latest()
    faces, labels = latest.faces, latest.faces.labels
    with st.container(border=True, gap="xxsmall"):
        if latest.camera_off or not latest.fresh or not len(faces):
            title, explanation = _without_faces(latest)
            st.markdown(title)
            st.caption(explanation)
            # In the places of expressions and advice. A browser that gets the next second before
            # this one is done, as from a busy server, would go on showing what was there.
            st.empty()
            st.empty()
            return
        mix = faces.probabilities.mean(axis=0)
        st.markdown(f":material/face: {text.now_line(faces)}")
        shares = dict(zip(labels, map(chance, mix), strict=True))
        parts = dict(zip(labels, mix.tolist(), strict=True))
        st.html(strip_html(parts, shares.values(), text.describe_now(mix, labels)))
        st.markdown(legend([labels[i] for i in (-mix).argsort(kind="stable")], shares))
        if advice := text.describe_issues(faces):
            st.caption(f":material/lightbulb: {advice}")
