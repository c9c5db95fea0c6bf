"""Controls below the video of the Live page, and what is shown beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from app.core.legend import legend
from app.core.text import counted
from app.live import text
from app.live.charts.drawing import mix_strip
from app.live.notices import WITHOUT_SERVER, show_trouble
from app.live.session_view import show_rolling_timeline
from app.live.streaming.connection import Phase
from app.live.streaming.frames import LiveSettings
from app.live.streaming.relay import RelayState
from app.live.streaming.session import LiveSession
from app.live.streaming.throughput import Speed
from fer.text import chance, clock

#: Seconds between two updates of the figures of a running stream.
POLL_SECONDS = 1.0

#: Seconds between two updates of a person's probabilities, a chart that takes longer to make than
#: a frame to analyse.
CURVES_POLL_SECONDS = 3.0

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

Observe = Callable[[], Phase]
Relay = Callable[[], RelayState | None]


#: Keys of what is seen now, and of what stands in its place while the browser has no connection.
#: The browser decides which is shown: nobody else can know.
_NOW, _CUT = "live_now", "live_not_connected"
CUT_STYLE = f"""<style>
[data-test-connection-state=CONNECTED] :has(> .st-key-{_CUT}),
[data-testid=stApp]:not([data-test-connection-state=CONNECTED]) :has(> .st-key-{_NOW}) {{
  display: none;
}}
</style>"""


def poll(show: Callable[[], None], *, active: bool, seconds: float = POLL_SECONDS) -> None:
    """Show something again every so many seconds while `active`, and nothing otherwise.

    A browser on a busy machine may miss the run of the page in which the polling ended. It then
    asks on, every second, for what the page no longer has, and shows the old page. So the fragment
    is always there, and answers such a question with a new run of the page.
    """
    shown = False

    def polled() -> None:
        nonlocal shown
        if active:
            show()
        elif shown:
            st.rerun()
        shown = True

    with st.container():  # so that its place, and with it its identity, is always the same
        st.fragment(polled, run_every=seconds if active else None)()


@st.fragment
def show_controls(session: LiveSession) -> None:
    """Show the settings, which can be changed while the stream runs.

    This is a fragment, so a change does not rerun the rest of the page.
    """
    defaults = LiveSettings()
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
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
            width=260,
        )
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


def show_figures(
    session: LiveSession,
    observe: Observe,
    source: str,
    relay: Relay = lambda: None,
    *,
    cut: str = WITHOUT_SERVER,
    chart_seconds: float = 0.0,
) -> None:
    """Show the state of the stream, the expressions in view, the timeline, and the speed.

    Args:
        session: the visitor's stream.
        observe: returns the current phase of the connection.
        source: name of what is shown while all is well.
        relay: returns how the connection's TURN server is.
        cut: what to say while the browser has no connection.
        chart_seconds: seconds between two updates of the timeline; 0 for each time.
    """
    phase = observe()
    with st.container(key=_CUT):
        st.badge("Not connected", icon=":material/cloud_off:", color="orange")
        st.caption(cut)
    with st.container(key=_NOW):
        _status(session, phase, source)
        show_trouble(phase, relay)
        _errors(session)
        if phase in (Phase.CONNECTING, Phase.LOADING):
            st.skeleton(height=220)
        if phase is Phase.LIVE:
            _in_view(session)
    if phase is not Phase.LIVE:
        return
    show_rolling_timeline(session.record, chart_seconds)
    with st.expander("Speed", icon=":material/speed:"):
        _metrics(speed := session.record.speed())
        _stages(speed)


def _metrics(speed: Speed) -> None:
    total = speed.stages.get("all")
    with st.container(horizontal=True, gap="small"):
        st.metric(
            "Analysed",
            f"{speed.analysed:.1f}/s",
            delta=f"{speed.received:.1f}/s received, {speed.shown:.1f}/s shown",
            delta_color="off",
            delta_arrow="off",
            border=True,
            width="stretch",
            help="A busy machine analyses fewer frames than it receives, always the newest one. "
            "The video goes on, and boxes move on with the people.",
        )
        st.metric(
            "A frame takes",
            f"{total.median:.0f} ms" if total else "–",
            delta=f"95% within {total.p95:.0f} ms" if total else "no frame yet",
            delta_color="off",
            delta_arrow="off",
            border=True,
            width="stretch",
            help="Analysis and drawing, without the way over the network: median of the last ten "
            "seconds.",
        )


def _stages(speed: Speed) -> None:
    lines = ["| Milliseconds | median | 95% |", "| :-- | --: | --: |"]
    lines += [
        f"| {_STAGES.get(name, name)} | {stage.median:.1f} | {stage.p95:.1f} |"
        for name, stage in speed.stages.items()
    ]
    if speed.stages:
        st.markdown("\n".join(lines), width="content")


def _status(session: LiveSession, phase: Phase, source: str) -> None:
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


def _errors(session: LiveSession) -> None:
    if session.refused:
        st.warning(
            "**All places are taken**, so the video is not analysed. That starts by itself as soon "
            "as a place is free.",
            icon=":material/hourglass_top:",
        )
    sentence = text.error_sentence(session.record.errors)
    if sentence:
        st.warning(sentence, icon=":material/error:")


def _in_view(session: LiveSession) -> None:
    latest = session.record.latest()
    faces, labels = latest.faces, latest.faces.labels
    with st.container(border=True, gap="xxsmall"):
        if latest.camera_off:
            _nothing_to_see(
                ":material/videocam_off: **The camera is off**",
                "It sends a black picture, which is not analysed. Switch it on, or open its "
                "shutter: the session goes on by itself.",
            )
            return
        if not latest.fresh:
            _nothing_to_see(
                ":material/hourglass_top: **No result at the moment**",
                "The analysis is busy. The video goes on, and the analysis catches up.",
            )
            return
        if not len(faces):
            _nothing_to_see(
                ":material/face_retouching_off: **No face in view**",
                "Good light, a frontal view and a short distance help.",
            )
            return
        mix = text.mean_mix(faces)
        mean = "" if len(faces) == 1 else ", mean of their expressions"
        st.markdown(f":material/face: **{counted(len(faces), 'face')} in view**{mean}")
        st.html(mix_strip(mix, labels, text.describe_now(mix, labels)))
        order = (-mix).argsort(kind="stable")
        shares = {labels[i]: chance(mix[i]) for i in order}
        st.markdown(legend(list(shares), shares))
        flawed = text.describe_flaws(faces)
        if flawed:
            st.caption(f":material/lightbulb: {flawed}")


def _nothing_to_see(what: str, help_text: str) -> None:
    st.markdown(what)
    st.caption(help_text)
    # In the places of expressions and advice. A browser that gets the next second before this one
    # is done, as from a busy server, would go on showing what was there.
    st.empty()
    st.empty()
