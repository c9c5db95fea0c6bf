"""The timeline of a stream or recording, with what its marks mean."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app.common.legend import legend
from app.common.text import counted
from app.live import text
from app.live.charts.drawing import CAMERA_OFF, NO_DATA, timeline_html
from app.live.charts.timeline import MAX_BARS, MAX_PEOPLE, Timeline, timeline
from fer.export.stream import HOLE_SECONDS, StreamRows
from fer.types import UNCERTAIN

#: Maximum number of bars of a running stream's timeline, which is drawn again and again.
ROLLING_BARS = 90

#: In the legend: the background of a person's row, and what stands where nothing was analysed.
_NOT_IN_VIEW = ':color[■]{foreground="#85858D55"}\u00a0not in view'
_NO_DATA_MARK = f"▩\u00a0{NO_DATA}"
_CAMERA_OFF_MARK = f"▤\u00a0{CAMERA_OFF}"

#: The line at a cut.
_CUT_MARK = "┆\u00a0another scene"


def show_timeline(
    rows: StreamRows,
    start: float,
    end: float,
    until: float,
    key: str,
    *,
    empty: str = "No face in this time.",
    cuts: Sequence[float] = (),
    hole_seconds: float = HOLE_SECONDS,
    max_bars: int = MAX_BARS,
) -> Timeline | None:
    """Show a timeline, of which the time up to `until` has passed.

    Args:
        rows: rows of a session or recording, with the heads that occur in them.
        start: first second.
        end: last second.
        until: second up to which frames may have come.
        key: of the container that has nothing but the chart, without the ``_chart`` at its end.
        empty: what is said where nobody was seen.
        cuts: seconds at which another scene begins.
        hole_seconds: longest time for which a frame stands; see `fer.export.stream`.
        max_bars: maximum number of bars of a person.

    Returns:
        What the chart shows; None where nobody was seen.
    """
    line = timeline(rows, start, end, until, hole_seconds=hole_seconds, max_bars=max_bars)
    labels = rows.labels
    cuts = [cut for cut in cuts if line.start < cut < line.end]
    st.markdown("##### Timeline", anchors=False)
    if not line.people:
        st.caption(f"{empty} {text.off_sentence(line)}")
        return None
    alt = text.describe_timeline(line, labels, cuts)
    with st.container(key=f"{key}_chart"):
        st.html(timeline_html(line, labels, alt, cuts))
    _explain(line, labels, cuts)
    return line


def _explain(line: Timeline, labels: Sequence[str], cuts: Sequence[float]) -> None:
    """Say what the marks mean, and who is not drawn."""
    seen = {int(i) for person in line.people for i in person.expression}
    unsure = any(person.uncertain.any() for person in line.people)
    marks = [legend([labels[i] for i in sorted(seen)] + [UNCERTAIN] * unsure), _NOT_IN_VIEW]
    marks += [_NO_DATA_MARK] * bool(line.holes) + [_CAMERA_OFF_MARK] * bool(line.camera_off)
    marks += [_CUT_MARK] * bool(cuts)
    st.markdown("\u2002 ".join(marks))
    more = len(line.people) - MAX_PEOPLE
    hidden = f" Not drawn: {counted(more, 'person')} seen more briefly." if more > 0 else ""
    st.caption(
        f"Higher is more confident, hatched is uncertain. Each bar covers {line.width:g} s.{hidden}"
    )
