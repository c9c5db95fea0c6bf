"""All probabilities of one person over time, and their chart. Does not use Streamlit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from app.common.charts import STATIC, after_pandas
from app.live.charts.timeline_chart import time_axis
from fer.export.stream import HOLE_SECONDS, StreamRows
from fer.labels import colour_of
from fer.text import chance, clock

#: Maximum number of points of a line; more would not be seen, and slow the page down.
MAX_POINTS = 400

_HEIGHT = 190

#: Size in pixels of a point that no line leads to.
_LONE_POINT = 5


@dataclass(frozen=True)
class Curves:
    """A person's mean probabilities over time, in ``m`` points.

    Attributes:
        seconds: ``(m,)`` times, ascending.
        probabilities: ``(m, k)``; NaN for a label that the head of the time lacks. A row that is
            all NaN is a gap: the person was not in view, nothing was analysed, or the head changed.
        labels: names of the ``k`` expressions.
    """

    seconds: NDArray[np.float64]
    probabilities: NDArray[np.float64]
    labels: tuple[str, ...]


def curves(rows: StreamRows, person: int, start: float, end: float) -> Curves:
    """Return a person's probabilities between two times.

    Args:
        rows: rows of a session.
        person: number of the person.
        start: seconds.
        end: seconds.
    """
    rows = rows.take((rows.track == person) & (rows.seconds >= start) & (rows.seconds <= end))
    width = max(1e-3, (end - start) / MAX_POINTS)
    head = rows.array["head"].astype(np.int64)
    # Each point is of one head alone, whatever was changed within its time.
    key = ((rows.seconds - start) / width).astype(np.int64) * len(rows.heads) + head
    _, first, point, count = np.unique(
        key, return_index=True, return_inverse=True, return_counts=True
    )
    seconds = np.bincount(point, weights=rows.seconds) / count if len(rows) else np.zeros(0)
    sums = np.zeros((len(count), len(rows.labels)))
    np.add.at(sums, point, rows.probabilities)
    has = np.array([[label in of.labels for label in rows.labels] for of in rows.heads])
    means = np.where(has[head[first]], sums / count[:, None], np.nan)
    gap = (np.diff(seconds) > max(HOLE_SECONDS, 2 * width)) | (np.diff(head[first]) != 0)
    before = np.flatnonzero(gap) + 1
    return Curves(
        np.insert(seconds, before, (seconds[before - 1] + seconds[before]) / 2),
        np.insert(means, before, np.nan, axis=0),
        rows.labels,
    )


@after_pandas
def curves_figure(curve: Curves, start: float, end: float, ink: str | None = None) -> go.Figure:
    """Return a chart with a line per expression, in its colour. Gaps are not joined.

    Args:
        curve: a person's probabilities.
        start: first second of the axis.
        end: last second of the axis.
        ink: colour of the text; Streamlit's default if None.
    """
    layout = STATIC | {
        "height": _HEIGHT,
        "margin": {"l": 0, "r": 8, "t": 6, "b": 0},
        "hovermode": "closest",
        "xaxis": time_axis(start, end, ink),
        "yaxis": {
            "range": (0, 1.02),
            "tickvals": [0, 0.5, 1],
            "tickformat": ".0%",
            "tickfont": {"size": 12, "color": ink},
            "fixedrange": True,
            "zeroline": False,
        },
    }
    times = np.array([clock(t) for t in curve.seconds.tolist()], dtype=object)
    traces = [trace for i in occurring(curve) for trace in _traces(curve, i, times)]
    return go.Figure(traces, layout)


def occurring(curve: Curves) -> list[int]:
    """Return the indices of all labels that some head of the time has."""
    return np.flatnonzero(~np.isnan(curve.probabilities).all(axis=0)).tolist()


def describe_curves(curve: Curves, name: str) -> str:
    """Return the alternative text of a chart: each expression's mean and its highest point.

    Args:
        curve: a person's probabilities.
        name: name of the person.
    """
    shown = occurring(curve)
    if not shown:
        return f"Probabilities of {name} over time: not in view."
    means = np.nanmean(curve.probabilities[:, shown], axis=0)
    parts = []
    for i in (-means).argsort(kind="stable").tolist():
        line = curve.probabilities[:, shown[i]]
        top = int(np.nanargmax(line))
        peak = f"{chance(float(line[top]))} at {clock(curve.seconds[top])}"
        parts.append(
            f"{curve.labels[shown[i]]} {chance(float(means[i]))} on average, at most {peak}"
        )
    return f"Probabilities of {name} over time: {'; '.join(parts)}."


def _traces(curve: Curves, index: int, times: NDArray[np.object_]) -> list[dict[str, Any]]:
    """Return the line of a label, and, if there are any, the points that no line leads to."""
    label, shares = curve.labels[index], curve.probabilities[:, index]
    gap = np.isnan(np.concatenate([[np.nan], shares, [np.nan]]))
    lone = gap[:-2] & gap[2:] & ~gap[1:-1]
    # Arrays, because Plotly looks at every item of a list. NaN is a gap.
    values = {
        "x": curve.seconds.astype(np.float32),
        "y": shares.astype(np.float32),
        "customdata": times,
    }
    line = values | {
        "type": "scatter",
        "name": label,
        "mode": "lines",
        "line": {"color": colour_of(label), "width": 2},
        "hovertemplate": f"<b>{label}</b> %{{y:.0%}}, %{{customdata}}<extra></extra>",
    }
    if not lone.any():
        return [line]
    # A browser draws every point of a trace with markers, also those of no size: thousands.
    points = {name: value[lone] for name, value in values.items()}
    marker = {"size": _LONE_POINT, "color": colour_of(label)}
    return [line, line | points | {"mode": "markers", "marker": marker}]
