"""The Plotly figure of a timeline. Does not use Streamlit; its alt text is in `app.live.text`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from app.common.charts import STATIC, after_pandas
from app.live.charts.people_marks import NAME_GAP, person_mark, person_name
from app.live.charts.timeline import HeadChange, PersonLine, Timeline
from fer.export.stream import Span
from fer.labels import colour_of
from fer.text import chance, clock

#: Height in pixels of one person's row, and of the axis below.
ROW_HEIGHT = 58
_AXIS_HEIGHT = 34

#: Height of a bar of confidence 1, as a share of its row.
FULL = 0.86

#: Background of a person's whole row; visible on both themes.
ROW_BACKGROUND = "rgba(128, 128, 136, 0.13)"

#: Where nothing was analysed: crosses on no background, on both themes.
_NO_DATA: dict[str, Any] = {
    "color": "rgba(0, 0, 0, 0)",
    "pattern": {"shape": "x", "size": 7, "solidity": 0.12, "fgcolor": "#85858D"},
    "line": {"width": 0},
}
NO_DATA = "no data"

#: Where the camera was switched off: lines across on no background.
_CAMERA_OFF: dict[str, Any] = {
    "color": "rgba(0, 0, 0, 0)",
    "pattern": {"shape": "-", "size": 7, "solidity": 0.25, "fgcolor": "#85858D"},
    "line": {"width": 0},
}
CAMERA_OFF = "camera off"

#: Pixels above the rows for the name of a head.
_CHANGE_HEIGHT = 20

#: Possible distances of ticks in seconds, and the number of tick labels that fit on a phone.
_STEPS = (5, 10, 15, 30, 60, 120, 300, 600, 1800)
_MAX_TICKS = 7


@after_pandas
def timeline_figure(
    line: Timeline, labels: Sequence[str], ink: str | None = None, cuts: Sequence[float] = ()
) -> go.Figure:
    """Return a chart with a row per person, with bars as high as the confidence.

    The colour of a bar is that of its expression. Where nothing was analysed, crosses take the
    place of a row's grey background, and where the camera was off, lines across. A dotted vertical
    line marks a change of the head, a dashed one a cut.

    Args:
        line: the aggregated session.
        labels: names of the expressions.
        ink: colour of the text; Streamlit's default if None.
        cuts: seconds at which another scene begins.
    """
    people = line.longest
    bars = [_bars(people, i, labels, line.width) for i in _occurring(people)]
    rows = max(1, len(people))
    if line.holes:
        bars.append(_over_all_rows(NO_DATA, line.holes, rows, _NO_DATA))
    if line.camera_off:
        bars.append(_over_all_rows(CAMERA_OFF, line.camera_off, rows, _CAMERA_OFF))
    top = _CHANGE_HEIGHT if line.changes else 2
    layout = STATIC | {
        "barmode": "overlay",
        "bargap": 0,
        "height": ROW_HEIGHT * rows + _AXIS_HEIGHT + top,
        "margin": {"l": 0, "r": 8, "t": top, "b": 0},
        "hovermode": "closest",
        "shapes": _backgrounds(line, len(people))
        + [person_mark(p.track, row + 1 - FULL, row + 1) for row, p in enumerate(people)]
        + [_vertical_line(change.seconds, "dot") for change in line.changes]
        + [_vertical_line(seconds, "dash") for seconds in cuts],
        "annotations": [_change_name(change, line, ink) for change in line.changes],
        "xaxis": time_axis(line.start, line.end, ink),
        "yaxis": _people_axis(people, ink),
    }
    return go.Figure(bars, layout)


def _people_axis(people: Sequence[PersonLine], ink: str | None) -> dict[str, Any]:
    """Return the vertical axis: a row per person, the first on top."""
    return {
        "range": (max(1, len(people)), 0),
        "tickvals": [row + 0.55 for row in range(len(people))],
        "ticktext": [person_name(person.track) for person in people],
        "tickfont": {"size": 13, "color": ink},
        "ticklabelstandoff": NAME_GAP,
        "fixedrange": True,
        "showgrid": False,
        "zeroline": False,
        "automargin": True,
    }


def _occurring(people: Sequence[PersonLine]) -> list[int]:
    """Return the indices of all labels that occur."""
    return sorted({int(i) for person in people for i in np.unique(person.expression)})


def _bars(
    people: Sequence[PersonLine], label: int, labels: Sequence[str], width: float
) -> dict[str, Any]:
    """Return the bars of one expression for all people."""
    x: list[float] = []
    height: list[float] = []
    base: list[float] = []
    patterns: list[str] = []
    hover_texts: list[list[str]] = []
    for row, person in enumerate(people):
        chosen = person.expression == label
        for seconds, confidence, uncertain in zip(
            person.seconds[chosen], person.confidence[chosen], person.uncertain[chosen], strict=True
        ):
            x.append(round(float(seconds), 2))
            height.append(-round(FULL * float(confidence), 3))
            base.append(row + 1)
            patterns.append("/" if uncertain else "")
            share = f"{chance(confidence)}{', uncertain' if uncertain else ''}"
            hover_texts.append([f"Person {person.track}", clock(seconds), share])
    return {
        "type": "bar",
        "x": x,
        "y": height,
        "base": base,
        "width": width,
        "name": labels[label],
        "customdata": hover_texts,
        "marker": {
            "color": colour_of(labels[label]),
            "pattern": {"shape": patterns, "fillmode": "replace", "size": 6, "solidity": 0.3},
            "line": {"width": 0},
        },
        "hovertemplate": "%{customdata[0]}, %{customdata[1]}<br>"
        f"<b>{labels[label]}</b> %{{customdata[2]}}<extra></extra>",
    }


def _over_all_rows(
    name: str, spans: list[Span], rows: int, marker: dict[str, Any]
) -> dict[str, Any]:
    """Return a bar over all rows for each span."""
    return {
        "type": "bar",
        "x": [(first + last) / 2 for first, last in spans],
        "width": [last - first for first, last in spans],
        "y": [-float(rows)] * len(spans),
        "base": [float(rows)] * len(spans),
        "name": name,
        "marker": marker,
        "customdata": [[clock(first), clock(last)] for first, last in spans],
        "hovertemplate": f"<b>{name}</b>, %{{customdata[0]}} to %{{customdata[1]}}<extra></extra>",
    }


def _backgrounds(line: Timeline, rows: int) -> list[dict[str, object]]:
    """Return each row's background, which shows where a person was not in view."""
    return [
        {
            "type": "rect",
            "layer": "below",
            "x0": start,
            "x1": end,
            "y0": row + 1,
            "y1": row + 1 - FULL,
            "fillcolor": ROW_BACKGROUND,
            "line": {"width": 0},
        }
        for row in range(rows)
        for start, end in line.known
    ]


def _vertical_line(seconds: float, dash: str) -> dict[str, object]:
    return {
        "type": "line",
        "yref": "paper",
        "x0": seconds,
        "x1": seconds,
        "y0": 0,
        "y1": 1,
        "line": {"width": 1.5, "color": "#85858D", "dash": dash},
    }


def _change_name(change: HeadChange, line: Timeline, ink: str | None) -> dict[str, object]:
    late = change.seconds > (line.start + line.end) / 2
    return {
        "x": change.seconds,
        "y": 1,
        "yref": "paper",
        "yanchor": "bottom",
        "xanchor": "right" if late else "left",
        "showarrow": False,
        "text": change.name,
        "font": {"size": 12, "color": ink},
    }


def time_axis(start: float, end: float, ink: str | None) -> dict[str, Any]:
    """Return a horizontal axis that is the time in a session.

    Args:
        start: first second.
        end: last second.
        ink: colour of the text; Streamlit's default if None.
    """
    at = ticks(start, end)
    return {
        "range": (start, end),
        "tickvals": at,
        "ticktext": [clock(t) for t in at],
        "tickfont": {"size": 12, "color": ink},
        "fixedrange": True,
        "showgrid": False,
        "zeroline": False,
    }


def ticks(start: float, end: float) -> list[float]:
    """Return round seconds from a start to an end, as many as fit on a phone with their names."""
    span = end - start
    step = next((s for s in _STEPS if span / s <= _MAX_TICKS), _STEPS[-1])
    return [float(t) for t in np.arange(np.ceil(start / step) * step, end + 1e-9, step)]
