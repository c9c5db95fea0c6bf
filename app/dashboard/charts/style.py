"""Style that the charts of a report share. Does not use Streamlit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

#: Colours for everything that is not an expression; readable on light and dark backgrounds.
ACCENT = "#6D6FC4"
MUTED = "#8F8B84"


def apply_chart_style(figure: go.Figure, *, height: int) -> None:
    """Set height, margins and axes as in all charts, without zoom and legend."""
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 12, "t": 16, "b": 8},
        showlegend=False,
        dragmode=False,
        hovermode="closest",
    )
    figure.update_xaxes(fixedrange=True, automargin=True, zeroline=False)
    figure.update_yaxes(fixedrange=True, automargin=True, zeroline=False)


def harmless(figure: go.Figure) -> go.Figure:
    """Return a figure in which no text from a report is HTML, of which Plotly draws some."""
    return go.Figure(_harmless(figure.to_plotly_json()))


def _harmless(value: Any) -> Any:
    match value:
        case str():
            return _TAG.sub("&lt;", value)
        case dict():
            return {key: _harmless(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_harmless(inner) for inner in value]
    return value


#: The beginning of any tag but those that charts have of their own.
_TAG = re.compile(r"<(?!/?(?:b|br|extra)>)")


def on_one_scale(figures: Sequence[go.Figure]) -> None:
    """Give charts of the same kind one height and the same axes, so that they can be compared."""
    height = max((figure.layout.height for figure in figures), default=0)
    for figure in figures:
        figure.update_layout(height=height)
    if any(trace.type == "heatmap" for figure in figures for trace in figure.data):
        return  # whose texts stand at places of its own classes
    for name in ("xaxis", "yaxis", "xaxis2", "yaxis2"):
        axes = [figure.layout[name] for figure in figures if name in figure.layout]
        values = [value for figure in figures for value in _along(figure, name)]
        given = [tuple(axis.range) for axis in axes if axis.range]
        if not axes:
            continue
        if values and all(isinstance(value, str) for value in values):
            names = list(dict.fromkeys(values))
            upwards = (-0.5, len(names) - 0.5)
            falls = any(axis.autorange == "reversed" for axis in axes)
            falls = falls or any(low > high for low, high in given)
            ends = upwards[::-1] if falls else upwards
            for axis in axes:
                axis.update(categoryorder="array", categoryarray=names)
        elif given:
            ends = (min(low for low, _ in given), max(high for _, high in given))
        elif values:
            low, high = min(values), max(values)
            if any(axis.rangemode == "tozero" for axis in axes):
                low = min(low, 0)
            pad = 0.05 * (high - low)
            ends = (low - pad if low else 0, high + pad)
        else:
            continue
        for axis in axes:
            axis.update(range=ends, autorange=False)


def _along(figure: go.Figure, axis: str) -> list[Any]:
    """Return what a figure's traces have along an axis, the ends of error bars included."""
    letter, number = axis[0], axis[5:]
    values: list[Any] = []
    for trace in figure.data:
        if (trace[f"{letter}axis"] or letter) != f"{letter}{number}":
            continue
        own = [value for value in trace[letter] if value is not None]
        values += own
        bars = trace[f"error_{letter}"] if trace.type == "scatter" else None
        if bars and bars.array is not None:
            values += [value + bar for value, bar in zip(own, bars.array, strict=True)]
            values += [value - bar for value, bar in zip(own, bars.arrayminus, strict=True)]
        if trace.type == "bar" and letter == "y" and trace.orientation != "h":
            values.append(0)
    return values


def legend_on_top(figure: go.Figure) -> None:
    """Show the legend in a line above the chart, where it fits on a phone."""
    figure.update_layout(
        showlegend=True,
        legend={"orientation": "h", "x": 0, "y": 1.02, "xanchor": "left", "yanchor": "bottom"},
    )
