"""Style that the charts of a report share. Does not use Streamlit."""

from __future__ import annotations

import re
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


def legend_on_top(figure: go.Figure) -> None:
    """Show the legend in a line above the chart, where it fits on a phone."""
    figure.update_layout(
        showlegend=True,
        legend={"orientation": "h", "x": 0, "y": 1.02, "xanchor": "left", "yanchor": "bottom"},
    )
